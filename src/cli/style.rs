//! How a command ends: the exit code, in the style that was asked for.

use crate::code::Severity;
use crate::exit::Exit;
use crate::judge::verdict::Verdict;
use crate::labels;
use crate::record::End;

labels! {
    /// `--exit-style`.
    pub enum ExitStyle {
        Plain = "plain": "The documented exit codes.",
        Nagios = "nagios": "0 ok, 1 warning, 2 critical, 3 unknown.",
    }
}

impl ExitStyle {
    /// The process's exit status.
    pub fn status(self, exit: Exit) -> u8 {
        match self {
            Self::Plain => exit.number(),
            Self::Nagios => exit.nagios(),
        }
    }
}

/// How a judged run ends: a defect says more than an interruption, and that more than the verdict.
pub fn exit(verdict: &Verdict, fail_on: Severity, end: &End) -> Exit {
    match end {
        End { defect: Some(_), .. } => Exit::Defect,
        End { interrupted: true, .. } => Exit::Interrupted,
        End { .. } => verdict.exit(fail_on),
    }
}
