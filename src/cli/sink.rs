//! Where reports go: standard output and files, all of them checked before the first packet.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::Telling;
use crate::complaint::{Complaint, among};
use crate::record::save;
use crate::regular;
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
    let mut files: Vec<Typed> = taken.iter().map(|(flag, path)| Typed::new(flag, path)).collect();
    let mut all = vec![Sink { format: telling.format, file: telling.output.clone() }];
    files.extend(telling.output.iter().map(|file| Typed::new("--output", file)));
    for typed in &telling.also {
        let sink = also(typed)?;
        files.extend(sink.file.iter().map(|file| Typed { lead: format!("--also {}=", sink.format), file: file.clone() }));
        all.push(sink);
    }
    for (i, typed) in files.iter().enumerate() {
        if files[..i].iter().any(|other| other.file == typed.file) {
            return Err(typed.complain("one file is named twice", "this file is already taken"));
        }
    }
    files.iter().filter(|typed| !typed.is_read()).try_for_each(writable)?;
    Ok(all)
}

/// What stands for a recording's name among taken files: it is read, not written.
pub const RECORDING: &str = "RECORDING";

/// A file as it was typed.
struct Typed {
    /// What stands before it: `--output `, `--also json=`.
    lead: String,
    file: PathBuf,
}

impl Typed {
    fn new(flag: &str, file: &Path) -> Self {
        Self { lead: format!("{flag} "), file: file.to_owned() }
    }

    fn is_read(&self) -> bool {
        self.lead.trim_end() == RECORDING
    }

    fn complain(&self, title: impl Into<String>, label: &str) -> Complaint {
        let text = format!("{}{}", self.lead, self.file.display());
        let span = self.lead.len()..text.len();
        Complaint::new(title).at("command line", text, span, label)
    }
}

fn also(typed: &str) -> Result<Sink, Complaint> {
    let Some((word, file)) = typed.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err(Complaint::new("--also names no file").flag("--also", typed, "as in json=report.json"));
    };
    let format = word.parse().map_err(|_| {
        let known = Format::ALL.iter().map(|l| l.name);
        let complaint = Complaint::new(format!("`{word}` is no format"));
        let text = format!("--also {typed}");
        let complaint = complaint.at("command line", text, 7..7 + word.len(), "no such format");
        complaint.help(among(word, known, "the formats are"))
    })?;
    Ok(Sink { format, file: Some(file.into()) })
}

/// Whether a file can be written, found out without changing one that is there and without leaving one that is not.
fn writable(typed: &Typed) -> Result<(), Complaint> {
    let file = &typed.file;
    if file == Path::new("-") {
        let complaint = typed.complain("`-` is standard output, which --format already has", "no file");
        return Err(complaint.help("name a file; --format says what standard output gets"));
    }
    let complain = |e: io::Error| {
        typed
            .complain(format!("cannot write {}: {}", file.display(), regular::words(&e)), "this file cannot be written")
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

/// Why a text did not get to where it should.
#[derive(Debug)]
pub enum Unwritten {
    /// The reader of standard output went away: none of our business, and a quiet success.
    NobodyReads,
    /// The system refused: a full disk, a closed descriptor.
    Refused(Box<Complaint>),
}

/// Writes a text to standard output.
///
/// # Errors
/// The reader went away, or the system refused.
pub fn print(text: &str) -> Result<(), Unwritten> {
    write(text).map_err(|e| match e.kind() {
        ErrorKind::BrokenPipe => Unwritten::NobodyReads,
        _ => Unwritten::Refused(Box::new(
            Complaint::new(format!("cannot write to standard output: {}", regular::words(&e)))
                .help("make room where it leads, or name a file with --output"),
        )),
    })
}

/// The same for a command that has more to say by its exit status: that status stands, whether or not somebody reads on.
///
/// # Errors
/// The system refused.
pub fn offer(text: &str) -> Result<(), Unwritten> {
    match print(text) {
        Err(Unwritten::NobodyReads) => Ok(()),
        told => told,
    }
}

/// To the descriptor itself: the library's own standard output counts one that cannot be written among those nobody minds.
#[cfg(unix)]
fn write(text: &str) -> io::Result<()> {
    use std::os::fd::AsFd;
    std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush())
}

/// Writes a text to a file, whole or not at all.
///
/// # Errors
/// The system refused, although it did not when the file was checked.
pub fn store(file: &Path, text: &str) -> Result<(), Unwritten> {
    save::save(file, text).map_err(|complaint| Unwritten::Refused(Box::new(complaint)))
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
        let writable = |file: &Path| writable(&Typed::new("--output", file));
        assert!(writable(&new).is_ok() && !new.exists());
        assert!(writable(&old).is_ok() && std::fs::read_to_string(&old).unwrap() == "kept");
        assert!(writable(&dir.path().join("no/such")).is_err() && writable(dir.path()).is_err());
    }
}
