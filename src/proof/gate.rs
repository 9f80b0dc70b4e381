//! Keeps runs from beginning all at once: a run reckons when it begins, and what lasts longer mostly waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{self, Instant};

/// A door that so many may stand in.
#[derive(Debug)]
pub struct Gate {
    places: usize,
    longest: Duration,
    inside: Mutex<Vec<Instant>>,
    left: Condvar,
}

/// A place in the door; given back when dropped, and lost after the longest time anyway.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate, Instant);

impl Gate {
    /// A door with so many places; whoever stays longer than this no longer counts.
    pub fn new(places: usize, longest: Duration) -> Self {
        Self { places, longest, inside: Mutex::default(), left: Condvar::new() }
    }

    /// Waits for a place.
    pub fn enter(&self) -> Pass<'_> {
        let mut inside = self.inside();
        loop {
            let now = clock::now();
            inside.retain(|since| now - *since < self.longest);
            if inside.len() < self.places {
                inside.push(now);
                return Pass(self, now);
            }
            let first = inside.iter().min().map_or(self.longest, |since| self.longest - (now - *since));
            inside = self.left.wait_timeout(inside, first).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn inside(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let mut inside = self.0.inside();
        if let Some(at) = inside.iter().position(|since| *since == self.1) {
            inside.swap_remove(at);
            self.0.left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn no_more_than_the_places_are_inside() {
        let (gate, inside, most) = (Gate::new(2, Duration::from_secs(60)), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _pass = gate.enter();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((1..=2).contains(&most.into_inner()));
    }

    #[test]
    fn whoever_stays_too_long_keeps_nobody_out() {
        let gate = Gate::new(1, Duration::from_millis(20));
        let first = gate.enter();
        let second = gate.enter();
        assert!(second.1 - first.1 >= Duration::from_millis(20));
        drop(first);
        assert_eq!(gate.inside().len(), 1, "a place that was lost is not given back");
    }
}
