//! A condition: parsed, checked, ready to be evaluated.

use std::sync::Arc;

use super::ast::Expr;
use super::check::Checker;
use super::each::Each;
use super::instance::Instance;
use super::mistake::Mistake;
use super::outcome::{Node, Outcome};
use super::parser::Parser;
use super::world::World;

/// A parsed and checked condition.
#[derive(Debug, Clone)]
pub struct Condition {
    pub(super) source: Arc<str>,
    pub(super) root: Expr,
}

impl Condition {
    /// Parses a condition over the names that `each` binds.
    ///
    /// # Errors
    /// The first mistake of grammar, or every mistake of names and types; never an empty list.
    pub fn parse(source: &str, each: &Each) -> Result<Self, Vec<Mistake>> {
        let syntax = Parser::whole(source).map_err(|m| vec![m])?;
        let mut checker = Checker::new(each.names());
        let root = checker.expr(&syntax);
        Ok(Self { source: source.into(), root: checker.done(root)? })
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Evaluates the condition for one instance. An instance of rows that nobody saw is unknown for the table's reason.
    pub fn eval(&self, world: &World<'_>, instance: &Instance) -> Outcome {
        let trace = match instance.env(*world) {
            Ok(mut env) => env.eval(&self.root),
            Err(unseen) => Node::unseen(unseen),
        };
        Outcome { truth: trace.truth, trace, source: Arc::clone(&self.source) }
    }

    /// The names of the tables it reads, in order and without repetition.
    pub fn tables(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.root.tables(&mut |table| {
            if !names.contains(&table.name) {
                names.push(table.name);
            }
        });
        names
    }
}
