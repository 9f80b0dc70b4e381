//! Makes a plan fit its budget: whole probes go, from the outside in.

use super::schedule::{budget_for_ms, reserve_ms, worst};
use super::{Dropped, Lane, Step};
use crate::facts::{Because, Reason};

/// Drops what can be spared, from the outside in; then the last probe of the outermost lane, and again, until the worst case fits.
/// The site's probes go last.
///
/// Since probes always go in the same order, a smaller budget drops what a larger one drops, and more.
pub fn fit(lanes: &mut [Lane], at_once: usize, budget_ms: u64, spare: impl Fn(&Step) -> bool) -> Vec<Dropped> {
    let room = budget_ms - reserve_ms(budget_ms);
    let mut dropped = Vec::new();
    loop {
        let taken = worst(lanes, at_once).end_ms;
        let Some((lane, at)) = next(lanes, &spare).filter(|_| taken > room) else { break };
        let needs_ms = budget_for_ms(taken);
        let lane = &mut lanes[lane];
        let step = lane.steps.remove(at);
        lane.share_ms -= step.deadline_ms;
        let because = Because::new(Reason::Budget, format!("{} needs --budget {}s", step.probe, needs_ms / 1_000));
        dropped.push(Dropped { path: lane.path.clone(), step, because, needs_ms: Some(needs_ms) });
    }
    dropped
}

/// The lane and the place in it of the step that goes next.
fn next(lanes: &[Lane], spare: impl Fn(&Step) -> bool) -> Option<(usize, usize)> {
    let outward = || (0..lanes.len()).rev().filter(|lane| lanes[*lane].path.is_some());
    let spared = outward().find_map(|lane| Some((lane, lanes[lane].steps.iter().rposition(&spare)?)));
    let last = |lane: usize| Some((lane, lanes[lane].steps.len().checked_sub(1)?));
    let site = || (0..lanes.len()).filter(|lane| lanes[*lane].path.is_none()).find_map(last);
    spared.or_else(|| outward().find_map(last)).or_else(site)
}
