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
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(wanted, got) => write!(f, "exit: expected {wanted}, was {got}"),
            Self::Missing(list, id) => write!(f, "{list}: expected {id}, which is not there"),
            Self::Unexpected(list, id) => write!(f, "{list}: {id} was not expected"),
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
    let lists = [("roots", &expect.roots, &got.roots), ("folded", &expect.folded, &got.folded)];
    for (name, wanted, got) in lists.into_iter().chain([("undecided", &expect.undecided, &got.undecided)]) {
        let (wanted, got): (BTreeSet<_>, BTreeSet<_>) = (wanted.iter().collect(), got.iter().collect());
        found.extend(wanted.difference(&got).map(|id| Difference::Missing(name, (*id).clone())));
        found.extend(got.difference(&wanted).map(|id| Difference::Unexpected(name, (*id).clone())));
    }
    found
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
