//! What an evaluation yields: a truth value, and the trace that says why.

use std::ops::Range;
use std::sync::Arc;

use super::env::{Id, Seen, Unseen};
use super::truth::Truth;
use crate::facts::{Because, Cell, FactId};

/// One part of an evaluation.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub truth: Truth,
    pub shape: Shape,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Atom {
        span: Range<usize>,
        seen: Vec<Seen>,
    },
    /// A count: the rows that were let in, and sizes of the tables.
    Tally {
        span: Range<usize>,
        parts: Vec<Node>,
        sizes: Vec<Seen>,
    },
    Not(Box<Node>),
    /// And, or, and what quantifiers make of rows. The sizes are evidence when no row is.
    Join {
        parts: Vec<Node>,
        sizes: Vec<Seen>,
    },
    /// One cell that stands for a row.
    Seen(Box<Seen>),
    /// Rows that nobody saw.
    Unseen {
        name: String,
        because: Because,
    },
}

impl Node {
    pub fn and(parts: Vec<Self>, sizes: Vec<Seen>) -> Self {
        Self { truth: Truth::and(parts.iter().map(|p| p.truth)), shape: Shape::Join { parts, sizes } }
    }

    pub fn or(parts: Vec<Self>, sizes: Vec<Seen>) -> Self {
        Self { truth: Truth::or(parts.iter().map(|p| p.truth)), shape: Shape::Join { parts, sizes } }
    }

    pub fn not(inner: Self) -> Self {
        Self { truth: !inner.truth, shape: Shape::Not(Box::new(inner)) }
    }

    pub fn seen(seen: Seen) -> Self {
        let truth = Truth::of(true);
        let truth = if matches!(seen.cell, Cell::NotMeasured(_)) { Truth::Unknown } else { truth };
        Self { truth, shape: Shape::Seen(Box::new(seen)) }
    }

    pub fn unseen(unseen: Unseen) -> Self {
        Self { truth: Truth::Unknown, shape: Shape::Unseen { name: unseen.name, because: unseen.because } }
    }

    /// Collects what decided this node. A part decides a join exactly when it has the join's own truth.
    fn deciding<'n>(&'n self, facts: &mut Vec<&'n Seen>, unseen: &mut Vec<(&'n str, &'n Because)>) {
        match &self.shape {
            Shape::Atom { seen, .. } => facts.extend(seen.iter().filter(|s| s.id != Id::Key)),
            Shape::Seen(seen) => facts.push(seen),
            Shape::Not(inner) => inner.deciding(facts, unseen),
            Shape::Unseen { name, because } => unseen.push((name, because)),
            Shape::Join { parts, sizes } => {
                let before = facts.len();
                parts.iter().filter(|p| p.truth == self.truth).for_each(|p| p.deciding(facts, unseen));
                if facts.len() == before {
                    facts.extend(sizes);
                }
            }
            Shape::Tally { parts, sizes, .. } => {
                let before = facts.len();
                // Rows that were let in for certain are evidence; what is open explains an unknown count.
                let wanted = if self.truth == Truth::Unknown { Truth::Unknown } else { Truth::True };
                parts.iter().filter(|p| p.truth == wanted).for_each(|p| p.deciding(facts, unseen));
                if facts.len() == before {
                    facts.extend(sizes);
                }
            }
        }
    }

    /// Why this node is unknown, in order and without repetition; empty if it is not.
    pub fn lacks(&self) -> Vec<(String, Because)> {
        let mut found: Vec<(String, Because)> = Vec::new();
        if self.truth != Truth::Unknown {
            return found;
        }
        let (mut facts, mut unseen) = (Vec::new(), Vec::new());
        self.deciding(&mut facts, &mut unseen);
        let cells = facts.into_iter().filter_map(|seen| match (&seen.id, &seen.cell) {
            (Id::Fact(id), Cell::NotMeasured(because)) => Some((id.to_string(), because)),
            (Id::Nowhere(name), Cell::NotMeasured(because)) => Some((name.clone(), because)),
            _ => None,
        });
        let tables = unseen.into_iter().map(|(name, because)| (name.to_owned(), because));
        for (id, because) in cells.chain(tables) {
            if !found.iter().any(|(known, _)| *known == id) {
                found.push((id, because.clone()));
            }
        }
        found
    }

    fn steps<'n>(&'n self, source: &'n str, out: &mut Vec<Step<'n>>) {
        let step = |span: &Range<usize>, cells: Vec<_>| Step {
            span: span.clone(),
            text: source.get(span.clone()).unwrap_or_default(),
            truth: self.truth,
            cells,
        };
        match &self.shape {
            Shape::Atom { span, seen } => out.push(step(span, seen.iter().map(named).collect())),
            Shape::Tally { span, parts, sizes } => {
                out.push(step(span, sizes.iter().map(named).collect()));
                parts.iter().for_each(|p| p.steps(source, out));
            }
            Shape::Not(inner) => inner.steps(source, out),
            Shape::Join { parts, .. } => parts.iter().for_each(|p| p.steps(source, out)),
            Shape::Seen(_) | Shape::Unseen { .. } => {}
        }
    }
}

fn named(seen: &Seen) -> (Option<&FactId>, &Cell) {
    let id = match &seen.id {
        Id::Fact(id) => Some(id),
        Id::Key | Id::Nowhere(_) => None,
    };
    (id, &seen.cell)
}

/// One atom as it was evaluated, once per row it was asked of.
#[derive(Debug, Clone)]
pub struct Step<'a> {
    /// Where the atom stands in the condition.
    pub span: Range<usize>,
    /// Its text.
    pub text: &'a str,
    /// What it came to.
    pub truth: Truth,
    /// The cells it looked at; key columns, and facts without a vantage, have no id.
    pub cells: Vec<(Option<&'a FactId>, &'a Cell)>,
}

/// What a condition came to for one instance.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Whether it holds.
    pub truth: Truth,
    pub(super) trace: Node,
    pub(super) source: Arc<str>,
}

impl Outcome {
    /// Every atom that was evaluated, in order.
    pub fn trace(&self) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        self.trace.steps(&self.source, &mut steps);
        steps
    }

    /// The facts whose atoms decided the truth, in order and without repetition; empty while it is unknown.
    ///
    /// Where no row of a table took part, the table's size stands for it: `listener@here.rows = 0`.
    pub fn evidence(&self) -> Vec<(FactId, Cell)> {
        let mut found: Vec<(FactId, Cell)> = Vec::new();
        if self.truth == Truth::Unknown {
            return found;
        }
        let (mut facts, mut unseen) = (Vec::new(), Vec::new());
        self.trace.deciding(&mut facts, &mut unseen);
        for seen in facts {
            if let Id::Fact(id) = &seen.id
                && !found.iter().any(|(known, _)| known == id)
            {
                found.push((id.clone(), seen.cell.clone()));
            }
        }
        found
    }

    /// What made the truth unknown: facts or tables and why they were not measured; only what matters, without repetition.
    pub fn lacks(&self) -> Vec<(String, Because)> {
        self.trace.lacks()
    }
}
