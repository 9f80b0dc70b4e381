//! Many scenes wait at once, but few begin at once: what begins takes a core for itself, and what is measured beside twenty others
//! that begin is how busy the machine is.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How many begin at once: as many as there are cores where CI runs.
const AT_ONCE: usize = 2;
/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// After how many looks at which it did not work it waits: longer than a step of a run that is answered takes.
const STILL: usize = 6;

static INSIDE: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// A place at the door, for whom begins; it is free again when this goes.
pub struct Place(());

/// Waits for a place.
pub fn enter() -> Place {
    let inside = INSIDE.0.lock().unwrap_or_else(PoisonError::into_inner);
    let mut inside = INSIDE.1.wait_while(inside, |inside| *inside >= AT_ONCE).unwrap_or_else(PoisonError::into_inner);
    *inside += 1;
    Place(())
}

impl Drop for Place {
    fn drop(&mut self) {
        *INSIDE.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        INSIDE.1.notify_one();
    }
}

impl Place {
    /// Keeps the place until a process does nothing but wait, or is gone.
    pub fn until_still(self, process: u32) {
        let (mut before, mut still) = (String::new(), 0);
        while let Some(now) = work(process).filter(|_| still < STILL) {
            still = if now == before && !now.contains(WANTS) { still + 1 } else { 0 };
            before = now;
            std::thread::sleep(LOOK);
        }
    }
}

/// The state of a thread that works, or stands in the queue for a core (Linux: proc_pid_stat).
const WANTS: char = 'R';

/// What every thread of a process is at, and has worked, as long as it lives.
fn work(process: u32) -> Option<String> {
    let mut all = String::new();
    for task in std::fs::read_dir(format!("/proc/{process}/task")).ok()?.filter_map(Result::ok) {
        // Its name may hold anything.
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let state = stat.rsplit(')').next()?.trim_start().chars().next()?;
        all.push(state);
        all += &std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
    }
    // One that has ended and waits to be asked how.
    (!all.starts_with('Z')).then_some(all)
}
