//! The head of a recording that is about to be made.

use crate::clock;
use crate::code::Severity;
use crate::plan::Plan;
use crate::record::{BUILD, Head, SCHEMA, Share};
use crate::secret::Marker;
use crate::shelf::Shelf;
use crate::target::Target;

/// The head of a run that nobody asked anything special of.
pub fn head(plan: Plan, shelf: &Shelf, target: &Target) -> Head {
    Head {
        schema: SCHEMA.to_owned(),
        tool: BUILD.to_owned(),
        taken: clock::wall_text(),
        marker: Marker::fresh().as_str().to_owned(),
        world: None,
        target: target.ways.first().map(|way| way.endpoint.to_string()).unwrap_or_default(),
        shelf: shelf.origins.clone(),
        only: Vec::new(),
        skip: Vec::new(),
        fail_on: Severity::Warning,
        share: Share::Team,
        plan,
    }
}
