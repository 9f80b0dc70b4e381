//! Which connections are held, and when enough was seen. Pure.
//!
//! An end that is announced tells a timer from one quiet connection, to the millisecond. One that is not announced takes several
//! silences side by side, each ended by a ping. A connection on which both sides speak tells silence from age, one on which we
//! alone do tells whose bytes count, and beginnings at different times tell age from a moment at which all ended.

use std::time::Duration;

use crate::facts::tables::hold::Pattern;

/// Silences that are ended by a ping, in the order in which places become free. All of them end before the gateway's own end of a
/// connection that it does not let in (15 s).
const SILENCES: &[u64] = &[3, 6, 9, 12];

/// Beginnings of quiet connections that are let in. Ticks come every 30 s and pings every 25 s, so one of these hears no tick for long.
const BEGINNINGS: &[u64] = &[0, 5, 10, 15, 20, 25];

/// Beside each quiet connection that is let in goes one on which we alone speak, through the same silence of the gateway: whether
/// both end tells whose bytes count, also beyond the 15 s after which the gateway ends whomever it did not let in.
const TWINS: [Pattern; 2] = [Pattern::Silent, Pattern::Pings];

/// How often such two are begun right after a broadcast, at most.
const MOST_FRESH: usize = 4;

/// How long after a death another connection is begun: what was loaded anew is there again by then.
const BREATH: Duration = Duration::from_secs(1);

/// A silence that is nearly as long as the gateway's own pause counts as all of it.
const NEARLY: f64 = 0.97;

/// How long it is looked on after a connection has died, beyond the age it died at: the one that is begun then can get as old.
const AFTERMATH: Duration = Duration::from_secs(2);

/// One connection that is to be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Its place among all of them.
    pub order: usize,
    /// Who says something on it.
    pub pattern: Pattern,
    /// Whether it is to be let in.
    pub enters: bool,
    /// When it begins, from the probe's beginning, if it has a place by then.
    pub begins: Duration,
    /// The silence after which it is pinged and ended.
    pub quiet: Option<Duration>,
}

const fn job(pattern: Pattern, enters: bool, begins: u64, quiet: Option<u64>) -> Job {
    let quiet = match quiet {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => None,
    };
    Job { order: 0, pattern, enters, begins: Duration::from_secs(begins), quiet }
}

/// The one quiet connection of a run that has other things to do.
pub fn single() -> Vec<Job> {
    vec![job(Pattern::Silent, false, 0, Some(SILENCES[0]))]
}

/// All connections; `admitted` where the gateway lets us in.
pub fn jobs(admitted: bool) -> Vec<Job> {
    // Where the gateway speaks by itself we are never alone, so that one is not let in.
    let mut jobs = vec![job(Pattern::Silent, false, 0, None), job(Pattern::Pings, false, 0, None)];
    jobs.push(job(Pattern::Both, admitted, 0, None));
    jobs.extend(SILENCES.iter().map(|seconds| job(Pattern::Silent, false, 0, Some(*seconds))));
    if admitted {
        jobs.push(job(Pattern::Server, true, 0, None));
        for at in BEGINNINGS {
            jobs.extend(TWINS.map(|pattern| job(pattern, true, *at, None)));
        }
    }
    jobs.iter_mut().enumerate().for_each(|(order, job)| job.order = order);
    jobs
}

/// Why further connections are begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// A broadcast has broken the silence of all others.
    Broadcast,
    /// One has died: what befalls those that were open is told from what befalls all.
    Death,
}

impl Fresh {
    /// A quiet connection and its twin right after a broadcast, a quiet one alone after a death.
    pub fn jobs(self, now: Duration, enters: bool) -> Vec<Job> {
        let fresh = |pattern, enters, begins| Job { order: usize::MAX, begins, ..job(pattern, enters, 0, None) };
        match self {
            Self::Broadcast => TWINS.iter().map(|pattern| fresh(*pattern, true, now)).collect(),
            Self::Death => vec![fresh(Pattern::Silent, enters, now + BREATH)],
        }
    }
}

/// What was seen so far, as far as the schedule goes by it.
#[derive(Debug, Default)]
pub struct Seen {
    /// Connections that are not to be let in and have not ended.
    pub quiet: usize,
    /// When the first connection died that neither we nor the gateway ended, and the age it died at.
    pub death: Option<(Duration, Duration)>,
    /// After how long the gateway ends connections that it does not let in.
    pub limit: Option<Duration>,
    /// The time between two words of the gateway: its pings, or its ticks if they come more often.
    pub pause: Option<Duration>,
    /// The longest silence that a quiet connection survived which was let in.
    pub longest: Duration,
    /// Whether the gateway refused to let one of them in.
    pub refused: bool,
    broadcast: bool,
    fresh: usize,
    followed: bool,
}

impl Seen {
    /// A broadcast has broken the silence of all connections that were let in.
    pub fn broadcast(&mut self) {
        self.broadcast = true;
    }

    /// Whether further connections are to be begun, and why.
    pub fn wants_fresh(&mut self) -> Option<Fresh> {
        let broadcast = std::mem::take(&mut self.broadcast);
        if self.death.is_some() {
            return (!std::mem::replace(&mut self.followed, true)).then_some(Fresh::Death);
        }
        let wanted = broadcast && self.fresh < MOST_FRESH;
        self.fresh += usize::from(wanted);
        wanted.then_some(Fresh::Broadcast)
    }

    /// The gateway paused for this long between two of its own words on one connection.
    pub fn paused(&mut self, pause: Duration) {
        self.pause = Some(self.pause.map_or(pause, |shortest| shortest.min(pause)));
    }

    /// How long after the beginning enough is seen if nothing new happens until then; none while something must happen first.
    pub fn enough_at(&self, admitted: bool) -> Option<Duration> {
        if let Some((at, age)) = self.death {
            return Some(at + age + AFTERMATH);
        }
        if self.quiet > 0 {
            return None;
        }
        if !admitted || self.refused {
            return Some(Duration::ZERO);
        }
        self.pause.filter(|pause| self.longest >= pause.mul_f64(NEARLY)).map(|pause| pause.mul_f64(1.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn without_a_credential_it_ends_with_the_last_quiet_connection() {
        let seen = |quiet| Seen { quiet, ..Seen::default() };
        assert_eq!((seen(1).enough_at(false), seen(0).enough_at(false)), (None, Some(s(0))));
        assert_eq!(Seen { refused: true, ..Seen::default() }.enough_at(true), Some(s(0)));
    }

    #[test]
    fn let_in_it_ends_when_the_gateways_own_pause_was_survived_and_a_little_more() {
        let mut seen = Seen { longest: Duration::from_millis(24_990), ..Seen::default() };
        assert_eq!(seen.enough_at(true), None, "a gateway that never speaks by itself is watched to the end");
        seen.paused(s(30));
        assert_eq!(seen.enough_at(true), None);
        seen.paused(s(25));
        assert_eq!(seen.enough_at(true), Some(Duration::from_millis(37_500)));
    }

    #[test]
    fn after_a_death_it_is_looked_on_for_as_long_again() {
        let seen = Seen { quiet: 5, death: Some((s(9), s(4))), ..Seen::default() };
        assert_eq!(seen.enough_at(true), Some(s(15)));
    }

    #[test]
    fn a_broadcast_begins_fresh_connections_once_and_there_are_few_in_all() {
        let mut seen = Seen::default();
        assert_eq!(seen.wants_fresh(), None);
        for _ in 0..MOST_FRESH {
            seen.broadcast();
            seen.broadcast();
            assert_eq!((seen.wants_fresh(), seen.wants_fresh()), (Some(Fresh::Broadcast), None));
        }
        seen.broadcast();
        assert_eq!(seen.wants_fresh(), None);
    }

    #[test]
    fn a_death_is_followed_by_one_that_can_get_as_old() {
        let mut seen = Seen { death: Some((s(9), s(4))), ..Seen::default() };
        let begins = seen.wants_fresh().unwrap().jobs(s(9), true)[0].begins;
        assert!(begins + s(4) < seen.enough_at(true).unwrap());
        seen.broadcast();
        assert_eq!(seen.wants_fresh(), None);
    }

    #[test]
    fn the_probes_files_declare_what_is_held() {
        let shelf = crate::shelf::Shelf::builtin().unwrap();
        let hold = shelf.probe("hold").unwrap();
        let connections = jobs(true).len() + MOST_FRESH * TWINS.len() + 1;
        assert_eq!((hold.sockets, hold.connections), (super::super::PLACES, connections));
        let quiet = shelf.probe("quiet").unwrap();
        assert_eq!((quiet.sockets, quiet.connections), (1, single().len()));
        let longest = SILENCES.iter().max().unwrap();
        assert!(s(*longest) < crate::openclaw::limits::PRE_AUTH);
    }
}
