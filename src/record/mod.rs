//! A recording: the head, the sheets in the order they came, and the end. One JSON object per line.

mod gaps;
pub mod read;
pub mod redact;
#[cfg(test)]
mod sample;
pub mod save;
pub mod write;

use serde::{Deserialize, Serialize};

use crate::code::Severity;
use crate::facts::series::Taken;
use crate::facts::{Facts, Sheet};
use crate::labels;
use crate::plan::Plan;

/// The schema this build writes, and the only major version it reads.
pub const SCHEMA: &str = "clawprobe.recording/1";

/// Name and version of this build: what recordings call `tool` and reports call `judged_by`.
pub const BUILD: &str = concat!("clawprobe ", env!("CARGO_PKG_VERSION"));

labels! {
    /// What a report may show.
    pub enum Share {
        Public = "public": "Neither addresses nor names nor a peer's own words; names of paths and sites stay as typed.",
        Team = "team": "Addresses and names, no secrets.",
        Private = "private": "As team; for one's own eyes.",
    }
}

/// One file of the shelf that took part, and the digest of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `builtin`, or the overlay's file name.
    pub name: String,
    /// SHA-256 of the content, the first 8 hex digits.
    pub digest: String,
}

/// The recording's first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// `clawprobe.recording/1`.
    pub schema: String,
    /// Name and version of the tool that ran.
    pub tool: String,
    /// When, RFC 3339 in UTC.
    pub taken: String,
    /// The run's marker: the key of its placeholders.
    pub marker: String,
    /// The target as the report's head names it, such as `ws://127.0.0.1:18789`.
    pub target: String,
    /// What stood there, when it was a world of our own and no real gateway: `reference`, or with its fault `reference,
    /// edge/upgrade-dropped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub world: Option<String>,
    /// Built-in shelf and overlays.
    pub shelf: Vec<Origin>,
    /// `--only`, as typed.
    pub only: Vec<String>,
    /// `--skip`, as typed.
    pub skip: Vec<String>,
    /// `--fail-on`.
    pub fail_on: Severity,
    /// `--share`.
    pub share: Share,
    /// The plan.
    pub plan: Plan,
}

/// The recording's last line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// How long the run took.
    pub duration_ms: f64,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// What went wrong inside clawprobe, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// What the recording itself lacks, as a sentence: set when it was read from a file that was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One line of a recording, and one event of a run: printers, the recorder and the progress line all listen to these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Event {
    /// The run begins.
    Head(Box<Head>),
    /// A probe begins.
    Started {
        /// The probe's id.
        probe: String,
        /// `here` or `here/local`.
        vantage: crate::path::Vantage,
        /// Milliseconds since the run began.
        at_ms: f64,
    },
    /// Facts arrived.
    Sheet(Sheet),
    /// Samples that a probe took; its facts are what they come to.
    Series(Taken),
    /// A probe ended.
    Finished {
        /// The probe's id.
        probe: String,
        /// `here` or `here/local`.
        vantage: crate::path::Vantage,
        /// Milliseconds since the run began.
        at_ms: f64,
    },
    /// The run ended.
    End(End),
}

/// A whole run, live or read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The head.
    pub head: Head,
    /// Every event between head and end, in order, for writing the recording again.
    pub events: Vec<Event>,
    /// All facts.
    pub facts: Facts,
    /// The end; a recording that was cut off has none of its own and counts as interrupted.
    pub end: End,
}

impl Recording {
    /// Puts a recording together: the facts are those of the events, in their order.
    ///
    /// In one that was cut off (its end has a note), what was planned and is missing becomes *not measured: interrupted*.
    pub fn new(head: Head, events: Vec<Event>, end: End) -> Self {
        let mut facts = Facts::default();
        for event in &events {
            if let Event::Sheet(sheet) = event {
                facts.add(sheet.clone());
            }
        }
        if end.note.is_some() {
            gaps::fill(&mut facts, &head.plan, &events);
        }
        Self { head, events, facts, end }
    }
}
