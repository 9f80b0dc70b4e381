//! Where reports go: standard output and files, all of them checked before the first packet.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::Telling;
use crate::complaint::{Complaint, did_you_mean};
use crate::record::save;
use crate::report::Format;

/// One report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// In which format.
    pub format: Format,
    /// To which file; `None` for standard output.
    pub file: Option<PathBuf>,
}

/// Every report that was asked for; `taken` are files that other flags write or read.
///
/// # Errors
/// An unknown format, a file that cannot be written, or one file for two purposes. Nothing has been written then.
pub fn sinks(telling: &Telling, taken: &[(&str, &Path)]) -> Result<Vec<Sink>, Complaint> {
    let mut files: Vec<(&str, PathBuf)> = taken.iter().map(|(flag, path)| (*flag, path.to_path_buf())).collect();
    let mut all = vec![Sink { format: telling.format, file: telling.output.clone() }];
    files.extend(telling.output.iter().map(|file| ("--output", file.clone())));
    for typed in &telling.also {
        let sink = also(typed)?;
        files.extend(sink.file.iter().map(|file| ("--also", file.clone())));
        all.push(sink);
    }
    for (i, (flag, file)) in files.iter().enumerate() {
        if files[..i].iter().any(|(_, other)| other == file) {
            let shown = file.display().to_string();
            return Err(Complaint::new("one file is named twice").flag(flag, &shown, "this file is already taken"));
        }
    }
    for (flag, file) in files.iter().filter(|(flag, _)| *flag != RECORDING) {
        writable(flag, file)?;
    }
    Ok(all)
}

/// What stands for a recording's name among taken files: it is read, not written.
pub const RECORDING: &str = "RECORDING";

fn also(typed: &str) -> Result<Sink, Complaint> {
    let Some((word, file)) = typed.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err(Complaint::new("--also names no file").flag("--also", typed, "as in json=report.json"));
    };
    let format = word.parse().map_err(|_| {
        let known = Format::ALL.iter().map(|l| l.name);
        let complaint = Complaint::new(format!("`{word}` is no format"));
        let text = format!("--also {typed}");
        let complaint = complaint.at("command line", text, 7..7 + word.len(), "no such format");
        match did_you_mean(word, known.clone()) {
            Some(near) => complaint.help(format!("did you mean `{near}`?")),
            None => complaint.help(format!("the formats are {}", known.collect::<Vec<_>>().join(", "))),
        }
    })?;
    Ok(Sink { format, file: Some(file.into()) })
}

/// Whether a file can be written, found out without changing one that is there and without leaving one that is not.
fn writable(flag: &str, file: &Path) -> Result<(), Complaint> {
    let complain = |e: io::Error| {
        Complaint::new(format!("cannot write {}: {}", file.display(), words(&e)))
            .flag(flag, &file.display().to_string(), "this file cannot be written")
            .help("name a file in a directory you may write to")
    };
    match std::fs::metadata(file) {
        // Opening a pipe would wait for its reader.
        Ok(meta) if !meta.is_file() && !meta.is_dir() => return Ok(()),
        _ => {}
    }
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(_) => std::fs::remove_file(file).map_err(complain),
        Err(e) if e.kind() == ErrorKind::AlreadyExists => OpenOptions::new().write(true).open(file).map(drop).map_err(complain),
        Err(e) => Err(complain(e)),
    }
}

/// The system's words without the number behind them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Why a text did not get to where it should.
#[derive(Debug)]
pub enum Unwritten {
    /// The reader of standard output went away: none of our business, and a quiet success.
    NobodyReads,
    /// The system refused, in a sentence.
    Refused(String),
}

/// Writes a text to standard output.
///
/// # Errors
/// The reader went away, or the system refused.
pub fn print(text: &str) -> Result<(), Unwritten> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Unwritten::NobodyReads,
        _ => Unwritten::Refused(format!("cannot write to standard output: {}.", words(&e))),
    })
}

/// Writes a text to a file, whole or not at all.
///
/// # Errors
/// The system refused, although it did not when the file was checked.
pub fn store(file: &Path, text: &str) -> Result<(), Unwritten> {
    save::save(file, text).map_err(|complaint| Unwritten::Refused(complaint.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_and_a_file_are_told_apart() {
        assert_eq!(also("json=a=b").unwrap(), Sink { format: Format::Json, file: Some("a=b".into()) });
        for (typed, part) in [("json", "names no file"), ("json=", "names no file"), ("jsn=x", "did you mean `json`?")] {
            assert!(also(typed).unwrap_err().to_string().contains(part), "{typed}");
        }
    }

    #[test]
    fn checking_a_file_leaves_nothing_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (new, old) = (dir.path().join("new"), dir.path().join("old"));
        std::fs::write(&old, "kept").unwrap();
        assert!(writable("--output", &new).is_ok() && !new.exists());
        assert!(writable("--output", &old).is_ok() && std::fs::read_to_string(&old).unwrap() == "kept");
        assert!(writable("--output", &dir.path().join("no/such")).is_err() && writable("--output", dir.path()).is_err());
    }
}
