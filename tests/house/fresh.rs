//! Generated files of the tree: a stale one fails the test that has just rewritten it.

use std::path::Path;

/// Compares generated files with the tree's and rewrites those that differ, so that a second run passes.
pub fn fresh(files: &[(&str, String)]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let stale = |(file, wanted): &&(&str, String)| std::fs::read_to_string(root.join(file)).ok().as_ref() != Some(wanted);
    let rewritten: Vec<&str> = files
        .iter()
        .filter(stale)
        .map(|(name, wanted)| {
            let file = root.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).and_then(|()| std::fs::write(&file, wanted)).unwrap();
            *name
        })
        .collect();
    assert!(rewritten.is_empty(), "stale, and rewritten now; look at it and keep it: {}", rewritten.join(", "));
}
