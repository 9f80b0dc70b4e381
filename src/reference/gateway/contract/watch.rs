//! Arrivals for whoever watches: each kind once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Arrival;

/// The most kinds that are told, so that nobody fills the memory with them.
const MOST_KINDS: usize = 1_000;

/// The end at which arrivals are told.
#[derive(Debug)]
pub struct Watch {
    told: Mutex<BTreeSet<String>>,
    tell: Sender<Arrival>,
}

impl Watch {
    /// Both ends. What is told waits for its reader, and all of it has room.
    pub fn new() -> (Self, Receiver<Arrival>) {
        let (tell, hear) = channel(MOST_KINDS + 1);
        (Self { told: Mutex::default(), tell }, hear)
    }

    /// Tells of an arrival of a new kind; of one kind too many it tells that there are more.
    pub fn tell(&self, arrival: Arrival) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() > MOST_KINDS || !told.insert(arrival.shape()) {
            return;
        }
        let arrival = if told.len() > MOST_KINDS { Arrival::More { kinds: MOST_KINDS } } else { arrival };
        // Nobody listens any more when the end has come.
        let _ = self.tell.try_send(arrival);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_and_there_is_an_end_to_kinds() {
        let (watch, mut hear) = Watch::new();
        for third in 0..4 {
            for last in 0..=255 {
                for _ in 0..2 {
                    watch.tell(Arrival::Http2 { peer: Some([203, 0, third, last].into()) });
                }
            }
        }
        let told: Vec<Arrival> = std::iter::from_fn(|| hear.try_recv().ok()).collect();
        assert_eq!(told.len(), MOST_KINDS + 1);
        assert_eq!(told.last(), Some(&Arrival::More { kinds: MOST_KINDS }));
    }
}
