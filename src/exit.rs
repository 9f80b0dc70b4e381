//! Exit codes: a public contract.

/// How a command ends. The numbers never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every required row is clear; notices alone do not change that.
    Healthy,
    /// A finding at or above `--fail-on`.
    Symptoms,
    /// Wrong usage, or a file the user named, or standard output, that cannot be used.
    Usage,
    /// No such finding, but something required could not be measured.
    Inconclusive,
    /// A comparison found drift.
    Drift,
    /// A comparison of what cannot be compared.
    Incomparable,
    /// A defect of clawprobe itself.
    Defect,
    /// Interrupted; the partial recording was judged and printed.
    Interrupted,
}

/// One line of the exit code table.
pub struct ExitLine {
    /// The code.
    pub exit: Exit,
    /// Its number.
    pub number: u8,
    /// What `--exit-style nagios` makes of it: 0 ok, 1 warning, 2 critical, 3 unknown.
    pub nagios: u8,
    /// One sentence.
    pub doc: &'static str,
}

/// Every exit code, in order of number.
pub const EXITS: &[ExitLine] = &[
    line(Exit::Healthy, 0, 0, "Every required row is clear. Notices alone do not change that."),
    line(Exit::Symptoms, 1, 2, "A finding at or above `--fail-on` (suspected ones count). 1 beats 3."),
    line(
        Exit::Usage,
        2,
        3,
        "Wrong usage, or a file (or standard output) that cannot be read or written. A complaint says which.",
    ),
    line(Exit::Inconclusive, 3, 3, "No such finding, but something required could not be measured."),
    line(Exit::Drift, 4, 1, "A comparison found drift."),
    line(Exit::Incomparable, 5, 3, "The two sides cannot be compared."),
    line(Exit::Defect, 70, 3, "A defect of clawprobe itself. What was recorded is kept."),
    line(
        Exit::Interrupted,
        130,
        3,
        "Interrupted. The partial recording was judged and printed, unless a second signal came before.",
    ),
];

const fn line(exit: Exit, number: u8, nagios: u8, doc: &'static str) -> ExitLine {
    ExitLine { exit, number, nagios, doc }
}

impl Exit {
    fn line(self) -> &'static ExitLine {
        EXITS.iter().find(|l| l.exit == self).unwrap_or(&EXITS[0])
    }

    /// The process's exit status.
    pub fn number(self) -> u8 {
        self.line().number
    }

    /// The exit status for monitoring systems that read plugin codes.
    pub fn nagios(self) -> u8 {
        self.line().nagios
    }
}
