//! What ends connections, and by which clock: judged from many connections at once.
//!
//! Every clock is a supposition: silence (of either side, of each, of the client, of the gateway) or age. Each connection that died
//! gives a span in which the clock must have rung: a moment where the end was announced, from the last sign of life to the first
//! unanswered ping where it was not. Each time that a connection survived is one at which the clock did not ring. A supposition
//! stands if all of that agrees.

use crate::facts::schema::Field;
use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::hold::{Fate, HOLD};
use crate::facts::tables::timer::{Clock, Counts, Reach, TIMER};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::openclaw::limits::{PING, TICK};
use crate::path::{Topology, Vantage};

/// Products look at their timers about once a second, and a busy machine is late.
const TOLERANCE_MS: f64 = 1_200.0;

/// Suppositions that agree nearly as well as the best are not told from it.
const AS_GOOD_MS: f64 = 400.0;

/// Connections that end within this time of each other end in the same moment.
const SAME_MOMENT_MS: f64 = 300.0;

/// A timer that waits hardly longer than the gateway pauses loses the race now and then: what rang within so much of the pause hits.
const RACE_MS: f64 = 500.0;

/// Close codes that only the gateway uses: 1000 for whoever did not connect in time, 1008 for its policy, 1012 for its restart.
const GATEWAYS: [i64; 3] = [1000, 1008, 1012];

/// Writes `timer` for each path on which connections were held.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let at = &path.vantage;
        let (rows, state) = facts.rows(HOLD.name, Some(at));
        let held: Vec<Held> = rows.iter().filter_map(Held::read).collect();
        let row = match state {
            SheetState::NotMeasured(because) => nothing(&because),
            _ if held.is_empty() => nothing(&Because::new(Reason::Blocked, "no connection could be held")),
            _ => told(facts, at, &held),
        };
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&TIMER, at) });
    }
}

fn nothing(because: &Because) -> Row {
    let blank = |row: RowBuilder, field: &Field| row.cell(field.name, Cell::NotMeasured(because.clone()));
    TIMER.fields.iter().fold(RowBuilder::new(&TIMER, []), blank).rest(Cell::Absent)
}

/// A connection that was held; times in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Held {
    fate: Fate,
    let_in: bool,
    close_code: Option<i64>,
    begun: f64,
    age: f64,
    client: f64,
    server: f64,
    survived_either: f64,
    survived_client: f64,
    survived_server: f64,
}

/// How its end bears witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Witness {
    /// It lived until we or the gateway ended it.
    Lived,
    /// It died at this very moment.
    Announced,
    /// It died some time between its last sign of life and this moment.
    Unsaid,
}

impl Held {
    fn read(row: &Row) -> Option<Self> {
        let ms = |field: &str| match row.cell(field).and_then(Cell::get) {
            Some(Value::Ms(ms)) => *ms,
            _ => 0.0,
        };
        let fate: Fate = row.cell("fate")?.text()?.parse().ok()?;
        let close_code = match row.cell("close-code").and_then(Cell::get) {
            Some(Value::Int(code)) => Some(*code),
            _ => None,
        };
        (fate != Fate::NotOpened).then(|| Self {
            fate,
            let_in: row.cell("let-in").and_then(Cell::get) == Some(&Value::Bool(true)),
            close_code,
            begun: ms("begun"),
            age: ms("age"),
            client: ms("idle-client"),
            server: ms("idle-server"),
            survived_either: ms("silence"),
            survived_client: ms("silence-client"),
            survived_server: ms("silence-server"),
        })
    }

    fn witness(&self) -> Witness {
        match self.fate {
            Fate::Survived | Fate::NotOpened => Witness::Lived,
            Fate::CloseFrame if self.close_code.is_some_and(|code| GATEWAYS.contains(&code)) => Witness::Lived,
            Fate::CloseFrame | Fate::Fin | Fate::Reset => Witness::Announced,
            Fate::ResetOnWrite | Fate::NoPong => Witness::Unsaid,
        }
    }

    fn dead(&self) -> bool {
        self.witness() != Witness::Lived
    }
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
        if held.dead() { before } else { before.max(self.at_end(held)) }
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

    fn of(all: &[Held]) -> Self {
        if !all.iter().any(Held::dead) {
            return Self::plain(undisturbed(all));
        }
        let standing = standing(all);
        let age = standing.iter().find(|fit| fit.clock == Supposed::Age);
        let counts: Vec<Counts> = standing.iter().filter_map(|fit| fit.clock.counts()).collect();
        let unsaid = all.iter().filter(|held| held.dead()).all(|held| held.witness() == Witness::Unsaid);
        match (age, standing.first()) {
            (Some(age), Some(first)) if first.clock != Supposed::Age => {
                Self { clock: Err(ALONE), setting: Some(age.setting), counts: None }
            }
            (Some(age), _) => Self { clock: Ok(Clock::Lifetime), setting: Some(age.setting), counts: None },
            (None, Some(first)) => {
                let clock = if unsaid { Clock::Forgotten } else { Clock::Idle };
                Self { clock: Ok(clock), setting: Some(first.setting), counts: Some(whose(&counts)) }
            }
            (None, None) if reload(all) => Self::plain(Clock::Reload),
            (None, None) => Self { clock: Err(LOST), setting: None, counts: None },
        }
    }
}

/// The clock where nothing died: the gateway's own, if that is what ended the oldest.
fn undisturbed(all: &[Held]) -> Clock {
    let restart = all.iter().any(|held| held.close_code == Some(1012));
    let oldest = all.iter().max_by(|a, b| a.age.total_cmp(&b.age));
    let ended = oldest.is_some_and(|held| held.fate == Fate::CloseFrame);
    if restart || ended { Clock::Gateway } else { Clock::Unseen }
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

/// Whether all that were open at one moment ended in it, more than one, and none lived through it.
fn reload(all: &[Held]) -> bool {
    let ends: Vec<f64> = all.iter().filter(|held| held.dead()).map(|held| held.begun + held.age).collect();
    let (first, last) = (ends.iter().copied().fold(f64::MAX, f64::min), ends.iter().copied().fold(f64::MIN, f64::max));
    let through = |held: &Held| !held.dead() && held.begun < first && held.begun + held.age > last;
    ends.len() > 1 && last - first <= SAME_MOMENT_MS && !all.iter().any(through)
}

fn told(facts: &Facts, at: &Vantage, all: &[Held]) -> Row {
    let verdict = Verdict::of(all);
    let needed = needed(facts, at, all);
    let reach = reach(&verdict, needed);
    // Where no clock is told, nothing is known of it either.
    let told = |cell: Cell| match verdict.clock {
        Ok(_) => cell,
        Err(why) => Cell::not_measured(Because::new(Reason::Blocked, why)),
    };
    let clock = told(Cell::maybe(verdict.clock.ok().map(Clock::as_str)));
    let first = all.iter().filter(|held| held.dead()).min_by(|a, b| (a.begun + a.age).total_cmp(&(b.begun + b.age)));
    let limit = all.iter().find(|held| !held.let_in && held.close_code == Some(GATEWAYS[0])).map(|held| Value::ms(held.age));
    let most = |of: &dyn Fn(&Held) -> f64| Value::ms(all.iter().map(of).fold(0.0, f64::max));
    RowBuilder::new(&TIMER, [])
        .cell("clock", clock)
        .maybe("after", verdict.setting.map(|(_, most)| Value::ms(most)))
        .maybe("at-least", verdict.setting.map(|(least, _)| Value::ms(least)))
        .cell("counts", told(Cell::maybe(verdict.counts.map(Counts::as_str))))
        .cell("reach", reach.map_or_else(|| told(Cell::Absent), |reach| Cell::value(reach.as_str())))
        .maybe("end", first.map(|held| held.fate.as_str()))
        .maybe("close-code", first.and_then(|held| held.close_code))
        .set("survived", most(&|held| Supposed::Silence(Counts::Either).survived(held)))
        .set("oldest", most(&|held| held.age))
        .maybe("limit", limit)
        .set("needed", Value::ms(needed.silence))
        .set("held", Value::Int(i64::try_from(all.len()).unwrap_or(i64::MAX)))
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
