//! The confusion matrix for people: on the terminal, in README.md and in reports/CONFUSION.md.

use std::fmt::Write as _;

use super::listing::{line, listing};
use crate::code::Code;
use crate::proof::confusion::{Line, expected};
use crate::reference::fault;
use crate::report::table::Table;
use crate::shelf::Shelf;

/// One line per fault: its rows, other roots, and what folds.
pub fn sparse(lines: &[&Line]) -> Table {
    let rows = lines.iter().map(|l| {
        let others: Vec<&Code> = l.roots.iter().filter(|code| !l.rows.contains(code)).collect();
        let own: Vec<&Code> = l.roots.iter().filter(|code| l.rows.contains(code)).collect();
        line(&[&l.fault, &words(&own), &words(&others), &words(&l.folded.iter().collect::<Vec<_>>())])
    });
    listing(&["fault", "its row", "other roots", "folded"], rows)
}

fn words(codes: &[&Code]) -> String {
    codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" ")
}

/// The generated page of the whole matrix: `reports/CONFUSION.md`.
///
/// # Panics
/// A built-in fault file that does not load, which tests exclude.
pub fn markdown(shelf: &Shelf) -> String {
    let lines = declared(shelf);
    let table = sparse(&lines.iter().collect::<Vec<_>>()).markdown();
    format!(
        "# Confusion matrix\n\nGenerated from the outcomes that `matrices/faults/` declares; a test rewrites this page when it is \
         stale, and `clawprobe self-test` holds reality to it.\n\n## Rows against their faults\n\nEach line is a row's own fault, \
         each column a row, both in the order of the walk: `#` fires, `+` fires and folds beneath it, `o` fires beside it as a \
         declared look-alike.\n\n```text\n{}```\n\n## Every fault\n\n{table}",
        square(shelf, &lines)
    )
}

/// The matrix in brief, for README.md: the square alone.
pub fn brief(shelf: &Shelf) -> String {
    format!("```text\n{}```", square(shelf, &declared(shelf)))
}

fn declared(shelf: &Shelf) -> Vec<Line> {
    expected(shelf, &fault::all().unwrap_or_default())
}

/// Rows' faults against rows: one character a cell.
fn square(shelf: &Shelf, lines: &[Line]) -> String {
    let codes: Vec<&Code> = shelf.symptoms.iter().map(|row| &row.code).collect();
    let mut out = String::new();
    for row in &shelf.symptoms {
        let Some(found) = lines.iter().find(|l| l.fault == row.fault) else {
            let _ = writeln!(out, "{:<11}{}", row.code, if row.fault.is_empty() { "no fault" } else { "not yet" });
            continue;
        };
        let cell = |code: &&Code| match () {
            () if found.roots.contains(code) && found.rows.contains(code) => '#',
            () if found.roots.contains(code) => 'o',
            () if found.folded.contains(code) => '+',
            () => '.',
        };
        let _ = writeln!(out, "{:<11}{}  {}", row.code, codes.iter().map(cell).collect::<String>(), row.fault);
    }
    out
}
