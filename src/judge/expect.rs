//! Expected cells of a matrix: a refusal that is right is clear, and its opposite is a finding.

use super::causes::Bindings;
use super::rows::{Found, Ruled, Ruling};
use super::verdict::{Evidence, Finding, Lacking, Undecided};
use crate::code::{Certainty, Layer, Plane};
use crate::facts::{Because, Cell, FactId, Facts, Reason, Row, SheetState};
use crate::path::{Path, Topology, Vantage};
use crate::shelf::Shelf;
use crate::shelf::matrix::Expect;

/// A cell that was measured and is not what the matrix expects.
pub struct Surprise<'a> {
    cell: &'a Expect,
    at: Vantage,
    seen: Vec<(FactId, Cell)>,
}

/// Applies one expected cell on every path it names: while it holds, rows of that path that rest on the fact, or that it alone
/// kept from being decided, are clear; a measured value that is not expected is a surprise; a cell that was not measured
/// changes nothing.
pub fn apply<'a>(
    cell: &'a Expect,
    facts: &Facts,
    topology: &Topology,
    rulings: &mut [Ruled<'_>],
    surprises: &mut Vec<Surprise<'a>>,
) {
    for path in named(cell, topology) {
        let (rows, state) = facts.rows(&cell.fact.table, Some(&path.vantage));
        let cells: Vec<(FactId, Cell)> = rows.iter().filter(|r| covers(cell, r)).map(|r| read(cell, &path.vantage, r)).collect();
        let whole = state == SheetState::Complete && !cells.is_empty();
        let expected = |c: &Cell| c.get().is_some_and(|v| cell.values.contains(v));
        let other: Vec<_> = cells.iter().filter(|(_, c)| !matches!(c, Cell::NotMeasured(_)) && !expected(c)).cloned().collect();
        if !other.is_empty() {
            surprises.push(Surprise { cell, at: path.vantage.clone(), seen: other });
        } else if whole && cells.iter().all(|(_, c)| expected(c)) {
            // A row of another path may rest on the fact too, as the one an edge is compared with: there it stays what it is.
            let there = |r: &Ruled<'_>| r.instance.vantages().contains(&path.vantage);
            let resting = |r: &&mut Ruled<'_>| there(r) && (rests_on(&r.ruling, &cells) || blocked_by(&r.ruling, &cells));
            rulings.iter_mut().filter(resting).for_each(|r| r.ruling = Ruling::Clear { expected: true });
        }
    }
}

/// Whether a row of the table is meant: every key column that the cell gives agrees.
fn covers(cell: &Expect, row: &Row) -> bool {
    cell.fact.key.iter().all(|(name, value)| row.key(name) == Some(value))
}

fn read(cell: &Expect, at: &Vantage, row: &Row) -> (FactId, Cell) {
    let id = FactId { vantage: Some(at.clone()), key: row.key.clone(), ..cell.fact.clone() };
    (id, row.cell(&cell.fact.field).cloned().unwrap_or(Cell::Absent))
}

/// Whether a ruling rests on one of the cells that the matrix expects.
fn rests_on(ruling: &Ruling, cells: &[(FactId, Cell)]) -> bool {
    let Ruling::Holds(_, outcome) = ruling else { return false };
    outcome.evidence().iter().any(|(id, _)| cells.iter().any(|(cell, _)| same_fact(cell, id)))
}

/// The manner of a connection attempt is what the socket saw of it, the first exchange included: whoever expects the one
/// expects the other.
const ONE_FACT: (&str, &[&str]) = ("tcp", &["connected", "manner"]);

/// Whether two ids name one fact.
fn same_fact(a: &FactId, b: &FactId) -> bool {
    let (table, fields) = ONE_FACT;
    let row = (&a.table, &a.vantage, &a.key) == (&b.table, &b.vantage, &b.key);
    let twins = a.table == table && [a, b].iter().all(|id| fields.contains(&id.field.as_str()));
    row && (a.field == b.field || twins)
}

/// Whether a row could not be decided for nothing else than one of the cells that the matrix expects.
fn blocked_by(ruling: &Ruling, cells: &[(FactId, Cell)]) -> bool {
    let Ruling::Undecided(lacks) = ruling else { return false };
    let by_cell = |because: &Because| {
        because.reason == Reason::Blocked && cells.iter().any(|(id, _)| super::same_probe(&id.to_string(), &because.because))
    };
    lacks.iter().all(|(_, because)| by_cell(because))
}

impl Surprise<'_> {
    /// The finding the cell asks for, in the words of its row where the shelf has one.
    pub fn finding(self, shelf: &Shelf) -> Found {
        let code = &self.cell.or_else;
        let row = shelf.symptom(code);
        let expected: Vec<String> = self.cell.values.iter().map(ToString::to_string).collect();
        let observed: Vec<String> = self.seen.iter().map(|(id, cell)| format!("{id} is {cell}.")).collect();
        let finding = Finding {
            id: format!("{code}@{}", self.at),
            code: code.clone(),
            name: row.map_or_else(|| "unexpected".to_owned(), |s| s.name.clone()),
            title: row.map_or_else(|| "The matrix expects another result".to_owned(), |s| s.title.clone()),
            layer: row.map_or(Layer::Listener, |s| s.layer),
            family: code.family(),
            plane: row.map_or(Plane::Access, |s| s.plane),
            vantages: vec![self.at.clone()],
            certainty: Certainty::Proven,
            severity: self.cell.severity,
            explained_by: Vec::new(),
            observed: observed.join(" "),
            expected: format!("The matrix expects {}.", expected.join(" or ")),
            therefore: "What the site's matrix rules out is the case.".to_owned(),
            first_response: row
                .map_or_else(|| "Compare the site's matrix with what was measured.".to_owned(), |s| s.first_response.clone()),
            commands: Vec::new(),
            evidence: self.seen.iter().map(|(id, cell)| Evidence { id: id.to_string(), value: cell.to_string() }).collect(),
            muted: None,
        };
        let scope = Bindings { paths: vec![self.at], ..Bindings::default() };
        Found { finding, explained_by: row.map(|s| s.explained_by.clone()).unwrap_or_default(), scope }
    }
}

/// The paths on which an expected cell was not measured: a required entry each, because nobody can tell.
pub fn undecided(cell: &Expect, facts: &Facts, topology: &Topology) -> Vec<Undecided> {
    let open = named(cell, topology).filter_map(|path| {
        let (rows, state) = facts.rows(&cell.fact.table, Some(&path.vantage));
        let cells: Vec<_> = rows.iter().filter(|r| covers(cell, r)).map(|r| read(cell, &path.vantage, r)).collect();
        let nobody_asked = cells.is_empty() && state == SheetState::Complete;
        let unmeasured = cells.into_iter().filter_map(|(id, c)| match c {
            Cell::NotMeasured(because) => Some((id.to_string(), because)),
            _ => None,
        });
        let mut lacks: Vec<(String, Because)> = unmeasured.collect();
        if let SheetState::NotMeasured(because) | SheetState::Incomplete(because) = state {
            lacks.push((format!("{}@{}", cell.fact.table, path.vantage), because));
        }
        if nobody_asked {
            let id = FactId { vantage: Some(path.vantage.clone()), ..cell.fact.clone() };
            lacks.push((id.to_string(), Because::new(Reason::NotPlanned, "the table has no such row")));
        }
        let reason = lacks.first()?.1.clone();
        Some(Undecided {
            code: cell.or_else.to_string(),
            id: format!("{}@{}", cell.or_else, path.vantage),
            title: format!("The matrix expects {} of {}", cell.fact.field, path.vantage),
            layer: None,
            vantages: vec![path.vantage.clone()],
            required: true,
            lacks: lacks.into_iter().map(|(id, because)| Lacking { id, because }).collect(),
            reason,
            beneath: None,
        })
    });
    open.collect()
}

fn named<'a>(cell: &'a Expect, topology: &'a Topology) -> impl Iterator<Item = &'a Path> {
    topology.paths.iter().filter(|p| p.vantage.path.as_deref() == Some(cell.path.as_str()))
}
