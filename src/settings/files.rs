//! Reading files: what can be wrong with one, and the complaint when the user named it.

use std::io::{self, Read};
use std::path::Path;

use super::given::Given;
use crate::complaint::Complaint;
use crate::regular;

/// No file we read is larger: a configuration has some kilobytes, a bundle of roots some hundred.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// There is none.
    Missing,
    /// It is there, but cannot be read: the system's words.
    Unreadable(String),
    /// It has no content.
    Empty,
    /// It is not text.
    Binary,
}

impl Unusable {
    /// The rest of the sentence "the file named by --x …".
    pub fn words(&self) -> String {
        match self {
            Self::Missing => "does not exist".into(),
            Self::Unreadable(why) => format!("cannot be read: {why}"),
            Self::Empty => "is empty".into(),
            Self::Binary => "is not text".into(),
        }
    }
}

/// Reads a text file.
///
/// # Errors
/// Why it cannot be used.
pub fn text(path: &Path) -> Result<String, Unusable> {
    text_of(regular::open(path).map_err(unreadable)?)
}

/// Reads text to its end.
///
/// # Errors
/// Why it cannot be used.
pub fn text_of(source: impl Read) -> Result<String, Unusable> {
    let bytes = regular::limited(source, LARGEST).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| Unusable::Binary)?;
    match text.strip_prefix('\u{feff}').unwrap_or(&text) {
        t if t.contains('\0') => Err(Unusable::Binary),
        t if t.trim().is_empty() => Err(Unusable::Empty),
        t => Ok(t.to_owned()),
    }
}

fn unreadable(why: io::Error) -> Unusable {
    match why.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unusable::Missing,
        _ => Unusable::Unreadable(regular::words(&why).to_lowercase()),
    }
}

/// Reads a text file that a flag names.
///
/// # Errors
/// A complaint that underlines the file's name.
pub fn named(flag: &str, path: &Path) -> Result<String, Complaint> {
    text(path).map_err(|why| complaint(flag, path, &why))
}

/// The complaint about a file that a flag names.
pub fn complaint(flag: &str, path: &Path, why: &Unusable) -> Complaint {
    let label = match why {
        Unusable::Missing => "no such file",
        Unusable::Unreadable(_) => "unreadable",
        Unusable::Empty => "empty",
        Unusable::Binary => "not text",
    };
    let shown = path.display().to_string();
    Given::flag(flag, &shown).wrong_all(format!("the file named by {flag} {}", why.words()), label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_wrong_with_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let write = |bytes: &[u8]| {
            let path = dir.path().join("f");
            std::fs::write(&path, bytes).unwrap();
            text(&path)
        };
        assert_eq!(write(b" \n"), Err(Unusable::Empty));
        assert_eq!(write(b"\xff\xfe"), Err(Unusable::Binary));
        assert_eq!(write(b"a\0b"), Err(Unusable::Binary));
        assert_eq!(write(b"\xef\xbb\xbfabc"), Ok("abc".into()));
        assert_eq!(text(&dir.path().join("g")), Err(Unusable::Missing));
        assert_eq!(text(&dir.path().join("f/g")), Err(Unusable::Missing));
        assert_eq!(text(dir.path()), Err(Unusable::Unreadable("it is a directory".into())));
        assert!(matches!(text_of(io::repeat(b'x')), Err(Unusable::Unreadable(_))));
        assert!(named("--ca", dir.path()).unwrap_err().to_string().contains("^^^"));
    }
}
