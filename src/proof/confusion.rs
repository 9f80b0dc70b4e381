//! The confusion matrix: which fault makes which codes fire. A diagonal, effects that fold, look-alikes that declare each other,
//! and nothing in a right world.

use serde::Serialize;

use crate::code::Code;
use crate::reference::fault::{Expect, Fault};
use crate::shelf::Shelf;

/// What one fault makes fire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The fault.
    pub fault: String,
    /// Codes of the rows that name this fault as theirs.
    pub rows: Vec<Code>,
    /// Codes among the roots.
    pub roots: Vec<Code>,
    /// Codes that fold beneath them.
    pub folded: Vec<Code>,
}

impl Line {
    /// The line of a fault with this outcome.
    pub fn new(shelf: &Shelf, fault: &str, outcome: &Expect) -> Self {
        let rows = shelf.symptoms.iter().filter(|row| row.fault == fault).map(|row| row.code.clone()).collect();
        let (roots, mut folded) = (codes(&outcome.roots), codes(&outcome.folded));
        folded.retain(|code| !roots.contains(code));
        Self { fault: fault.to_owned(), rows, roots, folded }
    }

    /// What is wrong with it: a row that its own fault does not fire, a root beside it that declares no likeness, two roots on
    /// one instance that declare none.
    pub fn objections(&self, shelf: &Shelf, roots: &[String]) -> Vec<String> {
        let silent = self.rows.iter().filter(|row| !self.roots.contains(row));
        let mut found: Vec<String> = silent.map(|row| format!("{row} names this fault and is no root of it")).collect();
        for row in &self.rows {
            let beside = self.roots.iter().filter(|code| !self.rows.contains(code) && !alike(shelf, row, code));
            found.extend(beside.map(|code| format!("{code} fires beside {row}, and neither declares the other a look-alike")));
        }
        for (at, (one, place)) in roots.iter().filter_map(|id| split(id)).enumerate() {
            let others =
                roots.iter().filter_map(|id| split(id)).skip(at + 1).filter(|(two, there)| *there == place && *two != one);
            let strangers = others.filter(|(two, _)| !alike(shelf, &one, two));
            found.extend(strangers.map(|(two, _)| format!("{one} and {two} are both roots at {place}, and declare no likeness")));
        }
        found.dedup();
        found
    }
}

/// The matrix as the fault files have it; self-test holds reality to the letter of them.
pub fn expected(shelf: &Shelf, faults: &[Fault]) -> Vec<Line> {
    faults.iter().map(|fault| Line::new(shelf, &fault.name, &fault.expect)).collect()
}

/// Whether one of two rows declares the other a look-alike.
fn alike(shelf: &Shelf, one: &Code, two: &Code) -> bool {
    let declares = |a: &Code, b: &Code| shelf.symptom(a).is_some_and(|row| row.lookalikes.contains(b));
    one == two || declares(one, two) || declares(two, one)
}

fn codes(ids: &[String]) -> Vec<Code> {
    let mut codes: Vec<Code> = ids.iter().filter_map(|id| Some(split(id)?.0)).collect();
    codes.sort();
    codes.dedup();
    codes
}

/// The code and the instance of a finding's id.
fn split(id: &str) -> Option<(Code, &str)> {
    let (code, place) = id.split_once('@').unwrap_or((id, ""));
    Some((code.parse().ok()?, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objections(fault: &str, roots: &[&str], folded: &[&str]) -> Vec<String> {
        let shelf = Shelf::builtin().unwrap();
        let texts = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let outcome = Expect { roots: texts(roots), folded: texts(folded), ..Expect::default() };
        Line::new(&shelf, fault, &outcome).objections(&shelf, &outcome.roots)
    }

    #[test]
    fn a_row_and_its_effects_are_no_objection() {
        assert!(objections("edge/upgrade-dropped", &["WS-01@here/edge"], &["HEALTH-05@here/edge"]).is_empty());
        // Look-alikes declare each other.
        assert!(objections("edge/upgrade-dropped", &["WS-01@here/edge", "WS-02@here/edge"], &[]).is_empty());
    }

    #[test]
    fn a_silent_row_a_stranger_beside_it_and_a_stranger_at_its_place_are() {
        assert_eq!(
            objections("edge/upgrade-dropped", &[], &["WS-01@here/edge"]),
            ["WS-01 names this fault and is no root of it"]
        );
        let stranger = objections("edge/upgrade-dropped", &["WS-01@here/edge", "LISTEN-03@here"], &[]);
        assert_eq!(stranger, ["LISTEN-03 fires beside WS-01, and neither declares the other a look-alike"]);
        let same = objections("edge/of-nobody", &["WS-01@here/edge", "TLS-05@here/edge"], &[]);
        assert_eq!(same, ["WS-01 and TLS-05 are both roots at here/edge, and declare no likeness"]);
    }
}
