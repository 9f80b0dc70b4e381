//! What a judgement yields.

use serde::{Deserialize, Serialize};

use crate::code::{Certainty, Code, Layer, Plane, Severity};
use crate::exit::Exit;
use crate::facts::Because;
use crate::labels;
use crate::path::Vantage;
use crate::record::End;

labels! {
    /// The verdict in one word.
    pub enum Outcome {
        Healthy = "healthy": "Every required row is clear, and there is no finding.",
        Symptoms = "symptoms": "There is at least one finding.",
        Inconclusive = "inconclusive": "No finding at or above the threshold, but something required could not be measured.",
    }
}

/// A fact a finding rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The fact's id.
    pub id: String,
    /// Its cell as people read it.
    pub value: String,
}

/// A row that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `CODE@instance`, with full vantages: `WS-01@here/edge:corp`.
    pub id: String,
    /// The code.
    pub code: Code,
    /// The row's name.
    pub name: String,
    /// The row's title.
    pub title: String,
    /// Layer of the walk.
    pub layer: Layer,
    /// Prefix of the code.
    pub family: String,
    /// Whose business it is.
    pub plane: Plane,
    /// The vantages the instance binds, the first one first.
    pub vantages: Vec<Vantage>,
    /// Suspected or proven.
    pub certainty: Certainty,
    /// Weight.
    pub severity: Severity,
    /// Ids of the findings that explain this one; empty for a root.
    pub explained_by: Vec<String>,
    /// What was seen.
    pub observed: String,
    /// What should have been seen.
    pub expected: String,
    /// What follows.
    pub therefore: String,
    /// What to do first, as a sentence.
    pub first_response: String,
    /// Commands that are safe to paste.
    pub commands: Vec<String>,
    /// The facts it rests on.
    pub evidence: Vec<Evidence>,
    /// Why it does not count, when the site's overlay mutes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
}

/// A fact that an undecided row lacks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lacking {
    /// The fact's id, or the table's.
    pub id: String,
    /// Why it was not measured.
    #[serde(flatten)]
    pub because: Because,
}

/// A row that could not be decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undecided {
    /// The code, or the path kind that is lacking (`needs edge`).
    pub code: String,
    /// `CODE@instance`.
    pub id: String,
    /// Title of the row.
    pub title: String,
    /// Layer of the row.
    pub layer: Option<Layer>,
    /// The vantages the instance binds.
    pub vantages: Vec<Vantage>,
    /// Whether the matrix requires it.
    pub required: bool,
    /// The facts it lacks.
    pub lacks: Vec<Lacking>,
    /// The first of their reasons, for people.
    pub reason: Because,
    /// The finding it folds beneath, when that finding's fact is what blocked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneath: Option<String>,
}

/// A row that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clear {
    /// `CODE@instance`.
    pub id: String,
    /// Layer of the row.
    pub layer: Layer,
    /// The vantages the instance binds.
    pub vantages: Vec<Vantage>,
    /// Whether an `expect` cell of the matrix made it clear: an expected refusal, shown in green.
    pub expected: bool,
}

/// The whole judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// The code of the first root.
    pub root: Option<Code>,
    /// Ids of the findings nothing explains, heaviest first.
    pub roots: Vec<String>,
    /// All findings: roots first, each followed by what it explains.
    pub findings: Vec<Finding>,
    /// Rows that could not be decided.
    pub undecided: Vec<Undecided>,
    /// Rows that do not hold.
    pub clear: Vec<Clear>,
}

impl Verdict {
    /// How the verdict ends a command, before the run's own accidents are counted.
    ///
    /// Explained findings count, suspected ones count, muted ones do not; a finding beats what could not be measured.
    pub fn exit(&self, fail_on: Severity) -> Exit {
        if self.findings.iter().any(|f| f.muted.is_none() && f.severity >= fail_on) {
            Exit::Symptoms
        } else if self.undecided.iter().any(|u| u.required) {
            Exit::Inconclusive
        } else {
            Exit::Healthy
        }
    }

    /// How it ends a command when these accidents are counted: a defect says more than an interruption, and that more than the
    /// verdict.
    pub fn ended(&self, fail_on: Severity, end: &End) -> Exit {
        match end {
            End { defect: Some(_), .. } => Exit::Defect,
            End { interrupted: true, .. } => Exit::Interrupted,
            End { .. } => self.exit(fail_on),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_defect_beats_an_interruption_beats_the_verdict() {
        let verdict = Verdict {
            outcome: Outcome::Healthy,
            root: None,
            roots: Vec::new(),
            findings: Vec::new(),
            undecided: Vec::new(),
            clear: Vec::new(),
        };
        let ended = |interrupted, defect: Option<&str>| {
            let end = End { duration_ms: 1.0, interrupted, defect: defect.map(String::from), note: None };
            verdict.ended(Severity::Warning, &end)
        };
        assert_eq!(ended(false, None), Exit::Healthy);
        assert_eq!(ended(true, None), Exit::Interrupted);
        assert_eq!(ended(true, Some("x")), Exit::Defect);
    }
}
