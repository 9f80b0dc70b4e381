//! Judges a recording and writes every report that was asked for: the one road of live runs and replays.

use super::args::Telling;
use super::end::End;
use super::sink::{self, Sink};
use crate::judge;
use crate::record::{BUILD, Recording};
use crate::report::{self, Report, style::Style};
use crate::settings::Terminal;
use crate::shelf::Shelf;

/// Judges, writes, and returns the exit status that the verdict asks for.
///
/// # Errors
/// A report that could not be written.
pub fn tell(recording: &Recording, shelf: &Shelf, telling: &Telling, sinks: &[Sink], terminal: Terminal) -> Result<u8, End> {
    let judgement = judge::judge(shelf, recording);
    let exit = judgement.verdict.ended(recording.head.fail_on, &recording.end);
    let status = telling.exit_style.status(exit);
    let report = Report { recording, judgement: &judgement, shelf, judged_by: BUILD, exit, status };
    let width = u16::try_from(terminal.width).unwrap_or(u16::MAX);
    // Files first: whoever reads standard output may go away.
    for Sink { format, file } in sinks.iter().rev() {
        match file {
            Some(file) => sink::store(file, &report::render(*format, &report, &Style { width, color: false }))?,
            None => sink::offer(&report::render(*format, &report, &Style { width, color: terminal.color }))?,
        }
    }
    Ok(status)
}
