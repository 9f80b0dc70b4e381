//! The progress line: on a terminal only, on standard error only, and only once a run takes longer than it should.

use std::cell::RefCell;
use std::future::Future;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

use crate::clock::{self, Instant};
use crate::plan::Plan;
use crate::record::Event;

/// Before this nothing moves: a healthy local run is over by then.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often the line is drawn anew.
const PACE: Duration = Duration::from_millis(200);

/// A line that is drawn over itself; only a terminal sees it.
pub struct Line {
    shown: bool,
}

impl Line {
    /// A line, unless nobody would see it or nobody wants it.
    pub fn new(quiet: bool) -> Self {
        Self { shown: !quiet && stderr().is_terminal() }
    }

    /// Carriage return, and erase to the end of the line (ECMA-48 EL).
    pub fn draw(&self, text: &str) {
        if self.shown {
            let _ = write!(stderr().lock(), "\r\u{1b}[K{text}");
        }
    }
}

/// What is being waited for.
pub struct Progress {
    waiting: RefCell<Vec<String>>,
    /// What the probes that take long wait for, and for how long at most.
    long: RefCell<Vec<(String, String)>>,
    began: Instant,
    line: Line,
}

impl Progress {
    /// A progress line, unless nobody would see it or nobody wants it.
    pub fn new(quiet: bool) -> Self {
        Self { waiting: RefCell::default(), long: RefCell::default(), began: clock::now(), line: Line::new(quiet) }
    }

    /// Takes an event.
    pub fn hear(&self, event: &Event) {
        let mut waiting = self.waiting.borrow_mut();
        match event {
            Event::Started { probe, vantage, .. } => waiting.push(format!("{probe} at {vantage}")),
            Event::Finished { probe, vantage, .. } => {
                let name = format!("{probe} at {vantage}");
                waiting.retain(|w| *w != name);
            }
            Event::Head(head) => *self.long.borrow_mut() = long(&head.plan),
            Event::Sheet(_) | Event::Series(_) | Event::End(_) => {}
        }
    }

    /// Waits for something while the line is drawn.
    pub async fn beside(&self, end: impl Future<Output = ()>) {
        let draw = async {
            tokio::time::sleep(PATIENCE).await;
            loop {
                self.line.draw(&self.text());
                tokio::time::sleep(PACE).await;
            }
        };
        tokio::select! {
            () = end => {}
            () = draw, if self.line.shown => {}
        }
    }

    /// Takes the line away before anything else is written.
    pub fn wipe(&self) {
        self.line.draw("");
    }

    fn text(&self) -> String {
        let (waiting, long) = (self.waiting.borrow(), self.long.borrow());
        let held = |name: &String| long.iter().find(|(probe, _)| probe == name).map(|(_, what)| what);
        let what = |name: &String| held(name).unwrap_or(name).clone();
        let so_far = match waiting.iter().any(|name| held(name).is_some()) {
            true => format!(", {} s so far", (clock::now() - self.began).as_secs()),
            false => String::new(),
        };
        match waiting.as_slice() {
            [] => "working".into(),
            [one] => format!("waiting for {}{so_far}", what(one)),
            [first, rest @ ..] => format!("waiting for {} and {} more{so_far}", what(first), rest.len()),
        }
    }
}

/// Connections that are held open take a minute, so it is told what that minute is for.
fn long(plan: &Plan) -> Vec<(String, String)> {
    let steps = plan.lanes.iter().flat_map(|lane| lane.steps.iter().map(move |step| (lane, step)));
    let held = steps.filter(|(_, step)| step.primitive == "hold");
    let told = held.filter_map(|(lane, step)| {
        let at = &lane.path.as_ref()?.vantage;
        let most = step.deadline_ms / 1_000;
        Some((format!("{} at {at}", step.probe), format!("quiet connections at {at} to live or die ({most} s at most)")))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Vantage;

    #[test]
    fn the_line_says_what_is_waited_for() {
        let progress =
            Progress { waiting: RefCell::default(), long: RefCell::default(), began: clock::now(), line: Line { shown: true } };
        let started = |probe: &str| Event::Started { probe: probe.into(), vantage: Vantage::path("here", "edge"), at_ms: 0.0 };
        progress.hear(&started("tcp"));
        assert_eq!(progress.text(), "waiting for tcp at here/edge");
        progress.hear(&started("http"));
        assert_eq!(progress.text(), "waiting for tcp at here/edge and 1 more");
        progress.hear(&Event::Finished { probe: "tcp".into(), vantage: Vantage::path("here", "edge"), at_ms: 1.0 });
        assert_eq!(progress.text(), "waiting for http at here/edge");
        let quiet = "quiet connections at here/edge to live or die (64 s at most)";
        progress.long.borrow_mut().push(("http at here/edge".into(), quiet.into()));
        assert_eq!(progress.text(), format!("waiting for {quiet}, 0 s so far"));
    }
}
