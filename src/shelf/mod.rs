//! The knowledge: symptoms, probes, matrices and overlays, read through one loader and one validator.
//!
//! [`reader`] reads TOML strictly; [`symptom_file`], [`probe_file`], [`matrix_file`] and [`overlay`] make of it [`symptom`],
//! [`probe`], [`matrix`] and changes to them; [`edges`] holds what is known of edge products; [`check`] looks at the whole;
//! [`pattern`] and [`answer`] hold what the guides say; [`search`] finds any of it by words.

pub mod answer;
pub mod builtin;
pub mod check;
pub mod edges;
pub mod front;
pub mod later;
pub mod lint;
pub mod matrix;
pub mod matrix_file;
pub mod overlay;
pub mod page;
pub mod pattern;
pub mod probe;
pub mod probe_file;
pub mod reader;
pub mod search;
pub mod symptom;
pub mod symptom_file;

use std::collections::BTreeMap;

use sha2::Digest;

use crate::code::Code;
use crate::complaint::Complaint;
use crate::record::Origin;

/// The origin of what is compiled in.
pub const BUILTIN: &str = "builtin";

/// Everything that was loaded: built-in files and overlays, validated.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    /// Rows, ordered by layer and code.
    pub symptoms: Vec<symptom::Symptom>,
    /// Probes, in the order of the walk.
    pub probes: Vec<probe::Probe>,
    /// Matrices, by name.
    pub matrices: Vec<matrix::Matrix>,
    /// Rows the site mutes.
    pub mutes: Vec<Mute>,
    /// What the site calls itself and its tickets.
    pub site: SiteNames,
    /// What is known of edge products.
    pub edges: Vec<edges::Edge>,
    /// Ways to reach a gateway from elsewhere, by name.
    pub patterns: Vec<pattern::Pattern>,
    /// Answers to what is asked again and again, by name.
    pub answers: Vec<answer::Answer>,
    /// Codes that have no row yet.
    pub later: BTreeMap<Code, later::Later>,
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
    /// The overlay that says so.
    pub origin: String,
}

impl Mute {
    /// Whether the mute still holds at a time written as RFC 3339 or as a day: its last day is included.
    pub fn holds(&self, time: &str) -> bool {
        let today = time.get(..10).unwrap_or(time);
        self.until.as_deref().is_none_or(|until| today <= until)
    }

    /// The sentence about a mute whose last day is over at a time; none while it holds.
    pub fn ended(&self, time: &str) -> Option<String> {
        let until = self.until.as_ref().filter(|_| !self.holds(time))?;
        Some(format!("mute of {} by {} ended on {until}; it counts again", self.code, self.origin))
    }
}

/// What a site's overlays say about the site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteNames {
    /// The site's name.
    pub name: Option<String>,
    /// The site's own ticket or runbook for a code.
    pub tickets: BTreeMap<Code, String>,
}

impl Shelf {
    /// The built-in shelf.
    ///
    /// # Errors
    /// A complaint about the first file that does not load; for built-in files that is a defect which the tests exclude.
    pub fn builtin() -> Result<Self, Complaint> {
        builtin::load()
    }

    /// The built-in shelf, changed by overlays in this order: pairs of file name and content.
    ///
    /// # Errors
    /// A complaint about the first overlay that does not load.
    pub fn with_overlays(overlays: &[(String, String)]) -> Result<Self, Complaint> {
        let mut shelf = Self::builtin()?;
        overlays.iter().try_for_each(|(name, text)| overlay::apply(&mut shelf, name, text))?;
        Ok(shelf)
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
        self.mutes.iter().find(|m| &m.code == code && m.holds(day))
    }

    /// The matrix of a name that a user typed.
    ///
    /// # Errors
    /// A complaint that lists the matrices there are.
    pub fn named_matrix(&self, name: &str) -> Result<&matrix::Matrix, Complaint> {
        self.matrix(name).ok_or_else(|| {
            let known = self.matrices.iter().map(|m| m.name.as_str());
            let complaint = Complaint::new(format!("there is no matrix `{name}`")).flag("run", name, "unknown matrix");
            complaint.help(crate::complaint::among(name, known, "there are"))
        })
    }

    /// Puts rows in their order: by layer, then by code.
    fn sort(&mut self) {
        self.symptoms.sort_by(|a, b| (a.layer, &a.code).cmp(&(b.layer, &b.code)));
    }
}

/// SHA-256 of a text, the first 8 hex digits: enough to tell two versions of a file apart.
pub fn digest(text: &str) -> String {
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(text)[..4])
}
