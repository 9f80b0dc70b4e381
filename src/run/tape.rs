//! Takes every event of a run: hands it to the listener at once, and keeps it in the order of the lanes.
//!
//! Lanes run side by side, so the order in which events happen differs from run to run. The recording does not: it holds
//! what came before the lanes, then each lane's events in their own order.

use std::cell::RefCell;

use super::handover::tame;
use crate::clock::{self, Instant};
use crate::facts::Sheet;
use crate::facts::series::Taken;
use crate::facts::value::thousandths;
use crate::path::Vantage;
use crate::record::Event;
use crate::record::redact::Veil;
use crate::secret::Redactor;

/// Where an event belongs in the recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before all lanes.
    Front,
    /// In a lane, by its number in the plan.
    Lane(usize),
}

/// The tape of one run.
pub struct Tape<'a> {
    listen: RefCell<&'a mut dyn FnMut(&Event)>,
    kept: RefCell<Vec<Vec<Event>>>,
    veil: RefCell<Option<Veil>>,
    redactor: &'a Redactor,
    began: Instant,
}

impl<'a> Tape<'a> {
    /// An empty tape for this many lanes. `veil` hides from the listener what a public report may not show; the recording
    /// is veiled as a whole at the end.
    pub fn new(listen: &'a mut dyn FnMut(&Event), lanes: usize, redactor: &'a Redactor, veil: Option<Veil>) -> Self {
        Self {
            listen: RefCell::new(listen),
            kept: RefCell::new(vec![Vec::new(); lanes + 1]),
            veil: RefCell::new(veil),
            redactor,
            began: clock::now(),
        }
    }

    /// When the run began.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// The redactor of this run.
    pub fn redactor(&self) -> &Redactor {
        self.redactor
    }

    /// Milliseconds since the run began.
    pub fn at_ms(&self) -> f64 {
        thousandths(clock::now().saturating_duration_since(self.began).as_secs_f64() * 1_000.0)
    }

    /// Takes facts: this is where they become safe to see.
    pub fn sheets(&self, place: Place, sheets: Vec<Sheet>) {
        for sheet in sheets {
            self.keep(place, Event::Sheet(tame(sheet, self.redactor)));
        }
    }

    /// Takes samples whose times count from the beginning of their probe.
    pub fn series(&self, place: Place, begun_ms: f64, taken: Vec<Taken>) {
        for mut series in taken {
            for (at_ms, value) in &mut series.samples {
                (*at_ms, *value) = (thousandths(*at_ms + begun_ms), thousandths(*value));
            }
            self.keep(place, Event::Series(series));
        }
    }

    /// A probe begins.
    pub fn started(&self, place: Place, probe: &str, vantage: &Vantage) {
        self.keep(place, Event::Started { probe: probe.to_owned(), vantage: vantage.clone(), at_ms: self.at_ms() });
    }

    /// A probe ended.
    pub fn finished(&self, place: Place, probe: &str, vantage: &Vantage) {
        self.keep(place, Event::Finished { probe: probe.to_owned(), vantage: vantage.clone(), at_ms: self.at_ms() });
    }

    /// Tells the listener something that the recording holds in its own field.
    pub fn tell(&self, event: &Event) {
        let veiled = self.veil.borrow_mut().as_mut().map(|veil| {
            veil.learn(event);
            veil.event(event)
        });
        (self.listen.borrow_mut())(veiled.as_ref().unwrap_or(event));
    }

    fn keep(&self, place: Place, event: Event) {
        self.tell(&event);
        let index = match place {
            Place::Front => 0,
            Place::Lane(lane) => lane + 1,
        };
        if let Some(lane) = self.kept.borrow_mut().get_mut(index) {
            lane.push(event);
        }
    }

    /// Every kept event, in the recording's order.
    pub fn into_events(self) -> Vec<Event> {
        self.kept.into_inner().into_iter().flatten().collect()
    }
}
