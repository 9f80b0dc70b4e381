//! How a command ends: the exit code, in the style that was asked for.

use std::ffi::OsStr;

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
    /// The style a command line asks for, told without understanding the rest of it: whoever reads plugin codes reads them
    /// also when the command line is wrong.
    pub fn typed(words: impl Iterator<Item = impl AsRef<OsStr>>) -> Self {
        let words: Vec<String> = words.map(|w| w.as_ref().to_string_lossy().into_owned()).take_while(|w| w != "--").collect();
        let apart = words.windows(2).filter(|pair| pair[0] == FLAG).map(|pair| pair[1].as_str());
        let joined = words.iter().filter_map(|w| w.strip_prefix(FLAG)?.strip_prefix('='));
        apart.chain(joined).find_map(|word| word.parse().ok()).unwrap_or(Self::Plain)
    }

    /// The process's exit status.
    pub fn status(self, exit: Exit) -> u8 {
        match self {
            Self::Plain => exit.number(),
            Self::Nagios => exit.nagios(),
        }
    }
}

const FLAG: &str = "--exit-style";

/// How a judged run ends: a defect says more than an interruption, and that more than the verdict.
pub fn exit(verdict: &Verdict, fail_on: Severity, end: &End) -> Exit {
    match end {
        End { defect: Some(_), .. } => Exit::Defect,
        End { interrupted: true, .. } => Exit::Interrupted,
        End { .. } => verdict.exit(fail_on),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::Outcome;

    fn end(interrupted: bool, defect: Option<&str>) -> End {
        End { duration_ms: 1.0, interrupted, defect: defect.map(String::from), note: None }
    }

    #[test]
    fn the_style_is_told_even_from_a_wrong_command_line() {
        let typed = |line: &str| ExitStyle::typed(line.split(' '));
        for line in ["preflight --no-such --exit-style nagios", "--exit-style=nagios"] {
            assert_eq!(typed(line), ExitStyle::Nagios, "{line}");
        }
        for line in ["preflight", "--exit-style", "--exit-style icinga", "explain -- --exit-style nagios"] {
            assert_eq!(typed(line), ExitStyle::Plain, "{line}");
        }
    }

    #[test]
    fn a_defect_beats_an_interruption_beats_the_verdict() {
        let verdict = Verdict {
            outcome: Outcome::Healthy,
            root: None,
            roots: Vec::new(),
            findings: Vec::new(),
            undecided: Vec::new(),
            clear: Vec::new(),
        };
        let exit = |end| exit(&verdict, Severity::Warning, &end);
        assert_eq!(exit(end(false, None)), Exit::Healthy);
        assert_eq!(exit(end(true, None)), Exit::Interrupted);
        assert_eq!(exit(end(true, Some("x"))), Exit::Defect);
        assert_eq!((ExitStyle::Nagios.status(Exit::Symptoms), ExitStyle::Plain.status(Exit::Interrupted)), (2, 130));
    }
}
