//! Files of the shelf and of the reference world.

use std::sync::LazyLock;

use clawprobe::reference::fault;
use clawprobe::shelf::{Shelf, lint, matrix_file, overlay, probe_file};

use super::sound;

/// The built-in shelf: loading it takes longer than everything else here.
pub static SHELF: LazyLock<Shelf> = LazyLock::new(|| Shelf::builtin().expect("the built-in shelf"));

/// A symptom file of a site's own, with its evidence.
pub fn symptom(data: &[u8]) {
    shelf("own.md", data);
}

/// An overlay; the same text is also read as a matrix and as a probe.
pub fn overlay(data: &[u8]) {
    shelf("own.toml", data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(complaint) = matrix_file::read("own.toml", text, &SHELF) {
        sound(&complaint);
    }
    match probe_file::read("own.toml", text) {
        Ok(draft) => {
            let _ = probe_file::needs(&SHELF, &draft).map_err(|complaint| sound(&complaint));
        }
        Err(complaint) => drop(sound(&complaint)),
    }
}

/// Lays a file over the built-in shelf; the rows of its own are put to their own evidence.
fn shelf(name: &str, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut shelf = SHELF.clone();
    if let Err(complaint) = overlay::apply(&mut shelf, name, text) {
        sound(&complaint);
        return;
    }
    assert_eq!(shelf.origins.len(), SHELF.origins.len() + 1, "who changed the shelf is not told");
    for row in shelf.symptoms.iter().filter(|row| row.origin == name) {
        match lint::evidence(row, name, text) {
            Ok(fences) => lint::survivors(row, &fences, name, text).iter().for_each(|complaint| drop(sound(complaint))),
            Err(complaints) => {
                assert!(!complaints.is_empty());
                complaints.iter().for_each(|complaint| drop(sound(complaint)));
            }
        }
    }
}

/// A fault file, and the world it makes.
pub fn fault(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match fault::read("own.toml", text).and_then(|fault| fault.world()) {
        Ok(world) => assert!(world.table.contains_key("gateway"), "the built-in world is no longer there"),
        Err(complaint) => drop(sound(&complaint)),
    }
}
