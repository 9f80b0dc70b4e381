//! What a text says, names unresolved.

use std::ops::Range;

use super::ast::{Op, Quant};

pub(super) type Span = Range<usize>;

/// A word and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub text: String,
    pub span: Span,
}

/// A value as written.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    /// Without quotes.
    pub text: String,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Test(Box<Test>),
    Quant { quant: Quant, rows: Rows, body: Box<Expr>, span: Span },
}

/// `x in T where f`.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    /// None in `count(T)`.
    pub binder: Option<Name>,
    pub table: Name,
    pub at: Option<At>,
    pub filter: Option<Box<Expr>>,
}

/// A vantage expression.
#[derive(Debug, Clone)]
pub(super) enum At {
    Binder(Name),
    Of { function: Name, inner: Box<At>, span: Span },
}

impl At {
    pub fn span(&self) -> Span {
        match self {
            Self::Binder(name) => name.span.clone(),
            Self::Of { span, .. } => span.clone(),
        }
    }
}

/// A reference to a cell.
#[derive(Debug, Clone)]
pub(super) struct Ref {
    pub target: Target,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum Target {
    /// `x.column`.
    Bound { binder: Name, column: Name },
    /// `table@at[key=value].field`.
    Cell { table: Name, at: Option<At>, key: Vec<(Name, Literal)>, field: Name },
    /// `pair(a, b).field`.
    Between { table: Name, ends: Vec<At>, field: Name },
}

#[derive(Debug, Clone)]
pub(super) struct Test {
    pub what: What,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    Compare { left: Ref, op: Op, right: Right },
    Among { left: Ref, not: bool, words: Vec<Literal> },
    Measured(Ref),
    Tally { tally: Tally, op: Op, number: Literal },
}

#[derive(Debug, Clone)]
pub(super) enum Right {
    Ref(Ref),
    Literal(Literal),
}

/// `count(..)` or `distinct(..)`.
#[derive(Debug, Clone)]
pub(super) struct Tally {
    /// What `distinct` looks at.
    pub of: Option<Ref>,
    pub rows: Rows,
    pub span: Span,
}
