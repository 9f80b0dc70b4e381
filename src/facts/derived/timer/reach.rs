//! Whether a timer can end a connection that a client uses.

use super::held::Held;
use super::verdict::Verdict;
use crate::facts::store::Facts;
use crate::facts::tables::timer::{Clock, Counts, Reach};
use crate::facts::value::{Cell, Value};
use crate::openclaw::limits::{PING, TICK};
use crate::path::Vantage;

/// A timer that waits hardly longer than the gateway pauses loses the race now and then: what rang within so much of the pause hits.
const RACE_MS: f64 = 500.0;

/// How long a connection that was let in is silent at most.
#[derive(Clone, Copy)]
pub struct Needed {
    pub silence: f64,
    pub pings: bool,
}

/// Whether a client's connection is hit; nothing where nothing rang.
pub fn reach(verdict: &Verdict, needed: Needed) -> Option<Reach> {
    let (_, most) = verdict.setting?;
    // A client of a gateway that does not ping has nothing to answer, and says nothing.
    let unheard = !needed.pings && matches!(verdict.counts, Some(Counts::Each | Counts::Client | Counts::NotServer));
    let hits = verdict.clock == Ok(Clock::Lifetime) || unheard || most <= needed.silence + RACE_MS;
    Some(if hits { Reach::Hits } else { Reach::KeptAlive })
}

/// As the gateway was measured; without a measurement as it is known: it pings every 25 s, and did not before 2026.5.7.
pub fn needed(facts: &Facts, at: &Vantage, all: &[Held]) -> Needed {
    let beat = |field: &str| match facts.look("beat", at, &[], field) {
        Cell::Value { value: Value::Ms(ms) } => Some(ms),
        _ => None,
    };
    let ms = |d: std::time::Duration| d.as_secs_f64() * 1_000.0;
    if let Some(every) = beat("ping-every") {
        return Needed { silence: every, pings: true };
    }
    let waited = all.iter().any(|held| held.let_in && held.age > ms(PING) + RACE_MS);
    let tick = beat("tick-every").or_else(|| beat("tick-promised")).unwrap_or(ms(TICK));
    if waited { Needed { silence: tick, pings: false } } else { Needed { silence: ms(PING), pings: true } }
}
