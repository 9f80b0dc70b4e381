//! From a matrix, the ways and a budget to an ordered plan whose worst case is known before the first packet. Pure.

mod fit;
#[cfg(test)]
pub(crate) mod fixture;
mod make;
mod needed;
pub mod schedule;
pub mod selection;
mod show;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::facts::Because;
use crate::path::{Kind, Path};
use crate::shelf::probe::Method;

pub use make::{Options, make};
pub use selection::Selection;

/// One planned probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The probe file's id, such as `upgrade-browser`.
    pub probe: String,
    /// The primitive it uses.
    pub primitive: String,
    /// Parameters, as the probe file gives them; those named like a key column of the primitive's table fix that column.
    pub with: std::collections::BTreeMap<String, String>,
    /// Ids of probes of the same lane that must have succeeded.
    pub needs: Vec<String>,
    /// The probe's own deadline in milliseconds.
    pub deadline_ms: u64,
    /// Whether it may send the credential.
    pub credential: bool,
}

/// The probes of one path (or of the site), one after the other over one socket at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The path; `None` for the probes of the site itself.
    pub path: Option<Path>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The share of the budget in milliseconds: the sum of the deadlines.
    pub share_ms: u64,
    /// Number of the wave it runs in if every lane takes its whole share: 0 is the site and the direct lane; at most four
    /// lanes run at once.
    pub wave: usize,
}

/// A whole probe that the budget had no room for, or that another reason kept from being planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// The path; `None` for the site.
    pub path: Option<Path>,
    /// The step that is left out.
    pub step: Step,
    /// Why.
    pub because: Because,
    /// The smallest budget that has room for it and for all that goes before it; plans of builds that did not tell have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_ms: Option<u64>,
}

/// A kind of path that the matrix needs and nobody named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lack {
    /// The kind.
    pub kind: Kind,
    /// The flag to add, such as `--edge URL`.
    pub flag: String,
}

/// What will be asked, in which order, and how long it can take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The matrix.
    pub matrix: String,
    /// The site's name.
    pub site: String,
    /// The budget in milliseconds.
    pub budget_ms: u64,
    /// The longest the run can take, proven from the deadlines; never above the budget.
    pub worst_case_ms: u64,
    /// The lanes, in order of waves and rank.
    pub lanes: Vec<Lane>,
    /// What was left out.
    pub dropped: Vec<Dropped>,
    /// Codes that must be clear for a healthy verdict.
    pub require: Vec<Code>,
    /// Path kinds that are lacking.
    pub lacks: Vec<Lack>,
    /// The most pre-authentication sockets that can be open at once.
    pub sockets: usize,
    /// How many lanes of paths may run at once.
    #[serde(default = "usual", skip_serializing_if = "is_usual")]
    pub lanes_at_once: usize,
    /// The most credential attempts that may fail.
    pub credentials: usize,
    /// What else the other side will see of it; recordings of builds that did not tell have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etiquette: Option<Etiquette>,
}

/// Lanes at once in plans that do not say how many.
const fn usual() -> usize {
    schedule::LANES_AT_ONCE
}

fn is_usual(lanes: &usize) -> bool {
    *lanes == usual()
}

/// What the other side will see of a run at most, told before the first packet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etiquette {
    /// Connections over all paths; a name with more than one address adds one for each.
    pub connections: usize,
    /// HTTP methods, and methods over WebSocket. None of them writes.
    pub methods: Vec<Method>,
    /// Names of request headers, apart from those that the user's own header file adds on edge paths.
    pub headers: Vec<String>,
}

impl Plan {
    /// The planned paths, in order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.lanes.iter().filter_map(|lane| lane.path.as_ref())
    }
}
