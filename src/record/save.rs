//! Writes a file whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::complaint::Complaint;
use crate::regular;

/// Writes a text to a file: first beside it, then into its place, so that nobody ever sees half of it. What is no regular file
/// (a pipe, a device) is written to directly.
///
/// # Errors
/// A directory in the file's place, a folder that does not exist, and whatever else the system refuses.
pub fn save(path: &Path, text: &str) -> Result<(), Complaint> {
    check(path)?;
    put(path, text).map_err(|error| refused(path, &format!("cannot write {}: {}", path.display(), regular::words(&error))))
}

/// Says in advance whether a file could be written, so that a run of a minute does not end in a complaint.
///
/// # Errors
/// As [`save`], as far as can be told without writing.
pub fn check(path: &Path) -> Result<(), Complaint> {
    if path.is_dir() {
        return Err(refused(path, "cannot write the file: it is a directory").help("name a file"));
    }
    match folder(path) {
        folder if folder.is_dir() => Ok(()),
        _ => Err(refused(path, "cannot write the file: its folder does not exist").help("make the folder first")),
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn put(path: &Path, text: &str) -> io::Result<()> {
    // A link is followed, so that the file it points to is replaced and not the link.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return fs::OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder(path).join(format!(".{name}.{}.part", std::process::id()));
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even have come into being; the error that counts is the first one.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn refused(path: &Path, title: &str) -> Complaint {
    let text = path.display().to_string();
    let end = text.len();
    Complaint::new(title).at("command line", text, 0..end, "this file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.jsonl");
        save(&file, "old").unwrap();
        save(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let complaint = save(folder.path(), "x").unwrap_err().to_string();
        assert!(complaint.contains("it is a directory") && complaint.contains('^'), "{complaint}");
        let complaint = save(&folder.path().join("no/run.jsonl"), "x").unwrap_err().to_string();
        assert!(complaint.contains("its folder does not exist"), "{complaint}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_and_a_device_stays_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("run.jsonl"), folder.path().join("latest"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        save(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        save(Path::new("/dev/null"), "x").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
