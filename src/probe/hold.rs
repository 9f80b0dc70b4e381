//! `hold`: keeps connections open side by side, quiet ones and busy ones, and watches how and when each of them ends.
//!
//! Quiet connections that are not let in are ended by the gateway itself: 2026.9.6 closes them with 1000 and no reason after 15 s,
//! and answers pings before that. Where the lane's `connect` was accepted, further connections are let in: those the gateway leaves
//! silent for 25 s at most, because it pings; ticks have a phase of their own, so connections begin at different times, and
//! afresh right after each broadcast, until one has seen the whole silence; each has a twin on which we speak and the gateway does
//! not answer, with pongs that answer nothing. After a death another one tells what befalls the next. [`schedule`] says which
//! connections there are and when enough was seen, [`life`] begins one of them, [`connection`] leads it to its end, [`beat`] keeps
//! what the gateway said by itself.

mod beat;
mod connection;
mod life;
mod schedule;

use std::cell::RefCell;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::coop::unconstrained;

use self::beat::Beat;
use self::life::{Life, live};
use self::schedule::{Fresh, Job, Seen};
use super::{Ask, Done, blank};
use crate::clock::{self, Instant};
use crate::facts::sheet::{RowBuilder, Sheet, SheetState};
use crate::facts::tables::hold::{BEAT, Fate, HOLD};
use crate::facts::tables::site::Slot;
use crate::facts::{Because, Cell, Reason, Row, Value};
use crate::secret::Secret;

/// Connections of one path that may wait for the gateway to let them in, at once: what the probe's file declares as its sockets.
pub const PLACES: usize = 4;

/// What is kept of the deadline for the last pings and the farewells.
const FAREWELLS: Duration = Duration::from_secs(5);

/// What is kept of the deadline of a single quiet connection.
const FAREWELL: Duration = Duration::from_millis(2_300);

/// How often it is seen how late our own timers are: a pause of the machine that is shorter than this matters to nobody.
const PACE: Duration = Duration::from_millis(50);

/// How long the last pongs may take once somebody who waits has interrupted the run.
const HURRY: Duration = Duration::from_millis(1_500);

/// What all connections of one run of the probe share.
struct Stage<'a> {
    ask: &'a Ask<'a>,
    begun: Instant,
    /// When every connection is to be ended.
    limit: Instant,
    /// The secret, where the gateway has accepted it on this lane.
    secret: Option<(Slot, Secret)>,
    /// Places of quiet connections, and one for those that are let in.
    quiet: Semaphore,
    entering: Semaphore,
    stop: watch::Sender<bool>,
    /// When the run was interrupted: what is alive then is handed over as such, and nothing is waited for any longer.
    interrupted: watch::Sender<Option<Instant>>,
    seen: RefCell<Seen>,
    beat: RefCell<Beat>,
    /// Told whenever something was seen that the schedule may go by.
    news: Arc<Notify>,
}

/// Holds connections until enough was seen. With a `pattern` fixed by the probe's file it is one quiet connection for a moment.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    if ask.way.is_none() {
        let sheets = blank(&[&HOLD, &BEAT], ask.step, ask.vantage, &Reason::Unsupported.into());
        return Done { sheets, succeeded: false };
    }
    let single = ask.with("pattern").is_some();
    let stage = Stage::new(ask, single);
    let jobs = if single { schedule::single() } else { schedule::jobs(stage.secret.is_some()) };
    let lives = tokio::select! {
        lives = conduct(&stage, jobs) => lives,
        never = watch_the_clock(&stage) => match never {},
    };
    let sheets = sheets(&stage, &lives);
    Done { succeeded: lives.iter().any(|life| life.fate != Fate::NotOpened), sheets }
}

impl<'a> Stage<'a> {
    fn new(ask: &'a Ask<'a>, single: bool) -> Self {
        let credential = &ask.target.credential;
        let secret = credential.slot.zip(credential.secret.clone()).filter(|_| ask.lane.admitted && !single);
        let quiet = PLACES - usize::from(secret.is_some());
        Self {
            ask,
            begun: clock::now(),
            limit: ask.deadline.at() - if single { FAREWELL } else { FAREWELLS },
            secret,
            quiet: Semaphore::new(quiet),
            entering: Semaphore::new(1),
            stop: watch::Sender::new(false),
            interrupted: watch::Sender::new(None),
            seen: RefCell::default(),
            beat: RefCell::default(),
            news: Arc::default(),
        }
    }

    /// Whether the gateway lets connections in.
    fn enters(&self) -> bool {
        self.secret.is_some() && !self.seen.borrow().refused
    }

    fn wants_fresh(&self) -> Option<Fresh> {
        self.seen.borrow_mut().wants_fresh()
    }

    /// Ends everything because somebody asked for it.
    fn interrupt(&self) {
        self.interrupted.send_replace(Some(clock::now()));
        self.stop.send_replace(true);
    }

    /// When all connections are to be ended, as far as is known by now. The one of a quick look lives by its own silence.
    fn end(&self, single: bool) -> Instant {
        let enough = self.seen.borrow().enough_at(self.secret.is_some()).filter(|_| !single);
        enough.map_or(self.limit, |after| self.limit.min(self.begun + after))
    }
}

/// Leads all connections to their ends, and begins fresh ones when a broadcast has broken the silence of the others.
async fn conduct(stage: &Stage<'_>, jobs: Vec<Job>) -> Vec<Life> {
    let single = jobs.len() == 1;
    let mut asked = stage.ask.stopped.clone();
    stage.seen.borrow_mut().quiet = jobs.iter().filter(|job| !job.enters).count();
    let mut running: FuturesUnordered<_> = jobs.into_iter().map(|job| live(stage, job)).collect();
    let mut lives = Vec::new();
    loop {
        let (stopped, end) = (*stage.stop.borrow(), stage.end(single));
        tokio::select! {
            ended = running.next() => match ended {
                Some(life) => lives.extend(life),
                None => return lives,
            },
            () = stage.news.notified() => {}
            Ok(_) = asked.wait_for(|asked| *asked), if stage.interrupted.borrow().is_none() => stage.interrupt(),
            () = unconstrained(tokio::time::sleep_until(end)), if !stopped => {}
        }
        if *stage.stop.borrow() {
            continue;
        }
        let now = clock::now();
        if now >= stage.end(single) {
            stage.stop.send_replace(true);
        } else if let Some(why) = stage.wants_fresh().filter(|_| !single) {
            let jobs = why.jobs(now - stage.begun, stage.enters());
            stage.seen.borrow_mut().quiet += jobs.iter().filter(|job| !job.enters).count();
            running.extend(jobs.into_iter().map(|job| live(stage, job)));
        }
    }
}

/// Sees how late timers are served, by a busy machine or by this very task.
async fn watch_the_clock(stage: &Stage<'_>) -> Infallible {
    loop {
        let due = clock::now() + PACE;
        unconstrained(tokio::time::sleep_until(due)).await;
        stage.beat.borrow_mut().served(due, clock::now());
    }
}

fn sheets(stage: &Stage<'_>, lives: &[Life]) -> Vec<Sheet> {
    let mut hold = Sheet::new(&HOLD, stage.ask.vantage);
    let mut ordered: Vec<&Life> = lives.iter().collect();
    ordered.sort_by_key(|life| (life.pattern, life.order, life.begun));
    for (at, life) in ordered.iter().enumerate() {
        let n = ordered[..at].iter().filter(|before| before.pattern == life.pattern).count() + 1;
        hold.push(row(life, n));
    }
    let mut beat = Sheet::new(&BEAT, stage.ask.vantage);
    beat.push(stage.beat.borrow().row());
    if stage.interrupted.borrow().is_some() {
        let because = Because::from(Reason::Interrupted);
        (hold.state, beat.state) = (SheetState::Incomplete(because.clone()), SheetState::Incomplete(because));
    }
    vec![hold, beat]
}

fn row(life: &Life, n: usize) -> Row {
    let key = [life.pattern.as_str().into(), Value::Int(i64::try_from(n).unwrap_or(i64::MAX))];
    let row = RowBuilder::new(&HOLD, key).set("fate", life.fate.as_str()).set("let-in", life.let_in).set("begun", life.begun);
    if life.fate == Fate::NotOpened {
        return row.rest(Cell::Absent);
    }
    row.maybe("close-code", life.close_code)
        .maybe("close-reason", life.close_reason.clone())
        .maybe("own-end", life.own_end)
        .set("age", life.age)
        .set("idle", life.last.either)
        .set("idle-client", life.last.client)
        .set("idle-server", life.last.server)
        .set("silence", life.survived.either)
        .set("silence-client", life.survived.client)
        .set("silence-server", life.survived.server)
        .maybe("keepalive", life.keepalive)
        .rest(Cell::Absent)
}

#[cfg(test)]
mod tests;
