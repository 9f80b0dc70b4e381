//! What a path tells about the process behind it, and whether two of them tell of one process.

use std::collections::BTreeMap;

use crate::facts::tables::pair::SameGateway;
use crate::facts::value::{Cell, Value};
use crate::path::Vantage;
use crate::record::{Event, Recording};

/// Two starts further apart than this belong to two processes; the gateway tells its uptime in milliseconds.
const SAME_START_MS: f64 = 1_000.0;

/// When each probe began and ended, in milliseconds since the run began: an uptime alone says nothing without it.
pub struct Times(BTreeMap<(String, Vantage), (f64, f64)>);

impl Times {
    /// Reads the times off a recording's events.
    pub fn of(recording: &Recording) -> Self {
        let mut times = BTreeMap::new();
        for event in &recording.events {
            match event {
                Event::Started { probe, vantage, at_ms } => {
                    times.insert((probe.clone(), vantage.clone()), (*at_ms, *at_ms));
                }
                Event::Finished { probe, vantage, at_ms } => {
                    times.entry((probe.clone(), vantage.clone())).and_modify(|t| t.1 = *at_ms);
                }
                _ => {}
            }
        }
        Self(times)
    }

    /// When a probe ended.
    pub fn ended(&self, probe: &str, at: &Vantage) -> f64 {
        self.0.get(&(probe.to_owned(), at.clone())).map_or(0.0, |times| times.1)
    }

    /// Between which two moments the process started that told this uptime during a probe.
    pub fn start(&self, probe: &str, at: &Vantage, uptime: &Cell) -> Option<Start> {
        let Some(Value::Ms(uptime)) = uptime.get() else { return None };
        let (began, ended) = self.0.get(&(probe.to_owned(), at.clone())).copied().unwrap_or_default();
        Some(Start { probe: probe.to_owned(), earliest: began - uptime, latest: ended - uptime })
    }
}

/// A start of a process, as one probe tells it.
///
/// The gateway counts from its process's start in hello-ok and from its listener's start in the readiness route, seconds
/// apart (2026.9.6), so only starts told by the same probe may be compared.
pub struct Start {
    probe: String,
    earliest: f64,
    latest: f64,
}

/// What a path tells about the process behind it.
#[derive(Default)]
pub struct Identity {
    /// One per start of the gateway; since 2026.8.1.
    pub boot_id: Option<String>,
    /// The release.
    pub version: Option<String>,
    /// By each probe that tells an uptime.
    pub starts: Vec<Start>,
}

/// Whether two identities are of one process.
pub fn compare(a: &Identity, b: &Identity) -> SameGateway {
    if let (Some(x), Some(y)) = (&a.boot_id, &b.boot_id) {
        return if x == y { SameGateway::Proven } else { SameGateway::Refuted };
    }
    if let (Some(x), Some(y)) = (&a.version, &b.version)
        && x != y
    {
        return SameGateway::Refuted;
    }
    let gap = |x: &Start, y: &Start| (x.earliest - y.latest).max(y.earliest - x.latest);
    match a.starts.iter().find_map(|x| b.starts.iter().find(|y| x.probe == y.probe).map(|y| gap(x, y))) {
        Some(gap) if gap <= SAME_START_MS => SameGateway::Proven,
        Some(_) => SameGateway::Refuted,
        None => SameGateway::Assumed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(probe: &str, earliest: f64, latest: f64) -> Start {
        Start { probe: probe.into(), earliest, latest }
    }

    #[test]
    fn a_boot_id_decides_alone() {
        let id = |boot: &str, at: f64| Identity {
            boot_id: Some(boot.into()),
            starts: vec![start("ready", at, at)],
            ..Identity::default()
        };
        assert_eq!(compare(&id("x", 0.0), &id("x", 9e9)), SameGateway::Proven);
        assert_eq!(compare(&id("x", 0.0), &id("y", 0.0)), SameGateway::Refuted);
    }

    #[test]
    fn starts_count_within_a_second_and_the_time_the_probe_took() {
        let id = |e: f64, l: f64| Identity { starts: vec![start("ready", e, l)], ..Identity::default() };
        assert_eq!(compare(&id(0.0, 10.0), &id(1_005.0, 1_010.0)), SameGateway::Proven);
        assert_eq!(compare(&id(0.0, 10.0), &id(1_011.0, 1_020.0)), SameGateway::Refuted);
        assert_eq!(compare(&id(0.0, 3_000.0), &id(3_500.0, 3_600.0)), SameGateway::Proven, "a slow answer blurs its uptime");
    }

    #[test]
    fn different_probes_count_from_different_starts() {
        let id = |probe: &str| Identity { starts: vec![start(probe, 0.0, 0.0)], ..Identity::default() };
        assert_eq!(compare(&id("ready"), &id("ready")), SameGateway::Proven);
        assert_eq!(compare(&id("connect"), &id("ready")), SameGateway::Assumed);
    }

    #[test]
    fn versions_refute_and_never_prove() {
        let id = |v: &str| Identity { version: Some(v.into()), ..Identity::default() };
        assert_eq!(compare(&id("2026.9.6"), &id("2026.9.1")), SameGateway::Refuted);
        assert_eq!(compare(&id("2026.9.6"), &id("2026.9.6")), SameGateway::Assumed);
    }
}
