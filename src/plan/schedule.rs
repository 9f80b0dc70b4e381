//! When each lane begins and ends if every lane takes all its time: the proof that a plan fits its budget.
//!
//! Lanes begin in order, whenever one of the places is free. They depend on nothing else, so a lane that ends early can
//! only make later lanes begin earlier: the time of full shares is the longest there is.

use super::Lane;
use crate::path::Class;

/// How many lanes of paths may run at once, unless a matrix takes more sockets per lane. Each holds one socket, so this is also the etiquette's limit of
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

/// The smallest budget of which lanes may use so much, in whole seconds, as budgets are written.
pub fn budget_for_ms(room_ms: u64) -> u64 {
    let enough = |seconds: &u64| seconds * 1_000 - reserve_ms(seconds * 1_000) >= room_ms;
    let at_least = room_ms.div_ceil(1_000).max(1);
    // The reserve is a second at most, so that one more second is always enough.
    if enough(&at_least) { at_least * 1_000 } else { (at_least + 1) * 1_000 }
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

/// The worst case of lanes that begin in this order, so many at once; the site's lane takes no place and begins at once.
pub fn worst(lanes: &[Lane], at_once: usize) -> Schedule {
    let mut free = vec![0_u64; at_once.max(1)];
    let mut begins_ms = Vec::with_capacity(lanes.len());
    let mut end_ms = 0;
    let mut first = true;
    for lane in lanes {
        let length = length_ms(lane);
        let begin = match &lane.path {
            None => 0,
            Some(path) => {
                let place = (0..free.len()).min_by_key(|i| free[*i]).unwrap_or(0);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::path::{Kind, Path, Vantage};

    /// Lanes without steps have no length, so each gets one step of its share.
    fn lanes(shares: &[u64], direct: bool) -> Vec<Lane> {
        let step = |deadline_ms| crate::plan::Step {
            probe: String::from("tcp"),
            primitive: String::from("tcp"),
            with: [].into(),
            needs: Vec::new(),
            deadline_ms,
            credential: false,
        };
        let path = |i: usize| {
            let kind = if i == 0 && direct { Kind::Local } else { Kind::Edge };
            Path { vantage: Vantage::path("here", format!("p{i}")), kind, class: kind.class(), rides_on: Vec::new() }
        };
        shares
            .iter()
            .enumerate()
            .map(|(i, share)| Lane { path: Some(path(i)), steps: vec![step(*share)], share_ms: *share, wave: 0 })
            .collect()
    }

    #[test]
    fn a_budget_is_the_smallest_that_leaves_the_room() {
        for room in 0..30_000 {
            let budget = budget_for_ms(room);
            let leaves = |budget: u64| budget - reserve_ms(budget) >= room;
            assert!(leaves(budget) && (budget == 1_000 || !leaves(budget - 1_000)), "{room}: {budget}");
        }
    }

    #[test]
    fn the_direct_lane_is_alone_for_a_second_at_most() {
        let starts = |shares: &[u64]| worst(&lanes(shares, true), LANES_AT_ONCE).begins_ms;
        assert_eq!(starts(&[5_000, 5_000, 5_000, 5_000, 5_000]), [0, 1_000, 1_000, 1_000, 5_250]);
        assert_eq!(starts(&[100, 100]), [0, 350]);
        assert_eq!(worst(&lanes(&[5_000, 5_000], false), LANES_AT_ONCE).begins_ms, [0, 0], "without a direct path nobody waits");
    }

    proptest! {
        #[test]
        fn lanes_that_end_early_never_make_the_run_longer(
            pairs in prop::collection::vec((0_u64..30_000, 0.0_f64..=1.0), 1..13),
            direct in any::<bool>(),
            at_once in 1..=LANES_AT_ONCE,
        ) {
            let full: Vec<u64> = pairs.iter().map(|(share, _)| *share).collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small numbers")]
            let short: Vec<u64> = pairs.iter().map(|(share, part)| (*share as f64 * part) as u64).collect();
            let (long, short) = (worst(&lanes(&full, direct), at_once), worst(&lanes(&short, direct), at_once));
            prop_assert!(short.end_ms <= long.end_ms);
            prop_assert!(short.begins_ms.iter().zip(&long.begins_ms).all(|(a, b)| a <= b));
        }

        #[test]
        fn never_more_lanes_at_once_than_may_be(
            shares in prop::collection::vec(0_u64..30_000, 1..13),
            at_once in 1..=LANES_AT_ONCE,
        ) {
            let lanes = lanes(&shares, true);
            let schedule = worst(&lanes, at_once);
            for begin in &schedule.begins_ms {
                let together = lanes.iter().zip(&schedule.begins_ms).filter(|(l, b)| *b <= begin && *b + length_ms(l) > *begin);
                prop_assert!(together.count() <= at_once);
            }
        }
    }
}
