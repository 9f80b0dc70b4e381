//! From facts and rows to a verdict. Pure: it knows neither probes nor the network.

pub mod causes;
pub mod condition;
pub mod verdict;

/// A recording, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What it comes to.
    pub verdict: verdict::Verdict,
    /// Sites and paths, with roles, classes and rides-on settled.
    pub topology: crate::path::Topology,
    /// All facts, the derived ones among them.
    pub facts: crate::facts::Facts,
}
