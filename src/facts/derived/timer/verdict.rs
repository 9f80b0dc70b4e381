//! What is found out about the ends of a path's connections.

use super::TOLERANCE_MS;
use super::held::{Held, Witness};
use super::moment::{Later, Moment};
use super::supposed::{Supposed, standing};
use crate::facts::tables::timer::{Clock, Counts};
use crate::facts::value::show_ms;

/// Why nobody can tell by which clock connections ended: there is nothing to compare with.
pub const ALONE: &str = "quiet connections ended, and no busy one beside them tells silence from age";

/// The same: no clock explains it, so the way loses connections.
pub const LOST: &str = "connections ended at times that no clock explains: the way loses some";

/// The same: nobody said anything, and all were as old as each other.
pub const AT_ONCE_OR_OLD: &str = "connections ended at one age and in one moment: that is their lifetime, or the way was lost";

/// The same: whoever held them is gone, or the way to them.
pub const GONE: &str = "all connections were lost at once without a word, and none could be opened afterwards";

/// The same, but nobody tried.
pub const UNTRIED: &str = "all connections ended at once, and none was begun afterwards";

/// The same: later ones lived, so the way was lost for a moment.
pub const DARK: &str = "all connections were lost at once without a word, and later ones lived";

/// The same: only those ended that the gateway itself ends.
pub const HIDDEN: &str =
    "connections were lost without a word at the age at which the gateway itself ends them: its end may not be handed on";

/// What was found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The clock, or why none is told.
    pub clock: Result<Clock, String>,
    /// At least and at most so much of it.
    pub setting: Option<(f64, f64)>,
    /// Whose bytes count.
    pub counts: Option<Counts>,
}

impl Verdict {
    const fn plain(clock: Clock) -> Self {
        Self { clock: Ok(clock), setting: None, counts: None }
    }

    fn riddle(why: &str, setting: Option<(f64, f64)>) -> Self {
        Self { clock: Err(why.to_owned()), setting, counts: None }
    }

    /// What the connections show to a clock that was so late: nothing but a riddle where a better clock might have told it otherwise.
    pub fn of(all: &[Held], late: f64) -> Self {
        let (told, doubted) = (Self::within(all, 0.0), Self::within(all, late));
        let same = told.clock == doubted.clock && told.is_one_sided() == doubted.is_one_sided();
        match same {
            true => Self { counts: doubted.counts, ..told },
            false => Self::riddle(&busy(late), told.setting),
        }
    }

    /// Whether bytes of one side alone do not keep a connection from being idle: rows differ by that, and by no more of it.
    fn is_one_sided(&self) -> bool {
        matches!(self.counts, Some(Counts::Each | Counts::Client | Counts::Server | Counts::NotClient | Counts::NotServer))
    }

    fn within(all: &[Held], late: f64) -> Self {
        if !all.iter().any(|held| held.dead()) && all.iter().any(|held| held.hidden) {
            return Self::riddle(HIDDEN, None);
        }
        if !all.iter().any(Held::dead) {
            let moment = Moment::of(all, Held::by_word, late);
            let is_gone = moment.is_some_and(|moment| moment.several && moment.later == Later::Refused);
            return Self::plain(if is_gone { Clock::Gone } else { undisturbed(all) });
        }
        let standing = standing(all, late);
        let unsaid = all.iter().filter(|held| held.dead()).all(|held| held.witness() == Witness::Unsaid);
        let counts: Vec<Counts> = standing.iter().filter_map(|fit| fit.clock.counts()).collect();
        let age = standing.iter().find(|fit| fit.clock == Supposed::Age);
        let silence = standing.first().filter(|fit| fit.clock != Supposed::Age);
        match (age, silence, Moment::of(all, Held::dead, late)) {
            (_, _, Some(moment)) if moment.later == Later::Refused => moment.told(),
            (Some(age), Some(_), _) => Self::riddle(ALONE, Some(age.setting)),
            (None, Some(silence), Some(_)) => Self::riddle(ALONE, Some(silence.setting)),
            (Some(age), None, Some(_)) => Self::riddle(AT_ONCE_OR_OLD, Some(age.setting)),
            (Some(age), None, None) => Self { clock: Ok(Clock::Lifetime), setting: Some(age.setting), counts: None },
            (None, Some(silence), None) => {
                let clock = if unsaid { Clock::Forgotten } else { Clock::Idle };
                Self { clock: Ok(clock), setting: Some(silence.setting), counts: Some(whose(&counts)) }
            }
            (None, None, Some(moment)) if moment.several => moment.told(),
            (None, None, _) => Self::riddle(LOST, None),
        }
    }
}

impl Moment {
    /// What it says where nothing else explains the ends.
    fn told(self) -> Verdict {
        match (self.later, self.unsaid) {
            (Later::Lived, false) => Verdict::plain(Clock::Reload),
            (Later::Lived, true) => Verdict::riddle(DARK, None),
            // A ping that was on its way when the rest ended is answered by nobody, or by a reset.
            (Later::Refused, _) if self.said => Verdict::plain(Clock::Gone),
            (Later::Refused, _) => Verdict::riddle(GONE, None),
            (Later::Untried, _) => Verdict::riddle(UNTRIED, None),
        }
    }
}

impl Verdict {
    /// What is known of the ends, in words that stand without the rest.
    pub fn how(&self) -> Option<String> {
        let span = |(least, most): (f64, f64)| match most - least < TOLERANCE_MS {
            true => show_ms(most),
            false if least > 0.0 => format!("between {} and {}", show_ms(least), show_ms(most)),
            false => format!("at most {}", show_ms(most)),
        };
        Some(match (&self.clock, self.setting.map(span)) {
            (Ok(Clock::Idle), Some(span)) => format!("after {span} without a byte, while busy ones lived on"),
            (Ok(Clock::Forgotten), Some(span)) => format!("after a silence of {span}, while busy ones lived on"),
            (Ok(Clock::Lifetime), Some(span)) => format!("at an age of {span}"),
            (Err(why), Some(span)) => format!("after {span}; {why}"),
            (Err(why), None) => why.clone(),
            _ => return None,
        })
    }
}

/// Why a clock is not told that the connections seem to show.
fn busy(late: f64) -> String {
    format!("this machine was busy: its own clock was {} late", show_ms(late))
}

/// The clock where nothing died: the gateway's own, if that is what ended the oldest, or ended one by word.
fn undisturbed(all: &[Held]) -> Clock {
    let by_word = all.iter().any(Held::by_word);
    let oldest = all.iter().max_by(|a, b| a.age.total_cmp(&b.age));
    if by_word || oldest.is_some_and(|held| held.own_end) { Clock::Gateway } else { Clock::Unseen }
}

/// Whose bytes count, by the suppositions that stand.
fn whose(standing: &[Counts]) -> Counts {
    match standing {
        [only] => *only,
        [Counts::Either, Counts::Client] => Counts::ClientToo,
        [Counts::Each, Counts::Server] => Counts::NotClient,
        [Counts::Each, Counts::Client] => Counts::NotServer,
        _ => Counts::Unknown,
    }
}
