//! Overlay files: those a flag names, and those found where a site keeps them.

use std::path::{Path, PathBuf};

use super::Flags;
use super::env::Env;
use super::files;
use crate::complaint::Complaint;

/// Where overlays are looked for, weakest first: the system, the user, the working tree.
pub fn directories(env: &Env) -> Vec<PathBuf> {
    let user = env.get("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(env.home()?.join(".config")));
    let user = user.map(|dir| dir.join("clawprobe"));
    [Some(PathBuf::from("/etc/clawprobe")), user, Some(PathBuf::from(".clawprobe"))].into_iter().flatten().collect()
}

/// Reads them as (file name, text), weakest first: within a directory by name, then `--overlay` as typed. `--no-overlay` leaves
/// out those found by search.
///
/// # Errors
/// A complaint about a file that cannot be read: leaving it out would silently change the verdict.
pub fn read(flags: &Flags, directories: &[PathBuf]) -> Result<Vec<(String, String)>, Complaint> {
    let mut all = Vec::new();
    for path in directories.iter().filter(|_| !flags.no_overlay).flat_map(|dir| inside(dir)) {
        let name = path.display().to_string();
        let text = files::text(&path).map_err(|why| {
            Complaint::new(format!("the overlay {name} {}", why.words())).help("repair it, or pass --no-overlay")
        })?;
        all.push((name, text));
    }
    for path in &flags.overlay {
        all.push((path.display().to_string(), files::named("--overlay", path)?));
    }
    Ok(all)
}

/// The overlay files of a directory, by name.
fn inside(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|e| e.path());
    let mut files: Vec<_> = entries.filter(|p| p.extension().is_some_and(|e| e == "toml" || e == "md")).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_ones_come_first_and_can_be_left_out() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.toml", "a.md", "run.jsonl"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let named = dir.path().join("run.jsonl");
        let mut flags = Flags { overlay: vec![named], ..Flags::default() };
        let texts = |flags: &Flags| -> Vec<String> {
            read(flags, &[dir.path().join("gone"), dir.path().to_owned()]).unwrap().into_iter().map(|(_, t)| t).collect()
        };
        assert_eq!(texts(&flags), ["a.md", "b.toml", "run.jsonl"]);
        flags.no_overlay = true;
        assert_eq!(texts(&flags), ["run.jsonl"]);
        std::fs::write(dir.path().join("c.toml"), "").unwrap();
        assert!(read(&Flags::default(), &[dir.path().to_owned()]).unwrap_err().title.ends_with("is empty"));
    }
}
