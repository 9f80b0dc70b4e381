//! Tables of the commands that only show what is known.

use crate::report::table::{Cell, Table};

/// Blanks between two columns.
pub const GAP: u16 = 2;

/// A table with a header; an empty header for none.
pub fn listing(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Table {
    let cells = |row: Vec<String>| row.iter().map(Cell::plain).collect();
    Table { header: header.iter().map(|h| (*h).to_owned()).collect(), rows: rows.into_iter().map(cells).collect() }
}

/// A row of a table.
pub fn line(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|c| (*c).to_owned()).collect()
}
