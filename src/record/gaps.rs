//! What a recording that was cut off says about the probes it has no word of.

use super::Event;
use crate::facts::dictionary::filled_by;
use crate::facts::sheet::SheetState;
use crate::facts::{Because, Facts, Reason, blank};
use crate::path::Vantage;
use crate::plan::Plan;

/// Adds *not measured: interrupted* for every planned step that neither ended nor left a fact.
pub fn fill(facts: &mut Facts, plan: &Plan, events: &[Event]) {
    let ended = |id: &str, at: &Vantage| {
        events.iter().any(|e| matches!(e, Event::Finished { probe, vantage, .. } if probe == id && vantage == at))
    };
    for lane in &plan.lanes {
        let at = lane.path.as_ref().map_or_else(|| Vantage::site(&plan.site), |path| path.vantage.clone());
        for step in lane.steps.iter().filter(|step| !ended(&step.probe, &at)) {
            for mut sheet in blank(filled_by(&step.primitive), &step.with, &at, &Because::from(Reason::Interrupted)) {
                let (rows, state) = facts.rows(&sheet.table, sheet.vantage.as_ref());
                let untouched = rows.is_empty() && matches!(&state, SheetState::NotMeasured(b) if b.reason == Reason::NotPlanned);
                let known: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
                sheet.rows.retain(|row| !known.contains(&row.key));
                if untouched || !sheet.rows.is_empty() {
                    facts.add(sheet);
                }
            }
        }
    }
}
