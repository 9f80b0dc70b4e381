//! When each lane begins and ends if every lane takes all its time: the proof that a plan fits its budget.
//!
//! Lanes begin in order, whenever one of the places is free. They depend on nothing else, so a lane that ends early can
//! only make later lanes begin earlier: the time of full shares is the longest there is.

use super::Lane;
use crate::path::Class;

/// How many lanes of paths may run at once. Each holds one socket, so this is also the etiquette's limit of
/// pre-authentication sockets per gateway; the gateway's own limit is 32 per client address.
pub const LANES_AT_ONCE: usize = 4;

/// How long the direct lane is alone at most, in milliseconds, so that its timings are quiet.
pub const ALONE_MS: u64 = 1_000;

/// What a lane may need beyond the sum of its deadlines, in milliseconds: the work between its probes, and a probe that
/// notices its deadline late. A local run needs about 1 ms of it.
pub const SLACK_MS: u64 = 250;

/// What is kept for starting, judging and printing, in milliseconds; of a budget below ten seconds, a tenth.
pub const RESERVE_MS: u64 = 1_000;

/// The part of a budget that no lane may use.
pub fn reserve_ms(budget_ms: u64) -> u64 {
    RESERVE_MS.min(budget_ms / 10)
}

/// The longest a lane can take.
pub fn length_ms(lane: &Lane) -> u64 {
    if lane.steps.is_empty() { 0 } else { lane.share_ms + SLACK_MS }
}

/// The latest beginnings and the latest end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The latest beginning of each lane, in milliseconds, in the order of the lanes.
    pub begins_ms: Vec<u64>,
    /// The latest end of any lane, in milliseconds.
    pub end_ms: u64,
}

/// The worst case of lanes that begin in this order; the site's lane takes no place and begins at once.
pub fn worst(lanes: &[Lane]) -> Schedule {
    let mut free = [0_u64; LANES_AT_ONCE];
    let mut begins_ms = Vec::with_capacity(lanes.len());
    let mut end_ms = 0;
    let mut first = true;
    for lane in lanes {
        let length = length_ms(lane);
        let begin = match &lane.path {
            None => 0,
            Some(path) => {
                let place = (0..LANES_AT_ONCE).min_by_key(|i| free[*i]).unwrap_or(0);
                let begin = free[place];
                free[place] = begin + length;
                if first && path.class == Class::Direct {
                    let quiet = length.min(ALONE_MS);
                    free.iter_mut().for_each(|at| *at = (*at).max(quiet));
                }
                first = false;
                begin
            }
        };
        begins_ms.push(begin);
        end_ms = end_ms.max(begin + length);
    }
    Schedule { begins_ms, end_ms }
}

impl Schedule {
    /// The number of each lane's wave: lanes that begin together share one.
    pub fn waves(&self) -> Vec<usize> {
        let mut times = self.begins_ms.clone();
        times.sort_unstable();
        times.dedup();
        self.begins_ms.iter().map(|begin| times.partition_point(|t| t < begin)).collect()
    }
}
