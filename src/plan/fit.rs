//! Makes a plan fit its budget: whole probes go, from the outside in.

use super::schedule::{reserve_ms, worst};
use super::{Dropped, Lane};
use crate::facts::{Because, Reason};

/// Drops the last probe of the outermost lane, and again, until the worst case fits. The site's probes go last.
///
/// Since probes always go in the same order, a smaller budget drops what a larger one drops, and more.
pub fn fit(lanes: &mut [Lane], budget_ms: u64) -> Vec<Dropped> {
    let room = budget_ms - reserve_ms(budget_ms);
    let mut dropped = Vec::new();
    while worst(lanes).end_ms > room {
        let outermost = lanes.iter_mut().rev().find(|lane| lane.path.is_some() && !lane.steps.is_empty());
        let lane = match outermost {
            Some(lane) => lane,
            None => match lanes.iter_mut().find(|lane| !lane.steps.is_empty()) {
                Some(site) => site,
                None => break,
            },
        };
        if let Some(step) = lane.steps.pop() {
            lane.share_ms -= step.deadline_ms;
            dropped.push(Dropped { path: lane.path.clone(), step, because: Because::from(Reason::Budget) });
        }
    }
    dropped
}
