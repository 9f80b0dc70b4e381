//! A symptom as the shelf holds it: rule, manual page and test in one file.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::page::Page;
use crate::code::{Code, Layer, Plane, Severity};
use crate::judge::condition::{Condition, Each, Instance, Template, Truth, World};

/// Every key of a symptom's front matter, in the order in which people read it.
pub const KEYS: &[&str] = &[
    "code",
    "name",
    "title",
    "layer",
    "plane",
    "severity",
    "since",
    "each",
    "when",
    "lead",
    "explained-by",
    "lookalikes",
    "observed",
    "expected",
    "therefore",
    "first-response",
    "in-case",
    "commands",
    "fault",
    "no-fault",
    "requirements",
    "references",
];

/// Something of the condition language beside the words it was written in.
#[derive(Debug, Clone)]
pub struct Written<T> {
    /// As written.
    pub text: String,
    /// As understood.
    pub parsed: T,
}

impl<T> Deref for Written<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.parsed
    }
}

/// What to do first where the facts tell the case.
#[derive(Debug, Clone)]
pub struct Case {
    /// Whether it is the case.
    pub when: Written<Condition>,
    /// What to do first then.
    pub first: Written<Template>,
}

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
    pub each: Written<Each>,
    /// True: proven. False: clear.
    pub when: Written<Condition>,
    /// True while `when` is unknown: suspected.
    pub lead: Option<Written<Condition>>,
    /// Codes whose findings explain this one.
    pub explained_by: Vec<Code>,
    /// Codes it is easily taken for.
    pub lookalikes: Vec<Code>,
    /// What was seen.
    pub observed: Written<Template>,
    /// What should have been seen.
    pub expected: Written<Template>,
    /// What follows.
    pub therefore: Written<Template>,
    /// What to do first where no case holds, as a sentence.
    pub first_response: String,
    /// The cases that facts tell, the first that holds being it.
    pub in_case: Vec<Case>,
    /// Commands that are safe to paste.
    pub commands: Vec<Written<Template>>,
    /// The fault that reproduces it; empty when none can be made.
    pub fault: String,
    /// Why no fault can be made; empty when there is one.
    pub no_fault: String,
    /// Seed requirement numbers.
    pub requirements: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// Prose and evidence.
    pub page: Page,
    /// The file that brought the row: `builtin`, or an overlay's name.
    pub origin: String,
    /// Fields that another file set since, and which.
    pub provenance: BTreeMap<&'static str, String>,
    /// SHA-256 of the file, the first 8 hex digits.
    pub digest: String,
}

impl Symptom {
    /// The case that an instance is.
    pub fn case(&self, world: &World<'_>, instance: &Instance) -> Option<&Case> {
        self.in_case.iter().find(|case| case.when.eval(world, instance).truth == Truth::True)
    }

    /// What to do first about an instance.
    pub fn first(&self, world: &World<'_>, instance: &Instance) -> String {
        self.case(world, instance).map_or_else(|| self.first_response.clone(), |case| case.first.render(world, instance))
    }

    /// The file that set a field.
    pub fn origin_of(&self, key: &str) -> &str {
        self.provenance.get(key).unwrap_or(&self.origin)
    }

    /// A field of the front matter as text; a list joined by commas, conditions trimmed. Empty for what the row does not have.
    pub fn field(&self, key: &str) -> String {
        let codes = |codes: &[Code]| codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", ");
        match key {
            "code" => self.code.to_string(),
            "name" => self.name.clone(),
            "title" => self.title.clone(),
            "layer" => self.layer.to_string(),
            "plane" => self.plane.to_string(),
            "severity" => self.severity.to_string(),
            "since" => self.since.clone(),
            "each" => self.each.text.clone(),
            "when" => self.when.text.trim().to_owned(),
            "lead" => self.lead.as_ref().map(|l| l.text.trim().to_owned()).unwrap_or_default(),
            "explained-by" => codes(&self.explained_by),
            "lookalikes" => codes(&self.lookalikes),
            "observed" => self.observed.text.clone(),
            "expected" => self.expected.text.clone(),
            "therefore" => self.therefore.text.clone(),
            "first-response" => self.first_response.clone(),
            "in-case" => {
                let lines = self.in_case.iter().map(|case| format!("{}: {}", case.when.text.trim(), case.first.text));
                lines.collect::<Vec<_>>().join("\n")
            }
            "commands" => self.commands.iter().map(|c| c.text.as_str()).collect::<Vec<_>>().join("\n"),
            "fault" => self.fault.clone(),
            "no-fault" => self.no_fault.clone(),
            "requirements" => self.requirements.join(", "),
            "references" => self.references.join(", "),
            _ => String::new(),
        }
    }
}
