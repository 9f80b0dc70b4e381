//! A matrix as the shelf holds it: which probes, which rows are required, what is expected.

use std::time::Duration;

use crate::code::{Code, Severity};
use crate::facts::FactId;
use crate::path::Kind;

/// One matrix file.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The name, which is also the file's name.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// Ids of probes, in the order in which a lane runs them.
    pub probes: Vec<String>,
    /// Codes that must be clear for a healthy verdict.
    pub require: Vec<Code>,
    /// Path kinds without which the matrix says little: a missing one is an undecided entry that names the flag. Any path
    /// through an edge serves for `edge`.
    pub needs: Vec<Kind>,
    /// Cells that are right although a row would call them wrong.
    pub expect: Vec<Expect>,
    /// The budget unless `--budget` says otherwise.
    pub budget: Duration,
    /// The most pre-authentication sockets it may open at once, over all paths; `None` for the usual four.
    pub sockets: Option<usize>,
}

/// An expected cell: while it holds, rows resting on that fact are clear on that path; its opposite is a finding.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The path's name (`public`, `edge:corp`), on any site.
    pub path: String,
    /// The fact, with the vantage of the plan filled in at judging.
    pub fact: FactId,
    /// The values that are expected.
    pub values: Vec<crate::facts::Value>,
    /// The code of the finding when the fact is measured and is none of them.
    pub or_else: Code,
    /// Its weight.
    pub severity: Severity,
}
