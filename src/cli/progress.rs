//! The progress line: on a terminal only, on standard error only, and only once a run takes longer than it should.

use std::cell::RefCell;
use std::future::Future;
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

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
    line: Line,
}

impl Progress {
    /// A progress line, unless nobody would see it or nobody wants it.
    pub fn new(quiet: bool) -> Self {
        Self { waiting: RefCell::default(), line: Line::new(quiet) }
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
            Event::Head(_) | Event::Sheet(_) | Event::Series(_) | Event::End(_) => {}
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
        match self.waiting.borrow().as_slice() {
            [] => "working".into(),
            [one] => format!("waiting for {one}"),
            [first, rest @ ..] => format!("waiting for {first} and {} more", rest.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Vantage;

    #[test]
    fn the_line_says_what_is_waited_for() {
        let progress = Progress { waiting: RefCell::default(), line: Line { shown: true } };
        let started = |probe: &str| Event::Started { probe: probe.into(), vantage: Vantage::path("here", "edge"), at_ms: 0.0 };
        progress.hear(&started("tcp"));
        assert_eq!(progress.text(), "waiting for tcp at here/edge");
        progress.hear(&started("http"));
        assert_eq!(progress.text(), "waiting for tcp at here/edge and 1 more");
        progress.hear(&Event::Finished { probe: "tcp".into(), vantage: Vantage::path("here", "edge"), at_ms: 1.0 });
        assert_eq!(progress.text(), "waiting for http at here/edge");
    }
}
