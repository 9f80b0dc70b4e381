//! Whether one moment explains what ended: all that were open then ended in it, and none lived through it.

use super::held::{Held, Witness};
use crate::facts::tables::hold::Fate;

/// Connections that end within this time of each other end in the same moment.
const SAME_MOMENT_MS: f64 = 300.0;

/// A moment that explains every end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Whether more than one ended in it.
    pub several: bool,
    /// Whether any of them ended without a word.
    pub unsaid: bool,
    /// Whether the end of any of them was announced.
    pub said: bool,
    /// What became of those begun later.
    pub later: Later,
}

/// What became of connections begun after the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Later {
    /// One of them lived.
    Lived,
    /// None could be opened.
    Refused,
    /// None was begun.
    Untried,
}

impl Moment {
    /// The moment in which those of one kind ended, if there is one, as far as a clock can tell that was so late.
    pub fn of(all: &[Held], of_kind: impl Fn(&Held) -> bool, late: f64) -> Option<Self> {
        let same = SAME_MOMENT_MS + late;
        let dead: Vec<&Held> = all.iter().filter(|held| of_kind(held)).collect();
        let first = dead.iter().map(|held| held.begun + held.lived()).fold(f64::MIN, f64::max);
        let last = dead.iter().map(|held| held.ended()).fold(f64::MAX, f64::min);
        let lived: Vec<&Held> = all.iter().filter(|held| held.witness() == Witness::Lived && !of_kind(held)).collect();
        // It can only have been where nobody lived through it: right away, or at the end of somebody who did live until then.
        let (from, to) = (first.min(last), first.max(last));
        // Where the moment is known, one that was begun in it came after; else it is too good an excuse.
        let slack = if to - from <= same { same } else { -same };
        let through = |at: f64| lived.iter().any(|held| held.begun + slack < at && at + same < held.ended());
        let ends = lived.iter().map(|held| held.ended()).filter(|at| (from..=to).contains(at));
        let free = [from, to].into_iter().chain(ends).any(|at| !through(at));
        if dead.is_empty() || first - last > same || !free {
            return None;
        }
        let after = |held: &&Held| held.begun + same >= last;
        let later = if lived.iter().any(after) {
            Later::Lived
        } else if all.iter().any(|held| held.fate == Fate::NotOpened && after(&held)) {
            Later::Refused
        } else {
            Later::Untried
        };
        let any = |witness| dead.iter().any(|held| held.witness() == witness);
        Some(Self { several: dead.len() > 1, unsaid: any(Witness::Unsaid), said: any(Witness::Announced), later })
    }
}
