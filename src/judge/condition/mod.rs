//! The condition language. To come.

/// A parsed and checked condition.
#[derive(Debug, Clone)]
pub struct Condition;

/// A parsed and checked `each`.
#[derive(Debug, Clone)]
pub struct Each;

/// A sentence with holes.
#[derive(Debug, Clone)]
pub struct Template;
