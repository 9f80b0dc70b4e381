//! What a fault file expects, held against what came out: to the letter.

use std::collections::BTreeSet;
use std::fmt;

use crate::exit::Exit;
use crate::judge::verdict::Verdict;
use crate::reference::fault::Expect;

/// One thing that came out other than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The exit code: expected, then what it was.
    Exit(u8, u8),
    /// Expected in this list, and not there.
    Missing(&'static str, String),
    /// There, and not expected.
    Unexpected(&'static str, String),
    /// Not decided, and expected to be; and why it was not.
    Undecided(String, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(wanted, got) => write!(f, "exit: expected {wanted}, was {got}"),
            Self::Missing(list, id) => write!(f, "{list}: expected {id}, which is not there"),
            Self::Unexpected(list, id) => write!(f, "{list}: {id} was not expected"),
            Self::Undecided(id, why) => write!(f, "undecided: {id} was not expected ({why})"),
        }
    }
}

/// The outcome of a verdict in the terms of a fault file.
pub fn outcome(verdict: &Verdict, exit: Exit) -> Expect {
    let folded = verdict.findings.iter().filter(|f| !f.explained_by.is_empty()).map(|f| f.id.clone());
    let undecided = verdict.undecided.iter().filter(|u| u.required && u.beneath.is_none()).map(|u| u.id.clone());
    Expect {
        exit: exit.number(),
        roots: verdict.roots.clone(),
        folded: folded.collect(),
        undecided: undecided.collect(),
        needs: Vec::new(),
    }
}

/// Everything that came out other than expected; the order of a list does not count.
pub fn differences(expect: &Expect, verdict: &Verdict, exit: Exit) -> Vec<Difference> {
    let got = outcome(verdict, exit);
    let mut found = Vec::new();
    if expect.exit != got.exit {
        found.push(Difference::Exit(expect.exit, got.exit));
    }
    for (list, wanted, got) in [
        ("roots", &expect.roots, &got.roots),
        ("folded", &expect.folded, &got.folded),
        (UNDECIDED, &expect.undecided, &got.undecided),
    ] {
        let (wanted, got): (BTreeSet<&String>, BTreeSet<&String>) = (wanted.iter().collect(), got.iter().collect());
        found.extend(wanted.difference(&got).map(|id| Difference::Missing(list, (*id).clone())));
        found.extend(got.difference(&wanted).map(|id| unexpected(list, id, verdict)));
    }
    found
}

const UNDECIDED: &str = "undecided";

fn unexpected(list: &'static str, id: &str, verdict: &Verdict) -> Difference {
    match verdict.undecided.iter().find(|u| list == UNDECIDED && u.id == id) {
        Some(row) => Difference::Undecided(id.to_owned(), format!("{}: {}", row.reason.reason, row.reason.because)),
        None => Difference::Unexpected(list, id.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::verdict::Outcome;

    #[test]
    fn what_is_lacking_and_what_is_too_much_are_both_told() {
        let verdict = Verdict {
            outcome: Outcome::Symptoms,
            root: None,
            roots: vec!["WS-02@here/edge".into(), "WS-04@here/edge".into()],
            findings: Vec::new(),
            undecided: Vec::new(),
            clear: Vec::new(),
        };
        let expect = Expect { exit: 1, roots: vec!["WS-01@here/edge".into(), "WS-04@here/edge".into()], ..Expect::default() };
        let told: Vec<String> = differences(&expect, &verdict, Exit::Healthy).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "exit: expected 1, was 0",
                "roots: expected WS-01@here/edge, which is not there",
                "roots: WS-02@here/edge was not expected"
            ]
        );
    }
}
