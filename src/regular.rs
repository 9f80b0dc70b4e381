//! Reading a file that somebody named: never one that makes us wait, never more than fits.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Where a process finds what it was handed over, `/dev/fd/63` or `/dev/stdin`: bash(1), process substitution.
const HANDED_OVER: &[&str] = &["/dev", "/proc"];

/// Opens a regular file, or what a shell hands over in the place of one.
///
/// # Errors
/// What the system says, or that it is a directory or something else that is not to be read.
pub fn open(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    // Opening a pipe waits for whoever writes, perhaps for ever. What a shell hands over, `<(command)`, is written to.
    if !kind.is_file() && !HANDED_OVER.iter().any(|folder| path.starts_with(folder)) {
        return Err(io::Error::other("it is no regular file"));
    }
    File::open(path)
}

/// Reads a source to its end, unless it has more than so many bytes.
///
/// # Errors
/// What the system says, or that it is too large.
pub fn limited(mut source: impl Read, largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.by_ref().take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::other(format!("it is larger than {} MiB", largest >> 20)));
    }
    Ok(bytes)
}

/// The system's words without the number behind them.
pub fn words(error: &io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_owned()
}
