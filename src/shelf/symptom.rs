//! A symptom as the shelf holds it: rule, manual page and test in one file.

use std::collections::BTreeMap;

use crate::code::{Code, Layer, Plane, Severity};
use crate::judge::condition::{Condition, Each, Template};

/// One row of the matrix.
#[derive(Debug, Clone)]
pub struct Symptom {
    /// The code.
    pub code: Code,
    /// Completes "the trouble is …"; part of the file name.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Layer of the walk.
    pub layer: Layer,
    /// Whose business it is.
    pub plane: Plane,
    /// Weight.
    pub severity: Severity,
    /// The release that brought it.
    pub since: String,
    /// What it is asked of: one instance per binding.
    pub each: Each,
    /// True: proven. False: clear.
    pub when: Condition,
    /// True while `when` is unknown: suspected.
    pub lead: Option<Condition>,
    /// Codes whose findings explain this one.
    pub explained_by: Vec<Code>,
    /// Codes it is easily taken for.
    pub lookalikes: Vec<Code>,
    /// What was seen.
    pub observed: Template,
    /// What should have been seen.
    pub expected: Template,
    /// What follows.
    pub therefore: Template,
    /// What to do first, as a sentence.
    pub first_response: String,
    /// Commands that are safe to paste.
    pub commands: Vec<Template>,
    /// The fault that reproduces it.
    pub fault: String,
    /// Seed requirement numbers.
    pub requirements: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// The prose, by heading, in order.
    pub prose: Vec<(String, String)>,
    /// The evidence fences, as written; they are parsed only by tests and `matrix lint`.
    pub fences: Vec<String>,
    /// Which file set each field: `builtin`, or an overlay's name.
    pub provenance: BTreeMap<String, String>,
    /// SHA-256 of the file, the first 8 hex digits.
    pub digest: String,
}
