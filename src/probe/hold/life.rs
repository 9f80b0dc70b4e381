//! The life of one connection that is held: how it comes to be, and what became of it.

use std::time::Duration;

use super::Stage;
use super::connection::Connection;
use super::schedule::Job;
use crate::clock;
use crate::facts::tables::hold::{Fate, Pattern};
use crate::openclaw::close::TOO_LATE;
use crate::openclaw::hello::Hello;
use crate::probe::frames;
use crate::probe::socket::Open;
use crate::probe::{Ask, LaneState, challenge, connect, upgrade};

/// How long a connection may take to come to its challenge, and to its hello.
const OPENING: Duration = Duration::from_secs(4);

/// Times without a byte: either way, of ours, of the peer's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Either way.
    pub either: Duration,
    /// Of ours.
    pub client: Duration,
    /// Of the peer's.
    pub server: Duration,
}

impl Gaps {
    /// Takes whichever is longer, each by itself.
    pub fn grow(&mut self, other: Self) {
        self.either = self.either.max(other.either);
        self.client = self.client.max(other.client);
        self.server = self.server.max(other.server);
    }
}

/// What became of a connection.
#[derive(Debug)]
pub struct Life {
    pub order: usize,
    pub pattern: Pattern,
    pub let_in: bool,
    pub fate: Fate,
    pub close_code: Option<u16>,
    pub close_reason: Option<String>,
    /// Whether only the gateway ends with this code and this reason; nothing without a close frame.
    pub own_end: Option<bool>,
    pub begun: Duration,
    pub age: Duration,
    pub last: Gaps,
    pub survived: Gaps,
    pub keepalive: Option<bool>,
}

/// Leads one connection to its end; nothing if it never was begun.
pub async fn live(stage: &Stage<'_>, job: Job) -> Option<Life> {
    let life = begin(stage, job).await;
    if !job.enters {
        stage.seen.borrow_mut().quiet -= 1;
    }
    stage.news.notify_one();
    life
}

async fn begin(stage: &Stage<'_>, job: Job) -> Option<Life> {
    let mut stopped = stage.stop.subscribe();
    let places = if job.enters { &stage.entering } else { &stage.quiet };
    let place = async {
        tokio::time::sleep_until(stage.begun + job.begins).await;
        places.acquire().await.ok()
    };
    let place = tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => None,
        place = place => place,
    }?;
    if stage.hopeless(job) {
        return None;
    }
    let begun = clock::now() - stage.begun;
    let mut interrupted = stage.interrupted.subscribe();
    let opened = tokio::select! {
        biased;
        opened = open(stage, job) => opened,
        _ = interrupted.wait_for(Option::is_some) => return None,
    };
    if *stopped.borrow() {
        // Too late to be held: it would outlast the probe.
        if let Some((open, _)) = opened {
            frames::leave(open.frames, &stage.ask.deadline).await;
        }
        return None;
    }
    let Some((open, hello)) = opened else {
        stage.seen.borrow_mut().refused |= job.enters;
        return Some(Life::unborn(job, begun));
    };
    // Whoever was let in waits in nobody's place.
    let place = Some(place).filter(|_| !job.enters);
    let connection = Connection::new(stage, job, open, hello);
    let life = connection.lead().await;
    drop(place);
    life
}

/// Opens a connection up to its challenge, or to its hello.
async fn open(stage: &Stage<'_>, job: Job) -> Option<(Open, Option<Hello>)> {
    let ask = stage.ask;
    let known = LaneState { peer: ask.lane.peer, source: ask.lane.source, ..LaneState::default() };
    let mut lane = known;
    let mut own = Ask {
        step: ask.step,
        target: ask.target,
        way: ask.way,
        vantage: ask.vantage,
        deadline: ask.deadline.within(OPENING),
        lane: &mut lane,
        redactor: ask.redactor,
        sockets: ask.sockets.clone(),
        stopped: ask.stopped.clone(),
    };
    if !upgrade::run(&mut own).await.succeeded || !challenge::run(&mut own).await.succeeded {
        return None;
    }
    let deadline = own.deadline;
    let mut open = lane.websocket.take()?;
    let ts = open.challenge.as_ref().and_then(|challenge| challenge.ts);
    ts.into_iter().for_each(|ts| stage.beat.borrow_mut().stamped(ts, clock::wall_ms()));
    if !job.enters {
        return Some((open, None));
    }
    // What TLS showed of this very connection counts as well.
    let (slot, secret) = stage.secret.as_ref().filter(|_| !lane.untrusted)?;
    let entered = tokio::time::timeout_at(deadline.at(), connect::enter(&mut open.frames, *slot, secret)).await;
    match entered.ok().flatten() {
        Some(hello) => Some((open, Some(hello))),
        None => {
            frames::leave(open.frames, &deadline).await;
            None
        }
    }
}

impl Stage<'_> {
    /// Whether a connection has nothing more to tell: the gateway ends it before its silence is over, or refused one like it.
    fn hopeless(&self, job: Job) -> bool {
        let seen = self.seen.borrow();
        (job.enters && seen.refused) || job.quiet.zip(seen.limit).is_some_and(|(quiet, limit)| quiet >= limit)
    }
}

impl Life {
    fn unborn(job: Job, begun: Duration) -> Self {
        let (last, survived) = (Gaps::default(), Gaps::default());
        Self {
            order: job.order,
            pattern: job.pattern,
            let_in: false,
            fate: Fate::NotOpened,
            close_code: None,
            close_reason: None,
            own_end: None,
            begun,
            age: Duration::ZERO,
            last,
            survived,
            keepalive: None,
        }
    }

    /// Whether it was ended with the code for those who did not finish the handshake. Only the direct path tells whether that was
    /// the gateway.
    pub fn too_late(&self) -> bool {
        !self.let_in && self.close_code == Some(TOO_LATE)
    }

    /// Whether neither we nor, as far as is known here, the gateway ended it.
    pub fn died(&self) -> bool {
        let ended = !matches!(self.fate, Fate::Survived | Fate::Unreadable | Fate::NotOpened);
        ended && self.own_end != Some(true) && !self.too_late()
    }
}
