//! Evidence fences: a small world written down beside a row, and what the row must make of it.
//!
//! ```text
//! present
//! # a comment
//! path here/edge:corp class=edge rides-on=local
//! path here/lan not-planned
//! site gw role=gateway-host
//! instance e=here/edge:corp
//! upgrade@here/edge:corp.outcome = plain-answer
//! upgrade@here/edge:corp.server = absent
//! tcp@here/local[address=127.0.0.1,port=18789].connected = not measured: deadline
//! listener@here = incomplete: truncated more than 256 rows
//! ```
//!
//! The first line says what it is evidence of; the backticks may stand around it. Sites and paths that are mentioned take
//! part, unless a path is marked `not-planned`. A path's kind is the part of its name before the colon, its class that of the
//! kind, unless the line says otherwise. A table that is mentioned is complete unless a line gives its state; one that is not
//! was not planned, and neither was a cell that no line gives.

mod judge;
mod line;
mod reader;

use std::ops::Range;

use super::mistake::Mistake;
use crate::facts::Facts;
use crate::labels;
use crate::path::Topology;

labels! {
    /// What a fence is evidence of.
    pub enum Expect {
        Present = "present": "The condition holds.",
        Suspected = "suspected": "The condition is unknown and the lead holds.",
        Clear = "clear": "The condition does not hold.",
        Unknown = "unknown": "Neither the condition nor the lead decides.",
    }
}

/// A fence that was read.
#[derive(Debug, Clone)]
pub struct Fence {
    /// What the row must make of it.
    pub expect: Expect,
    /// The facts.
    pub facts: Facts,
    /// Sites and paths.
    pub topology: Topology,
    pick: Vec<Pick>,
}

/// `instance e=here/edge:corp`: which instance is meant when there are several.
#[derive(Debug, Clone)]
struct Pick {
    binder: String,
    bound: String,
    span: Range<usize>,
}

/// Reads a fence.
///
/// # Errors
/// Every mistake, with its place in the fence's text; never an empty list.
pub fn parse(source: &str) -> Result<Fence, Vec<Mistake>> {
    reader::read(source)
}
