//! What the gateway says by itself, and how evenly it arrives.

use std::time::Duration;

use crate::clock::Instant;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::hold::BEAT;
use crate::facts::{Cell, Row, Value};

/// What comes within this time comes together.
const TOGETHER: Duration = Duration::from_millis(50);

/// What is sent further apart than this is sent apart.
const APART: Duration = Duration::from_millis(500);

/// All connections of a path together.
#[derive(Debug, Default)]
pub struct Beat {
    pings: i64,
    ping_every: Option<Duration>,
    ticks: i64,
    tick_every: Option<Duration>,
    /// `policy.tickIntervalMs`.
    pub promised: Option<Duration>,
    /// Arrival by our wall clock minus `ts` by the gateway's, the least and the most of it, in milliseconds.
    offsets: Option<(i64, i64)>,
    /// The longest time without a frame of the gateway on a connection that was let in.
    pub longest_gap: Duration,
    pongs: Option<(Duration, Duration)>,
    burst: i64,
    own_late: Duration,
}

/// Things of one kind on one connection: when each was sent, and when it came.
#[derive(Debug, Default)]
pub struct Train {
    last: Option<(Instant, Instant)>,
    together: i64,
}

impl Train {
    /// Takes one, and says how many have come together by now.
    fn take(&mut self, sent: Instant, came: Instant) -> i64 {
        let with =
            |(before, arrived): (Instant, Instant)| came - arrived <= TOGETHER && sent.saturating_duration_since(before) >= APART;
        self.together = if self.last.is_some_and(with) { self.together + 1 } else { 1 };
        self.last = Some((sent, came));
        self.together
    }
}

impl Beat {
    /// A ping of the gateway, so long after the one before or the hello.
    pub fn ping(&mut self, since: Duration) {
        self.pings += 1;
        self.ping_every = Some(self.ping_every.map_or(since, |least| least.min(since)));
    }

    /// A tick, so long after the one before on the same connection.
    pub fn tick(&mut self, since: Option<Duration>) {
        self.ticks += 1;
        if let Some(since) = since {
            self.tick_every = Some(self.tick_every.map_or(since, |most| most.max(since)));
        }
    }

    /// Something that carries the gateway's own time came now.
    pub fn stamped(&mut self, ts: i64, wall: i64) {
        let offset = wall - ts;
        let (least, most) = self.offsets.unwrap_or((offset, offset));
        self.offsets = Some((least.min(offset), most.max(offset)));
    }

    /// A pong to what was sent then came now.
    pub fn pong(&mut self, train: &mut Train, sent: Instant, came: Instant) {
        let after = came - sent;
        let (least, most) = self.pongs.unwrap_or((after, after));
        self.pongs = Some((least.min(after), most.max(after)));
        self.burst = self.burst.max(train.take(sent, came));
    }

    /// Ticks that came now; `ts` is when the gateway sent this one, as an instant of ours.
    pub fn train(&mut self, train: &mut Train, sent: Instant, came: Instant) {
        self.burst = self.burst.max(train.take(sent, came));
    }

    /// A timer of ours that was due then is served now.
    pub fn served(&mut self, due: Instant, now: Instant) {
        self.own_late = self.own_late.max(now.saturating_duration_since(due));
    }

    /// The row.
    pub fn row(&self) -> Row {
        let late = self.offsets.map(|(least, most)| Value::Ms((most - least) as f64));
        RowBuilder::new(&BEAT, [])
            .set("pings", self.pings)
            .maybe("ping-every", self.ping_every)
            .set("ticks", self.ticks)
            .maybe("tick-every", self.tick_every)
            .maybe("tick-promised", self.promised)
            .maybe("tick-late", late)
            .maybe("longest-gap", Some(self.longest_gap).filter(|gap| !gap.is_zero()))
            .maybe("pong-after", self.pongs.map(|(least, _)| least))
            .maybe("pong-late", self.pongs.map(|(least, most)| most - least))
            .set("own-late", self.own_late)
            .set("burst", self.burst)
            .rest(Cell::Absent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn what_was_sent_apart_and_came_together_is_a_burst() {
        let (begun, ms) = (clock::now(), Duration::from_millis);
        let mut beat = Beat::default();
        let mut train = Train::default();
        for (sent, came) in [(0, 5), (1_000, 1_004), (2_000, 4_000), (3_000, 4_001), (4_000, 4_002), (5_000, 5_003)] {
            beat.pong(&mut train, begun + ms(sent), begun + ms(came));
        }
        assert_eq!((beat.burst, beat.pongs), (3, Some((ms(2), ms(2_000)))));
        let mut beat = Beat::default();
        let mut train = Train::default();
        for sent in [0, 10, 20] {
            beat.pong(&mut train, begun + ms(sent), begun + ms(25));
        }
        assert_eq!(beat.burst, 1, "sent together");
    }

    #[test]
    fn lateness_is_told_by_the_gateways_own_clock_whatever_it_shows() {
        let mut beat = Beat::default();
        for (ts, wall) in [(1_000, 901_010), (31_000, 931_012), (61_000, 964_000)] {
            beat.stamped(ts, wall);
        }
        assert_eq!(beat.row().cell("tick-late"), Some(&Cell::value(Value::Ms(2_990.0))));
    }
}
