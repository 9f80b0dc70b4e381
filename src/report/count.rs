//! The last line of every report: what was proven and what was not.

use super::Report;
use crate::code::Certainty;

/// How many instances ended how; every instance counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Proven findings.
    pub proven: usize,
    /// Suspected findings.
    pub suspected: usize,
    /// Rows that do not hold.
    pub clear: usize,
    /// Rows that could not be decided.
    pub undecided: usize,
    /// Findings among the above that the site mutes.
    pub muted: usize,
}

impl Count {
    /// Counts a report's instances.
    pub fn of(report: &Report<'_>) -> Self {
        let verdict = &report.judgement.verdict;
        let sure = |certainty| verdict.findings.iter().filter(|f| f.certainty == certainty).count();
        Self {
            proven: sure(Certainty::Proven),
            suspected: sure(Certainty::Suspected),
            clear: verdict.clear.len(),
            undecided: verdict.undecided.len(),
            muted: verdict.findings.iter().filter(|f| f.muted.is_some()).count(),
        }
    }

    /// In words: `1 proven, 0 suspected, 31 clear, 2 undecided`.
    pub fn words(&self) -> String {
        let Self { proven, suspected, clear, undecided, muted } = self;
        let muted = if *muted > 0 { format!(" ({muted} muted)") } else { String::new() };
        format!("{proven} proven, {suspected} suspected{muted}, {clear} clear, {undecided} undecided")
    }
}
