//! Evaluation. Nothing is cut short: the trace holds every atom, so that evidence and what is lacking can be told from it.

use super::ast::{Atom, Expr, Operand, Quant, Rows, Tally, Test};
use super::env::{Env, Found, Id, Item, Seen};
use super::outcome::{Node, Shape};
use super::truth::{Interval, Truth, among, compare};
use crate::facts::{Cell, Value};

impl<'w> Env<'w> {
    /// Evaluates an expression to its trace.
    pub fn eval(&mut self, expr: &'w Expr) -> Node {
        match expr {
            Expr::And(parts) => Node::and(parts.iter().map(|p| self.eval(p)).collect(), Vec::new()),
            Expr::Or(parts) => Node::or(parts.iter().map(|p| self.eval(p)).collect(), Vec::new()),
            Expr::Not(inner) => Node::not(self.eval(inner)),
            Expr::Atom(atom) => self.atom(atom),
            Expr::Quant { quant, rows, body } => self.quant(*quant, rows, body),
        }
    }

    fn with<T>(&mut self, name: &'w str, item: Item<'w>, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.items.push((name, item));
        let result = inner(self);
        self.items.pop();
        result
    }

    /// `any` is an or over (f and c), `all` an and over (not f or c), `none` is not any; rows not seen count as unknown.
    fn quant(&mut self, quant: Quant, rows: &'w Rows, body: &'w Expr) -> Node {
        let Found { items, unseen, sizes } = self.rows(&rows.source);
        let mut parts = Vec::with_capacity(items.len() + unseen.len());
        for item in items {
            parts.push(self.with(&rows.binder, item, |env| {
                let held = rows.filter.as_deref().map(|f| env.eval(f));
                let body = env.eval(body);
                match (quant, held) {
                    (_, None) => body,
                    (Quant::All, Some(held)) => Node::or(vec![Node::not(held), body], Vec::new()),
                    (Quant::Any | Quant::None, Some(held)) => Node::and(vec![held, body], Vec::new()),
                }
            }));
        }
        parts.extend(unseen.into_iter().map(Node::unseen));
        match quant {
            Quant::Any => Node::or(parts, sizes),
            Quant::All => Node::and(parts, sizes),
            Quant::None => Node::not(Node::or(parts, sizes)),
        }
    }

    fn atom(&mut self, atom: &'w Atom) -> Node {
        let (truth, seen) = match &atom.test {
            Test::Compare { left, op, right } => {
                let left = self.look(left);
                match right {
                    Operand::Value(value) => (compare(&left.cell, *op, &Cell::Value { value: value.clone() }), vec![left]),
                    Operand::Ref(right) => {
                        let right = self.look(right);
                        (compare(&left.cell, *op, &right.cell), vec![left, right])
                    }
                }
            }
            Test::Among { left, not, values } => {
                let left = self.look(left);
                let is = among(&left.cell, values.iter());
                (if *not { !is } else { is }, vec![left])
            }
            Test::Measured(what) => {
                let seen = self.look(what);
                (Truth::of(!matches!(seen.cell, Cell::NotMeasured(_))), vec![seen])
            }
            Test::Tally { tally, op, number } => {
                let Counted { interval, parts, sizes } = self.tally(tally);
                let truth = interval.compare(*op, *number);
                return Node { truth, shape: Shape::Tally { span: atom.span.clone(), parts, sizes } };
            }
        };
        Node { truth, shape: Shape::Atom { span: atom.span.clone(), seen } }
    }

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
    let id = crate::facts::FactId {
        table: table.name.to_owned(),
        vantage: vantage.cloned(),
        key: row.key.clone(),
        field: field.clone(),
    };
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
