//! How a command ends early, and what it then says.

use super::Answer;
use super::sink::{self, Unwritten};
use super::style::ExitStyle;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::harmless::in_place;

/// An end before the command's own.
#[derive(Debug)]
pub enum End {
    /// What the user gave cannot be used. Nothing was asked, nothing was written.
    Complaint(Box<Complaint>),
    /// No command at all: here is the help.
    Lost(String),
    /// A result could not be written.
    Unwritten(Unwritten),
}

impl From<Complaint> for End {
    fn from(complaint: Complaint) -> Self {
        Self::Complaint(Box::new(complaint))
    }
}

impl From<Unwritten> for End {
    fn from(unwritten: Unwritten) -> Self {
        Self::Unwritten(unwritten)
    }
}

/// What a command line that was not understood ends in.
pub fn of(answer: Answer) -> Result<u8, End> {
    match answer {
        Answer::Asked(help) => Ok(sink::print(&help).map(|()| Exit::Healthy.number())?),
        Answer::Wrong(complaint) => Err(complaint.into()),
        Answer::Lost(help) => Err(End::Lost(help)),
    }
}

/// The exit status of a command, once what is left to say has been said on standard error.
pub fn status(ended: Result<u8, End>, style: ExitStyle) -> u8 {
    match ended {
        Ok(status) => status,
        Err(End::Complaint(complaint)) => say(&complaint.to_string(), style),
        Err(End::Lost(help)) => say(help.trim_end(), style),
        Err(End::Unwritten(Unwritten::NobodyReads)) => Exit::Healthy.number(),
        Err(End::Unwritten(Unwritten::Refused(complaint))) => say(&complaint.to_string(), style),
    }
}

/// What the user gave cannot be used: that is said, and is wrong usage in every style.
fn say(text: &str, style: ExitStyle) -> u8 {
    note(text);
    style.status(Exit::Usage)
}

/// A line on standard error, without what a terminal obeys: it may tell texts of others. Nobody there to read it is no reason
/// to fail.
pub fn note(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{}", in_place(text));
}
