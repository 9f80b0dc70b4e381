//! The credential's gate: at most one attempt that may fail, and the inner way first; which
//! ways are fit for it at all, [`crate::fitness`] says.

use crate::facts::{Because, Reason};
use crate::path::Vantage;

/// What has become of the credential on one lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not settled yet.
    Open,
    /// Settled: it is not sent on this lane.
    Untried,
    /// Sent, and the gateway said hello.
    Accepted,
    /// Sent, and the gateway did not say hello.
    Refused,
}

/// What a lane may do with the credential now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Send it.
    Send,
    /// Wait: an inner lane is not settled.
    Wait,
    /// Keep it.
    Withhold(Because),
}

/// The rule: the innermost lane that can be asked tries first; the others follow once it was accepted, and never after a
/// refusal. `lanes` are in order of rank, innermost first; `me` is the place of the lane that asks.
pub fn word(lanes: &[(Vantage, Standing)], me: usize) -> Word {
    if let Some((refused, _)) = lanes.iter().find(|(_, standing)| *standing == Standing::Refused) {
        return Word::Withhold(Because::new(Reason::Withheld, format!("connect@{refused}.outcome")));
    }
    if lanes.iter().any(|(_, standing)| *standing == Standing::Accepted) {
        return Word::Send;
    }
    let inner_open = lanes.iter().take(me).any(|(_, standing)| *standing == Standing::Open);
    if inner_open { Word::Wait } else { Word::Send }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(standings: &[Standing]) -> Vec<(Vantage, Standing)> {
        standings.iter().enumerate().map(|(i, s)| (Vantage::path("here", format!("edge:{i}")), *s)).collect()
    }

    #[test]
    fn the_innermost_lane_tries_and_the_others_follow_its_success() {
        use Standing::{Accepted, Open, Refused, Untried};
        let kept = |path: usize| Word::Withhold(Because::new(Reason::Withheld, format!("connect@here/edge:{path}.outcome")));
        for (standings, me, expected) in [
            (&[Open][..], 0, Word::Send),
            (&[Open, Open], 0, Word::Send),
            (&[Open, Open], 1, Word::Wait),
            (&[Untried, Open], 1, Word::Send),
            (&[Untried, Open, Open], 2, Word::Wait),
            (&[Accepted, Open], 1, Word::Send),
            (&[Accepted, Open, Open], 2, Word::Send),
            (&[Refused, Open], 1, kept(0)),
            (&[Refused, Untried, Open], 2, kept(0)),
            (&[Accepted, Refused, Open], 2, kept(1)),
            (&[Open, Refused], 0, kept(1)),
            (&[Untried, Untried, Open], 2, Word::Send),
            (&[Refused], 0, kept(0)),
            (&[Accepted], 0, Word::Send),
        ] {
            assert_eq!(word(&lanes(standings), me), expected, "{standings:?} asked by {me}");
        }
    }

    #[test]
    fn no_order_of_events_sends_twice_before_an_acceptance() {
        // Every state that lanes can be in, and whoever may send in it: if two may, somebody has accepted.
        let all = [Standing::Open, Standing::Untried, Standing::Accepted, Standing::Refused];
        for code in 0..all.len().pow(4) {
            let standings: Vec<Standing> = (0..4).map(|i| all[code / all.len().pow(i) % all.len()]).collect();
            let lanes = lanes(&standings);
            let senders = (0..4).filter(|i| standings[*i] == Standing::Open && word(&lanes, *i) == Word::Send).count();
            assert!(senders <= 1 || standings.contains(&Standing::Accepted), "{standings:?}");
            assert!(senders == 0 || !standings.contains(&Standing::Refused), "{standings:?}");
        }
    }
}
