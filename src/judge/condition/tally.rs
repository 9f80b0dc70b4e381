//! Counting under three truth values: how many rows or values there are at least, and at most.

use super::ast::Tally;
use super::env::{Env, Found, Id, Item, Seen};
use super::outcome::Node;
use super::truth::{Interval, Truth};
use crate::facts::{Cell, FactId, Value};

impl<'w> Env<'w> {
    /// Counts rows, or distinct values of a cell, as an interval.
    pub fn tally(&mut self, tally: &'w Tally) -> Counted {
        let Found { items, unseen, sizes } = self.rows(&tally.rows.source);
        let mut count = Count { endless: !unseen.is_empty(), ..Count::default() };
        let mut parts = Vec::new();
        for item in items {
            let (held, of) = self.with(&tally.rows.binder, item.clone(), |env| {
                let held = tally.rows.filter.as_deref().map(|f| env.eval(f));
                (held, tally.of.as_ref().map(|of| env.look(of)))
            });
            let truth = held.as_ref().map_or(Truth::True, |h| h.truth);
            if truth == Truth::False {
                continue;
            }
            count.row(truth, of.as_ref());
            // What stands for the row in the evidence: what let it in, or else any cell of it that has a value.
            parts.extend(held);
            let witness = of.or_else(|| if tally.rows.filter.is_none() { witness(&item) } else { None });
            parts.extend(witness.map(Node::seen));
        }
        parts.extend(unseen.into_iter().map(Node::unseen));
        Counted { interval: count.interval(), parts, sizes }
    }
}

fn witness(item: &Item<'_>) -> Option<Seen> {
    let Item::Row { table, vantage, row } = item else { return None };
    let (field, cell) = row.cells.iter().find(|(_, c)| c.get().is_some())?;
    let id = FactId { table: table.name.to_owned(), vantage: vantage.cloned(), key: row.key.clone(), field: field.clone() };
    Some(Seen { id: Id::Fact(id), cell: cell.clone() })
}

/// What a count found.
pub(super) struct Counted {
    pub interval: Interval,
    /// What let rows in, and what kept the count open.
    pub parts: Vec<Node>,
    pub sizes: Vec<Seen>,
}

#[derive(Default)]
struct Count {
    /// Rows (or values) that are counted for certain.
    sure: i64,
    /// Rows that may be counted.
    maybe: i64,
    values: Vec<(Value, bool)>,
    endless: bool,
}

impl Count {
    fn row(&mut self, held: Truth, of: Option<&Seen>) {
        let sure = held == Truth::True;
        match of.map(|seen| &seen.cell) {
            None if sure => self.sure += 1,
            None | Some(Cell::NotMeasured(_)) => self.maybe += 1,
            // Absent is equal to no value, so it is no value to be counted.
            Some(Cell::Absent) => {}
            Some(Cell::Value { value }) => match self.values.iter_mut().find(|(known, _)| known == value) {
                Some((_, known)) => *known |= sure,
                None => self.values.push((value.clone(), sure)),
            },
        }
    }

    fn interval(&self) -> Interval {
        let sure = self.values.iter().filter(|(_, sure)| *sure).count() as i64;
        let least = self.sure + sure;
        let most = self.sure + self.values.len() as i64 + self.maybe;
        Interval { least, most: (!self.endless).then_some(most) }
    }
}
