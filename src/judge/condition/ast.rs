//! A checked condition: every name resolved, every value typed.

use super::syntax::Span;
use crate::facts::{Field, Key, Table, Value};

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    /// How it is written.
    pub const ALL: [(&'static str, Self); 6] =
        [("==", Self::Eq), ("!=", Self::Ne), ("<=", Self::Le), (">=", Self::Ge), ("<", Self::Lt), (">", Self::Gt)];

    /// Whether it asks for an order.
    pub fn orders(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }
}

/// A quantifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quant {
    Any,
    All,
    None,
}

#[derive(Debug, Clone)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Atom(Atom),
    Quant { quant: Quant, rows: Rows, body: Box<Expr> },
}

/// One test and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    pub test: Test,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Compare { left: Ref, op: Op, right: Operand },
    Among { left: Ref, not: bool, values: Vec<Value> },
    Measured(Ref),
    Tally { tally: Tally, op: Op, number: i64 },
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Ref(Ref),
    Value(Value),
}

/// `count(..)` (without `of`) or `distinct(..)`.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    pub of: Option<Ref>,
    pub rows: Rows,
}

/// Which rows are walked, and under which name.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    pub binder: String,
    pub source: Source,
    pub filter: Option<Box<Expr>>,
}

/// Where rows come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The paths of the topology.
    Paths,
    /// The sites of the topology.
    Sites,
    /// A table at one vantage, or at every one that was asked.
    Table { table: &'static Table, at: Option<At> },
}

/// A vantage expression.
#[derive(Debug, Clone)]
pub(super) enum At {
    Binder(String),
    Direct(Box<At>),
    Site(Box<At>),
    Host(Box<At>),
}

/// A reference to a cell.
#[derive(Debug, Clone)]
pub(super) enum Ref {
    /// A key column of a bound row.
    Key { binder: String, key: &'static Key },
    /// A field of what is bound.
    Field { binder: String, table: &'static Table, field: &'static Field },
    /// A field of a table elsewhere.
    Cell { table: &'static Table, at: Option<At>, key: Vec<(&'static Key, KeyValue)>, field: &'static Field },
}

/// The value of a key column in a reference.
#[derive(Debug, Clone)]
pub(super) enum KeyValue {
    Value(Value),
    Ref(Box<Ref>),
    At(At),
}

impl Expr {
    /// Calls `seen` with every table that the expression reads.
    pub fn tables(&self, seen: &mut dyn FnMut(&'static Table)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|p| p.tables(seen)),
            Self::Not(inner) => inner.tables(seen),
            Self::Atom(atom) => atom.test.tables(seen),
            Self::Quant { rows, body, .. } => {
                rows.tables(seen);
                body.tables(seen);
            }
        }
    }
}

impl Test {
    fn tables(&self, seen: &mut dyn FnMut(&'static Table)) {
        match self {
            Self::Compare { left, right, .. } => {
                left.tables(seen);
                if let Operand::Ref(right) = right {
                    right.tables(seen);
                }
            }
            Self::Among { left, .. } | Self::Measured(left) => left.tables(seen),
            Self::Tally { tally, .. } => tally.rows.tables(seen),
        }
    }
}

impl Rows {
    /// Calls `seen` with every table that the walk reads.
    pub fn tables(&self, seen: &mut dyn FnMut(&'static Table)) {
        if let Source::Table { table, .. } = &self.source {
            seen(table);
        }
        if let Some(filter) = &self.filter {
            filter.tables(seen);
        }
    }
}

impl Ref {
    fn tables(&self, seen: &mut dyn FnMut(&'static Table)) {
        match self {
            Self::Key { .. } => {}
            Self::Field { table, .. } | Self::Cell { table, .. } => seen(table),
        }
    }
}
