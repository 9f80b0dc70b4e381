//! What ends connections, and by which clock: judged from many connections at once.
//!
//! Every clock is a supposition: silence (of either side, of each, of the client, of the gateway) or age. Each connection that died
//! gives a span in which the clock must have rung: a moment where the end was announced, from the last sign of life to the first
//! unanswered ping where it was not. Each time that a connection survived is one at which the clock did not ring. A supposition
//! stands if all of that agrees.

mod held;
mod moment;
mod reach;
mod supposed;
mod verdict;

use self::held::{Held, Limits, Witness};
use self::reach::{needed, reach};
use self::supposed::Supposed;
use self::verdict::Verdict;
use super::pair;
use crate::facts::schema::Field;
use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::hold::{BEAT, Fate, HOLD};
use crate::facts::tables::timer::{Clock, Counts, TIMER};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::path::{Class, Topology, Vantage};

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

/// How late our own clock was while connections were held, where that is worth a word.
fn late(facts: &Facts, at: &Vantage) -> f64 {
    match facts.look(BEAT.name, at, &[], "own-late") {
        Cell::Value { value: Value::Ms(ms) } if ms > HARDLY_LATE_MS => ms,
        _ => 0.0,
    }
}

fn nothing(because: &Because) -> Row {
    let blank = |row: RowBuilder, field: &Field| row.cell(field.name, Cell::NotMeasured(because.clone()));
    TIMER.fields.iter().fold(RowBuilder::new(&TIMER, []), blank).rest(Cell::Absent)
}

/// Products look at their timers about once a second, and a busy machine is late.
const TOLERANCE_MS: f64 = 1_200.0;

/// Our own clock is this late on a machine that has nothing else to do.
const HARDLY_LATE_MS: f64 = 100.0;

fn told(facts: &Facts, at: &Vantage, all: &[Held], cut_short: Option<Because>) -> Row {
    let late = late(facts, at);
    let verdict = Verdict::of(all, late);
    let needed = needed(facts, at, all);
    let reach = reach(&verdict, needed);
    // Where no clock is told, nothing is known of it either.
    let told = |cell: Cell| match (&verdict.clock, &cut_short) {
        // Whatever was not seen by then may have come yet.
        (Ok(Clock::Unseen | Clock::Gateway), Some(because)) => Cell::not_measured(because.clone()),
        (Ok(_), _) => cell,
        (Err(why), _) => Cell::not_measured(Because::new(Reason::Blocked, why.as_str())),
    };
    let clock = told(Cell::maybe(verdict.clock.as_ref().ok().map(|clock| clock.as_str())));
    let dead = match verdict.clock {
        Ok(Clock::Gone) if !all.iter().any(Held::dead) => Held::by_word,
        _ if all.iter().any(Held::dead) => Held::dead,
        _ => |held: &Held| held.hidden,
    };
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
        .maybe("late", Some(late).filter(|late| *late > 0.0).map(Value::ms))
        .set("needed", Value::ms(needed.silence))
        .set("held", Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
        .rest(Cell::Absent)
}

#[cfg(test)]
mod tests;
