//! The condition language: typed comparisons of facts under three truth values, with quantifiers and counts.
//!
//! A text goes through `token`, `parser` (to `syntax`, names only) and `check` (to `ast`, everything resolved against the
//! dictionary), so that whatever can be wrong is refused at load as a [`Mistake`]. [`Each`] yields the [`Instance`]s a
//! row is asked of, [`Condition::eval`] an [`Outcome`] with its trace, [`Template`] sentences with holes,
//! [`Condition::mutants`] what the evidence of a row must be able to tell apart, and [`fence`] reads that evidence.
//!
//! ```text
//! upgrade@e.outcome in [plain-answer, refused] and pair(e, direct(e)).same-gateway != refuted
//! any q in dns@site(e) where q.resolver == quad100: q.class == tailnet
//! distinct(s.value for s in setting@host(e) where s.key == port) > 1
//! ```
//!
//! `and` binds tighter than `or`; the body of a quantifier reaches as far right as it can. Words, whole numbers, durations
//! and shares stand bare (`refused`, `426`, `60 s`, `41 %`); every other value stands in double quotes (`"127.0.0.1"`).

mod ast;
mod check;
mod each;
mod env;
mod eval;
pub mod fence;
mod formula;
mod instance;
mod mistake;
#[cfg(test)]
mod monotone;
mod mutant;
mod outcome;
mod parser;
mod planned;
mod refer;
mod syntax;
mod tally;
mod template;
mod token;
mod truth;
mod world;

pub use each::Each;
pub use formula::Condition;
pub use instance::{Bound, Instance};
pub use mistake::Mistake;
pub use mutant::Mutant;
pub use outcome::{Outcome, Step};
pub use template::Template;
pub use truth::Truth;
pub use world::World;
