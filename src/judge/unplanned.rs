//! What the plan did not ask for, although other probes filled the same tables: a row of theirs that is missing is not absent.

use crate::facts::dictionary::filled_by;
use crate::facts::{Because, Facts, Reason, blank};
use crate::path::Vantage;
use crate::record::Recording;
use crate::shelf::Shelf;
use crate::shelf::probe::Probe;

/// Marks the rows of every probe that could have been asked where another one was, and was not planned.
pub fn mark(facts: &mut Facts, shelf: &Shelf, recording: &Recording) {
    let plan = &recording.head.plan;
    let because = Because::from(Reason::NotPlanned);
    for lane in &plan.lanes {
        let at = lane.path.as_ref().map_or_else(|| Vantage::site(&plan.site), |path| path.vantage.clone());
        let scheme = facts.look("path", &at, &[], "scheme").text().and_then(|word| word.parse().ok());
        let asked = |probe: &&Probe| match (&lane.path, scheme) {
            (None, _) => probe.paths.is_empty(),
            (Some(path), Some(scheme)) => probe.asks(path.kind, scheme),
            (Some(path), None) => probe.paths.contains(&path.kind),
        };
        let planned = |probe: &&Probe| lane.steps.iter().any(|step| step.probe == probe.id);
        for probe in shelf.probes.iter().filter(asked).filter(|probe| !planned(probe)) {
            blank(filled_by(&probe.primitive), &probe.with, &at, &because).into_iter().for_each(|sheet| facts.leave_out(sheet));
        }
    }
}
