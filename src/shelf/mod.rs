//! The knowledge: symptoms, probes, matrices and overlays, read through one loader and one validator.

pub mod matrix;
pub mod probe;
pub mod symptom;

use crate::code::Code;
use crate::complaint::Complaint;
use crate::record::Origin;

/// Everything that was loaded: built-in files and overlays, validated.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Rows, ordered by layer and code.
    pub symptoms: Vec<symptom::Symptom>,
    /// Probes, by id.
    pub probes: Vec<probe::Probe>,
    /// Matrices, by name.
    pub matrices: Vec<matrix::Matrix>,
    /// Rows the site mutes.
    pub mutes: Vec<Mute>,
    /// The files that took part.
    pub origins: Vec<Origin>,
}

/// A row that an overlay mutes: still evaluated and counted, but it does not set the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mute {
    /// The code.
    pub code: Code,
    /// Why.
    pub reason: String,
    /// Last day it holds, `YYYY-MM-DD`; afterwards the row counts again.
    pub until: Option<String>,
}

impl Shelf {
    /// The built-in shelf.
    ///
    /// # Errors
    /// A complaint about the first file that does not load; for built-in files that is a defect which the tests exclude.
    pub fn builtin() -> Result<Self, Complaint> {
        Ok(Self::default())
    }

    /// The row of a code.
    pub fn symptom(&self, code: &Code) -> Option<&symptom::Symptom> {
        self.symptoms.iter().find(|s| &s.code == code)
    }

    /// The probe of an id.
    pub fn probe(&self, id: &str) -> Option<&probe::Probe> {
        self.probes.iter().find(|p| p.id == id)
    }

    /// The matrix of a name.
    pub fn matrix(&self, name: &str) -> Option<&matrix::Matrix> {
        self.matrices.iter().find(|m| m.name == name)
    }

    /// The mute of a code that still holds on a day (RFC 3339; only its date counts).
    pub fn mute(&self, code: &Code, day: &str) -> Option<&Mute> {
        let today = day.get(..10).unwrap_or(day);
        self.mutes.iter().find(|m| &m.code == code && m.until.as_deref().is_none_or(|until| today <= until))
    }
}
