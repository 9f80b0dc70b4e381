//! Reports: one file per format, each a pure function of a judgement. Nothing here measures, decides or writes.

mod advice;
mod cause;
mod count;
mod finding;
mod grid;
mod head;
mod human;
mod json;
mod lacking;
mod ndjson;
#[cfg(test)]
mod sample;
mod short;
pub mod style;
pub mod table;
pub mod text;
mod timers;
pub mod v1;
mod ways;

use crate::exit::Exit;
use crate::judge::Judgement;
use crate::labels;
use crate::record::Recording;
use crate::shelf::Shelf;
use style::Style;

labels! {
    /// How a report is told.
    pub enum Format {
        Human = "human": "For people: the grid of layers and vantages, then the findings.",
        Short = "short": "One line per root cause, or one line that says that all is well.",
        Json = "json": "One object, held by reports/schema/report-1.json.",
        Ndjson = "ndjson": "The recording's lines, then the verdict's, held by reports/schema/recording-1.json.",
    }
}

/// Everything a report is told from.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// What was seen.
    pub recording: &'a Recording,
    /// What follows from it.
    pub judgement: &'a Judgement,
    /// The rows it was judged by.
    pub shelf: &'a Shelf,
    /// Name and version of the judging build.
    pub judged_by: &'a str,
    /// How the verdict ends a command.
    pub exit: Exit,
    /// The exit status in the style that was asked for.
    pub status: u8,
}

/// The report in a format, its last line ended. Control characters that came from outside are escaped in every format.
pub fn render(format: Format, report: &Report<'_>, style: &Style) -> String {
    match format {
        Format::Human => human::render(report, style),
        Format::Short => short::render(report, style),
        Format::Json => json::render(report),
        Format::Ndjson => ndjson::render(report),
    }
}
