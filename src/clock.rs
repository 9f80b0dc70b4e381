//! The only reader of time.

use std::time::{Duration, SystemTime};

pub use tokio::time::Instant;

/// The monotonic clock; paused and moved by hand in tests of the runtime.
pub fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this module is the one place that reads it")]
    Instant::now()
}

/// Milliseconds since the Unix epoch by this machine's clock.
pub fn wall_ms() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this module is the one place that reads it")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |d| d.as_millis().try_into().unwrap_or(i64::MAX))
}

/// The wall clock as RFC 3339 in UTC, to the second.
pub fn wall_text() -> String {
    jiff::Timestamp::from_second(wall_ms() / 1_000).map_or_else(|_| String::from("1970-01-01T00:00:00Z"), |t| t.to_string())
}

/// When a probe has to be over, and whose limit that is.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    own: Instant,
    run: Instant,
}

impl Deadline {
    /// A probe's own limit from now, cut by the instant at which the run gives it no more time.
    pub fn new(own: Duration, run: Instant) -> Self {
        Self { own: now() + own, run }
    }

    /// The earlier of the two.
    pub fn at(&self) -> Instant {
        self.own.min(self.run)
    }

    /// What is left until the earlier of the two.
    pub fn left(&self) -> Duration {
        self.at().saturating_duration_since(now())
    }

    /// The same run limit, with another own limit from now.
    pub fn within(&self, own: Duration) -> Self {
        Self { own: (now() + own).min(self.own), run: self.run }
    }

    /// Whether the probe's own time is the shorter one, so that silence until [`Self::at`] is a finding about the peer;
    /// otherwise silence only means that the run's time ended.
    pub fn is_own(&self) -> bool {
        self.own <= self.run
    }
}
