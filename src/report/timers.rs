//! What was found about connections that were held open: the clock of each path, and the chain in which every pause must be shorter
//! than what waits for it.

use std::time::Duration;

use super::Report;
use super::grid::{several_sites, shown};
use super::style::Style;
use super::table::row;
use super::text::tame;
use crate::facts::tables::timer::{Clock, Counts, Reach};
use crate::facts::value::show_ms;
use crate::facts::{Cell, Facts, Reason, Value};
use crate::openclaw::limits::{CLIENT_PING, CLIENT_TICKS, PING, TICK};
use crate::path::{Class, Vantage};
use crate::plan::{Dropped, Plan};
use crate::shelf::edges::{self, Edge, Kind};

/// A line for each path on which connections were held, and the chain if there were enough of them to tell.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let (facts, topology) = (&report.judgement.facts, &report.judgement.topology);
    let mut lines = Vec::new();
    let mut edge_timers = Vec::new();
    let mut cadence = Cadence::default();
    let mut whole = false;
    for path in &topology.paths {
        let name = shown(&path.vantage, several_sites(report));
        let Some(timer) = Timer::read(facts, &path.vantage) else {
            lines.extend(unlooked(&report.recording.head.plan, &path.vantage).then(|| format!("{name}: {UNLOOKED}")));
            continue;
        };
        lines.push(format!("{name}: {}{}", timer.sentence(&report.shelf.edges), timer.busy()));
        whole |= timer.held > 1;
        cadence.take(facts, &path.vantage);
        if path.class == Class::Edge {
            edge_timers.push((name, timer));
        }
    }
    let mut out: String =
        lines.iter().enumerate().map(|(at, line)| row(if at == 0 { "timers" } else { "" }, line, style)).collect();
    if whole {
        out += &row("chain", &chain(&cadence, &edge_timers), style);
    }
    out
}

/// What is said where nothing was held.
const UNLOOKED: &str = "no timer was looked for, so none is excluded";

/// Whether connections would have been held there, had the budget had room for it.
fn unlooked(plan: &Plan, at: &Vantage) -> bool {
    let there = |drop: &&Dropped| drop.path.as_ref().is_some_and(|path| path.vantage == *at);
    plan.dropped.iter().filter(there).any(|drop| drop.step.primitive == "hold")
}

/// What is known of one path.
#[derive(Debug, Clone, Default)]
struct Timer {
    clock: Option<Clock>,
    /// Why no clock is told, though connections ended.
    riddle: Option<String>,
    after: Option<f64>,
    at_least: Option<f64>,
    counts: Option<Counts>,
    reach: Option<Reach>,
    end: Option<String>,
    survived: f64,
    oldest: f64,
    needed: f64,
    held: i64,
    late: Option<f64>,
}

impl Timer {
    fn read(facts: &Facts, at: &Vantage) -> Option<Self> {
        let look = |field: &str| facts.look("timer", at, &[], field);
        let ms = |field: &str| match look(field) {
            Cell::Value { value: Value::Ms(ms) } => Some(ms),
            _ => None,
        };
        let Some(Value::Int(held)) = look("held").get().cloned() else { return None };
        let riddle = match look("clock") {
            Cell::NotMeasured(because) if because.reason == Reason::Blocked => Some(tame(&because.because)),
            Cell::NotMeasured(because) if because.reason == Reason::Interrupted => Some("interrupted before all was seen".into()),
            _ => None,
        };
        Some(Self {
            clock: look("clock").text().and_then(|word| word.parse().ok()),
            riddle,
            after: ms("after"),
            at_least: ms("at-least"),
            counts: look("counts").text().and_then(|word| word.parse().ok()),
            reach: look("reach").text().and_then(|word| word.parse().ok()),
            end: look("end").text().map(tame),
            survived: ms("survived").unwrap_or_default(),
            oldest: ms("oldest").unwrap_or_default(),
            needed: ms("needed").unwrap_or_default(),
            held,
            late: ms("late"),
        })
    }

    fn sentence(&self, known: &[Edge]) -> String {
        let after = show_ms(self.after.unwrap_or_default());
        let end = self.end.as_deref().unwrap_or("not told");
        match (self.clock, &self.riddle) {
            (Some(Clock::Idle), _) => {
                let counts = self.counts.map_or("", whose);
                format!(
                    "an idle timer of {after} ends connections ({end}{counts}){}; {}",
                    self.products(known, Kind::Idle),
                    self.harm()
                )
            }
            (Some(Clock::Forgotten), _) => {
                let least = show_ms(self.at_least.unwrap_or_default());
                let products = self.products(known, Kind::Idle);
                format!(
                    "after a silence of between {least} and {after} the way has forgotten a connection ({end}){products}; {}",
                    self.harm()
                )
            }
            (Some(Clock::Lifetime), _) => {
                format!("connections end at an age of {after}, busy or not ({end}){}", self.products(known, Kind::Lifetime))
            }
            (Some(Clock::Reload), _) => {
                format!(
                    "all connections ended in the same moment ({end}), whatever their age; those begun later lived: something was loaded anew"
                )
            }
            (Some(Clock::Gone), _) => {
                format!(
                    "all connections ended in the same moment ({end}), and none could be opened afterwards; {}",
                    self.excluded()
                )
            }
            (Some(Clock::Gateway), _) => format!("only the gateway itself ended connections; {}", self.excluded()),
            (Some(Clock::Unseen), _) => format!("no timer seen; {}", self.excluded()),
            (None, Some(riddle)) => format!("{riddle}; {}", self.excluded()),
            (None, None) => self.excluded(),
        }
    }

    /// Whatever was told, a clock that was late told it.
    fn busy(&self) -> String {
        self.late.map_or_else(String::new, |late| format!("; this machine was busy: its own clock was {} late", show_ms(late)))
    }

    /// What a run that ended too soon does not exclude.
    fn excluded(&self) -> String {
        let silence = show_ms(self.survived);
        match self.held {
            1 => format!("a silence of {silence} was survived; longer ones are not excluded (clawprobe run hold)"),
            _ => {
                format!("silences of {silence} and ages of {} were survived; longer ones are not excluded", show_ms(self.oldest))
            }
        }
    }

    fn harm(&self) -> String {
        let needed = show_ms(self.needed);
        match self.reach {
            Some(Reach::KeptAlive) => format!("what the gateway says every {needed} keeps it alive, a quiet HTTP call would not"),
            _ => format!("the gateway itself may be silent for {needed}"),
        }
    }

    /// Products of which this time is the default.
    fn products(&self, known: &[Edge], kind: Kind) -> String {
        let after = Duration::from_secs_f64(self.after.unwrap_or_default().max(0.0) / 1_000.0);
        let found: Vec<String> =
            edges::matching(known, kind, after).map(|(edge, timer)| format!("{} ({})", edge.title, timer.setting)).collect();
        if found.is_empty() { String::new() } else { format!(", as by default {}", found.join(", ")) }
    }
}

const fn whose(counts: Counts) -> &'static str {
    match counts {
        Counts::Either => ", any byte puts it off",
        Counts::Each => ", it takes bytes of both sides to put it off",
        Counts::Client => ", only the client's bytes put it off",
        Counts::Server => ", only the gateway's bytes put it off",
        Counts::ClientToo => ", the client's bytes put it off",
        Counts::NotClient => ", the client's bytes alone do not put it off",
        Counts::NotServer => ", the gateway's bytes alone do not put it off",
        Counts::Unknown => "",
    }
}

/// How often the gateway speaks.
#[derive(Debug, Default)]
struct Cadence {
    ping: Option<f64>,
    tick: Option<f64>,
}

impl Cadence {
    fn take(&mut self, facts: &Facts, at: &Vantage) {
        let ms = |field: &str| match facts.look("beat", at, &[], field) {
            Cell::Value { value: Value::Ms(ms) } => Some(ms),
            _ => None,
        };
        self.ping = self.ping.or_else(|| ms("ping-every"));
        self.tick = self.tick.or_else(|| ms("tick-every")).or_else(|| ms("tick-promised"));
    }
}

/// Every pause must be shorter than what waits for it; the first link that does not hold is named.
fn chain(cadence: &Cadence, edges: &[(String, Timer)]) -> String {
    let told = |measured: Option<f64>, known: Duration| match measured {
        Some(ms) => (ms, show_ms(ms)),
        None => (known.as_secs_f64() * 1e3, format!("{} (not measured)", show_ms(known.as_secs_f64() * 1e3))),
    };
    let (ping, tick) = (told(cadence.ping, PING), told(cadence.tick, TICK));
    let ring = |timer: &Timer| timer.after.filter(|_| matches!(timer.clock, Some(Clock::Idle | Clock::Forgotten)));
    let shortest = edges.iter().filter_map(|(name, timer)| Some((name, ring(timer)?))).min_by(|a, b| a.1.total_cmp(&b.1));
    let patience = f64::from(CLIENT_TICKS) * tick.0;
    let links = format!("{} < tick {} < {CLIENT_TICKS} x tick {} < ", pings(CLIENT_PING, &ping.1), tick.1, show_ms(patience));
    match shortest {
        Some((name, timer)) => {
            let holds = if timer <= ping.0 {
                "broken: it is shorter than the gateway's own pause"
            } else if timer <= patience {
                "tight: shorter than 2 x tick, and pings still put it off"
            } else {
                "holds"
            };
            format!("{links}edge timer {} ({name}); {holds}", show_ms(timer))
        }
        None => {
            let survived = edges.iter().map(|(_, timer)| timer.survived).fold(f64::INFINITY, f64::min);
            let seen =
                if survived.is_finite() { format!("none seen up to {}", show_ms(survived)) } else { "no edge was held".into() };
            format!("{links}edge timers ({seen})")
        }
    }
}

/// The first links: who pings.
fn pings(client: Option<Duration>, server: &str) -> String {
    match client {
        Some(client) => format!("client ping {} < server ping {server}", show_ms(client.as_secs_f64() * 1e3)),
        None => format!("client ping (openclaw's clients send none) < server ping {server}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::Shelf;

    fn idle(seconds: f64, reach: Reach) -> Timer {
        Timer {
            clock: Some(Clock::Idle),
            after: Some(seconds * 1e3),
            counts: Some(Counts::Either),
            reach: Some(reach),
            end: Some("fin".into()),
            needed: 25_000.0,
            held: 15,
            ..Timer::default()
        }
    }

    #[test]
    fn an_idle_timer_is_told_with_its_products_and_whether_it_can_hurt() {
        let known = Shelf::builtin().unwrap().edges;
        let text = idle(60.1, Reach::KeptAlive).sentence(&known);
        for part in ["60.1 s", "nginx (proxy_read_timeout)", "every 25 s keeps it alive, a quiet HTTP call would not", "any byte"]
        {
            assert!(text.contains(part), "{text}");
        }
        assert!(!text.contains("HAProxy"), "{text}");
        assert!(idle(18.0, Reach::Hits).sentence(&known).ends_with("the gateway itself may be silent for 25 s"));
    }

    #[test]
    fn what_was_not_long_enough_is_told_as_such() {
        let quiet = Timer { clock: Some(Clock::Unseen), survived: 3_000.0, oldest: 3_000.0, held: 1, ..Timer::default() };
        assert_eq!(
            quiet.sentence(&[]),
            "no timer seen; a silence of 3 s was survived; longer ones are not excluded (clawprobe run hold)"
        );
        let riddle =
            Timer { riddle: Some("nobody knows".into()), survived: 9_000.0, oldest: 40_000.0, held: 9, ..Timer::default() };
        assert!(riddle.sentence(&[]).starts_with("nobody knows; silences of 9 s and ages of 40 s"));
    }

    #[test]
    fn whoever_pings_is_told_first() {
        assert_eq!(pings(Some(Duration::from_secs(20)), "25 s"), "client ping 20 s < server ping 25 s");
        assert_eq!(pings(CLIENT_PING, "25 s"), "client ping (openclaw's clients send none) < server ping 25 s");
    }

    #[test]
    fn the_chain_names_the_link_that_does_not_hold() {
        let cadence = Cadence { ping: Some(25_000.0), tick: Some(30_000.0) };
        let with = |seconds| chain(&cadence, &[("edge".into(), idle(seconds, Reach::Hits))]);
        assert!(
            with(18.0).ends_with("< edge timer 18 s (edge); broken: it is shorter than the gateway's own pause"),
            "{}",
            with(18.0)
        );
        assert!(with(50.0).ends_with("tight: shorter than 2 x tick, and pings still put it off"));
        assert!(with(75.0).ends_with("holds"));
        let none = chain(&Cadence::default(), &[("edge".into(), Timer { survived: 14_000.0, ..Timer::default() })]);
        assert_eq!(
            none,
            "client ping (openclaw's clients send none) < server ping 25 s (not measured) < tick 30 s (not measured) < 2 x tick 60 s < edge timers (none seen up to 14 s)"
        );
    }
}
