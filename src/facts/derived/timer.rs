//! What ends connections, and by which clock: judged from many connections at once.
//!
//! Every clock is a supposition: silence (of either side, of each, of the client, of the gateway) or age. Each connection that died
//! gives a span in which the clock must have rung: a moment where the end was announced, from the last sign of life to the first
//! unanswered ping where it was not. Each time that a connection survived is one at which the clock did not ring. A supposition
//! stands if all of that agrees.

mod held;
mod moment;

use self::held::{Held, Limits, Witness};
use self::moment::{Later, Moment};
use super::pair;
use crate::facts::schema::Field;
use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::hold::{Fate, HOLD};
use crate::facts::tables::timer::{Clock, Counts, Reach, TIMER};
use crate::facts::value::{Because, Cell, Reason, Value, show_ms};
use crate::openclaw::limits::{PING, TICK};
use crate::path::{Class, Topology, Vantage};

/// Products look at their timers about once a second, and a busy machine is late.
const TOLERANCE_MS: f64 = 1_200.0;

/// Suppositions that agree nearly as well as the best are not told from it.
const AS_GOOD_MS: f64 = 400.0;

/// Connections that end within this time of each other end in the same moment.
const SAME_MOMENT_MS: f64 = 300.0;

/// A timer that waits hardly longer than the gateway pauses loses the race now and then: what rang within so much of the pause hits.
const RACE_MS: f64 = 500.0;

/// Why nobody can tell what ends connections: none was held.
const NONE: &str = "no connection could be held";

/// Writes `timer` for each path on which connections were held.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let at = &path.vantage;
        let state = facts.rows(HOLD.name, Some(at)).1;
        let held = held(facts, topology, at);
        let row = match state {
            SheetState::NotMeasured(because) => nothing(&because),
            _ if held.iter().any(|held| held.witness() != Witness::Nothing) => told(facts, at, &held, cut_short(state)),
            SheetState::Incomplete(because) => nothing(&because),
            SheetState::Complete => nothing(&Because::new(Reason::Blocked, NONE)),
        };
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&TIMER, at) });
    }
}

/// The connections of a path, each with whether the gateway itself ended it.
fn held(facts: &Facts, topology: &Topology, at: &Vantage) -> Vec<Held> {
    let read = |at: &Vantage| facts.rows(HOLD.name, Some(at)).0.iter().filter_map(Held::read).collect::<Vec<_>>();
    let is_direct = topology.path(at).is_some_and(|path| path.class == Class::Direct);
    let beside = topology.direct(at, |a, b| pair::apart(facts, a, b)).map(|path| &path.vantage);
    let direct = if is_direct { Some(at) } else { beside };
    let mut all = read(at);
    let limits = Limits::of(&all, &direct.map(read).unwrap_or_default());
    all.iter_mut().for_each(|held| limits.settle(held));
    all
}

/// Why not all was seen, if so.
fn cut_short(state: SheetState) -> Option<Because> {
    match state {
        SheetState::Incomplete(because) => Some(because),
        _ => None,
    }
}

fn nothing(because: &Because) -> Row {
    let blank = |row: RowBuilder, field: &Field| row.cell(field.name, Cell::NotMeasured(because.clone()));
    TIMER.fields.iter().fold(RowBuilder::new(&TIMER, []), blank).rest(Cell::Absent)
}

/// A clock that may have rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Supposed {
    Silence(Counts),
    Age,
}

impl Supposed {
    fn counts(self) -> Option<Counts> {
        match self {
            Self::Silence(counts) => Some(counts),
            Self::Age => None,
        }
    }

    /// What the clock showed when the connection ended, or when we first spoke in vain.
    fn at_end(self, held: &Held) -> f64 {
        match self {
            Self::Silence(Counts::Each) => held.client.max(held.server),
            Self::Silence(Counts::Client) => held.client,
            Self::Silence(Counts::Server) => held.server,
            Self::Silence(_) => held.client.min(held.server),
            Self::Age => held.age,
        }
    }

    /// What it showed at the last sign of life.
    fn at_last_sign(self, held: &Held) -> f64 {
        let client = (held.client - held.server).max(0.0);
        match self {
            Self::Silence(Counts::Each | Counts::Client) => client,
            Self::Silence(_) => 0.0,
            Self::Age => (held.age - held.server).max(0.0),
        }
    }

    /// The most it showed while the connection is known to have lived.
    fn survived(self, held: &Held) -> f64 {
        let before = match self {
            Self::Silence(Counts::Each) => held.survived_client.max(held.survived_server),
            Self::Silence(Counts::Client) => held.survived_client,
            Self::Silence(Counts::Server) => held.survived_server,
            Self::Silence(_) => held.survived_either,
            Self::Age => 0.0,
        };
        if held.witness() == Witness::Lived { before.max(self.at_end(held)) } else { before }
    }

    /// What the clock is set to, as far as it is known, and how well everything agrees.
    fn fit(self, all: &[Held]) -> Fit {
        let dead = || all.iter().filter(|held| held.dead());
        let first_sign = |held: &Held| match held.witness() {
            Witness::Announced => self.at_end(held),
            _ => self.at_last_sign(held),
        };
        let survived = all.iter().map(|held| self.survived(held)).fold(0.0, f64::max);
        let least = dead().map(first_sign).fold(survived, f64::max);
        let most = dead().map(|held| self.at_end(held)).fold(f64::INFINITY, f64::min);
        Fit { clock: self, misfit: (least - most).max(0.0), setting: (least.min(most), most) }
    }
}

/// How a supposition agrees with everything.
#[derive(Debug, Clone, Copy)]
struct Fit {
    clock: Supposed,
    /// How far the times that should be one lie apart.
    misfit: f64,
    /// At least and at most so much of the clock.
    setting: (f64, f64),
}

const SUPPOSED: [Supposed; 5] = [
    Supposed::Silence(Counts::Either),
    Supposed::Silence(Counts::Each),
    Supposed::Silence(Counts::Client),
    Supposed::Silence(Counts::Server),
    Supposed::Age,
];

/// The suppositions that stand: those that agree, and no worse than the best of them.
fn standing(all: &[Held]) -> Vec<Fit> {
    let fits: Vec<Fit> = SUPPOSED.iter().map(|clock| clock.fit(all)).filter(|fit| fit.misfit <= TOLERANCE_MS).collect();
    let best = fits.iter().map(|fit| fit.misfit).fold(f64::INFINITY, f64::min);
    fits.into_iter().filter(|fit| fit.misfit <= best + AS_GOOD_MS).collect()
}

/// Why nobody can tell by which clock connections ended: there is nothing to compare with.
const ALONE: &str = "quiet connections ended, and no busy one beside them tells silence from age";

/// The same: no clock explains it, so the way loses connections.
const LOST: &str = "connections ended at times that no clock explains: the way loses some";

/// The same: nobody said anything, and all were as old as each other.
const AT_ONCE_OR_OLD: &str = "connections ended at one age and in one moment: that is their lifetime, or the way was lost";

/// The same: whoever held them is gone.
const GONE: &str = "all connections ended at once, and none could be opened afterwards";

/// The same, but nobody tried.
const UNTRIED: &str = "all connections ended at once, and none was begun afterwards";

/// The same: later ones lived, so the way was lost for a moment.
const DARK: &str = "all connections were lost at once without a word, and later ones lived";

/// The same: only those ended that the gateway itself ends.
const HIDDEN: &str =
    "connections were lost without a word at the age at which the gateway itself ends them: its end may not be handed on";

/// What was found out.
struct Verdict {
    clock: Result<Clock, &'static str>,
    setting: Option<(f64, f64)>,
    counts: Option<Counts>,
}

impl Verdict {
    const fn plain(clock: Clock) -> Self {
        Self { clock: Ok(clock), setting: None, counts: None }
    }

    const fn riddle(why: &'static str, setting: Option<(f64, f64)>) -> Self {
        Self { clock: Err(why), setting, counts: None }
    }

    fn of(all: &[Held]) -> Self {
        if !all.iter().any(|held| held.dead()) && all.iter().any(|held| held.hidden) {
            return Self::riddle(HIDDEN, None);
        }
        if !all.iter().any(Held::dead) {
            return Self::plain(undisturbed(all));
        }
        let standing = standing(all);
        let unsaid = all.iter().filter(|held| held.dead()).all(|held| held.witness() == Witness::Unsaid);
        let counts: Vec<Counts> = standing.iter().filter_map(|fit| fit.clock.counts()).collect();
        let age = standing.iter().find(|fit| fit.clock == Supposed::Age);
        let silence = standing.first().filter(|fit| fit.clock != Supposed::Age);
        match (age, silence, Moment::of(all)) {
            (_, _, Some(Moment { later: Later::Refused, .. })) => Self::riddle(GONE, None),
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
    const fn told(self) -> Verdict {
        match (self.later, self.unsaid) {
            (Later::Lived, false) => Verdict::plain(Clock::Reload),
            (Later::Lived, true) => Verdict::riddle(DARK, None),
            (Later::Refused, _) => Verdict::riddle(GONE, None),
            (Later::Untried, _) => Verdict::riddle(UNTRIED, None),
        }
    }
}

impl Verdict {
    /// What is known of the ends, in words that stand without the rest.
    fn how(&self) -> Option<String> {
        let span = |(least, most): (f64, f64)| match most - least < TOLERANCE_MS {
            true => show_ms(most),
            false if least > 0.0 => format!("between {} and {}", show_ms(least), show_ms(most)),
            false => format!("at most {}", show_ms(most)),
        };
        Some(match (self.clock, self.setting.map(span)) {
            (Ok(Clock::Idle), Some(span)) => format!("after {span} without a byte, while busy ones lived on"),
            (Ok(Clock::Forgotten), Some(span)) => format!("after a silence of {span}, while busy ones lived on"),
            (Ok(Clock::Lifetime), Some(span)) => format!("at an age of {span}"),
            (Err(why), Some(span)) => format!("after {span}; {why}"),
            (Err(why), None) => why.to_owned(),
            _ => return None,
        })
    }
}

/// The clock where nothing died: the gateway's own, if that is what ended the oldest, or ended one by word.
fn undisturbed(all: &[Held]) -> Clock {
    let by_word = all.iter().any(|held| held.own_end && held.close_code.is_some() && !held.too_late());
    let oldest = all.iter().max_by(|a, b| a.age.total_cmp(&b.age));
    if by_word || oldest.is_some_and(|held| held.own_end) { Clock::Gateway } else { Clock::Unseen }
}

/// Whose bytes count, by the suppositions that stand.
fn whose(standing: &[Counts]) -> Counts {
    match standing {
        [only] => *only,
        [Counts::Either, Counts::Client] => Counts::ClientToo,
        [Counts::Each, Counts::Server] => Counts::NotClient,
        _ => Counts::Unknown,
    }
}

fn told(facts: &Facts, at: &Vantage, all: &[Held], cut_short: Option<Because>) -> Row {
    let verdict = Verdict::of(all);
    let needed = needed(facts, at, all);
    let reach = reach(&verdict, needed);
    // Where no clock is told, nothing is known of it either.
    let told = |cell: Cell| match (verdict.clock, &cut_short) {
        // Whatever was not seen by then may have come yet.
        (Ok(Clock::Unseen | Clock::Gateway), Some(because)) => Cell::not_measured(because.clone()),
        (Ok(_), _) => cell,
        (Err(why), _) => Cell::not_measured(Because::new(Reason::Blocked, why)),
    };
    let clock = told(Cell::maybe(verdict.clock.ok().map(Clock::as_str)));
    let dead = if all.iter().any(Held::dead) { Held::dead } else { |held: &Held| held.hidden };
    let first = all.iter().filter(|held| dead(held)).min_by(|a, b| a.ended().total_cmp(&b.ended()));
    let limit = all.iter().find(|held| held.own_end && held.too_late()).map(|held| Value::ms(held.age));
    let count = all.iter().filter(|held| held.fate != Fate::NotOpened).count();
    let most = |of: &dyn Fn(&Held) -> f64| Value::ms(all.iter().map(of).fold(0.0, f64::max));
    RowBuilder::new(&TIMER, [])
        .cell("clock", clock)
        .maybe("after", verdict.setting.map(|(_, most)| Value::ms(most)))
        .maybe("at-least", verdict.setting.map(|(least, _)| Value::ms(least)))
        .cell("counts", told(Cell::maybe(verdict.counts.map(Counts::as_str))))
        .cell("reach", reach.map_or_else(|| told(Cell::Absent), |reach| Cell::value(reach.as_str())))
        .maybe("how", verdict.how())
        .maybe("end", first.map(|held| held.fate.as_str()))
        .maybe("close-code", first.and_then(|held| held.close_code))
        .set("survived", most(&|held| Supposed::Silence(Counts::Either).survived(held)))
        .set("oldest", most(&Held::lived))
        .maybe("limit", limit)
        .set("needed", Value::ms(needed.silence))
        .set("held", Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        .rest(Cell::Absent)
}

/// How long a connection that was let in is silent at most.
#[derive(Clone, Copy)]
struct Needed {
    silence: f64,
    pings: bool,
}

/// Whether a client's connection is hit; nothing where nothing rang.
fn reach(verdict: &Verdict, needed: Needed) -> Option<Reach> {
    let (_, most) = verdict.setting?;
    // A client of a gateway that does not ping has nothing to answer, and says nothing.
    let unheard = !needed.pings && matches!(verdict.counts, Some(Counts::Each | Counts::Client));
    let hits = verdict.clock == Ok(Clock::Lifetime) || unheard || most <= needed.silence + RACE_MS;
    Some(if hits { Reach::Hits } else { Reach::KeptAlive })
}

/// As the gateway was measured; without a measurement as it is known: it pings every 25 s, and did not before 2026.5.7.
fn needed(facts: &Facts, at: &Vantage, all: &[Held]) -> Needed {
    let beat = |field: &str| match facts.look("beat", at, &[], field) {
        Cell::Value { value: Value::Ms(ms) } => Some(ms),
        _ => None,
    };
    let ms = |d: std::time::Duration| d.as_secs_f64() * 1_000.0;
    if let Some(every) = beat("ping-every") {
        return Needed { silence: every, pings: true };
    }
    let waited = all.iter().any(|held| held.let_in && held.age > ms(PING) + RACE_MS);
    let tick = beat("tick-every").or_else(|| beat("tick-promised")).unwrap_or(ms(TICK));
    if waited { Needed { silence: tick, pings: false } } else { Needed { silence: ms(PING), pings: true } }
}

#[cfg(test)]
mod tests;
