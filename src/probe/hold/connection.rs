//! A connection while it is held: when it speaks, what it hears, and how it ends.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::task::coop::unconstrained;

use super::beat::Train;
use super::life::{Gaps, Life};
use super::schedule::Job;
use super::{HURRY, Stage};
use crate::clock::{self, Deadline, Instant};
use crate::facts::tables::connect::Death;
use crate::facts::tables::hold::{Fate, Pattern};
use crate::openclaw::close::is_gateways;
use crate::openclaw::frame::Frame;
use crate::openclaw::hello::Hello;
use crate::probe::frames::{self, Came, Closing, Frames, Heard};
use crate::probe::socket::Open;

/// How often a connection on which we speak says something.
const TALK: Duration = Duration::from_secs(1);

/// How long a pong may take. What holds frames back for longer than this might as well have forgotten them.
const PATIENCE: Duration = Duration::from_secs(4);

/// How long a word of ours may take to leave.
const STUCK: Duration = Duration::from_millis(250);

/// So many frames are heard although something else is due: a pong that came in time is among them, and a flood has an end.
const LATE: usize = 64;

/// An end that comes so soon after a ping, which nobody answered, was on its way before: the ping did not break the silence that it
/// ended. The tries of a hold are farther apart, and an answer takes less on any way that people work by.
const CROSSING: Duration = Duration::from_millis(300);

/// A ping of ours that is not answered yet: when it was sent, and how it stood then.
struct Asked {
    at: Instant,
    age: Duration,
    last: Gaps,
}

/// A connection while it lives.
pub struct Connection<'s, 'a> {
    stage: &'s Stage<'a>,
    job: Job,
    frames: Frames,
    keepalive: Option<bool>,
    switched: Instant,
    /// When the gateway's last ping, or its hello, came.
    pinged: Instant,
    ticked: Option<Instant>,
    ticks: Train,
    pongs: Train,
    sent: Instant,
    came: Instant,
    survived: Gaps,
    /// Silences that we broke ourselves: survived as soon as something comes back.
    pending: Gaps,
    asked: VecDeque<Asked>,
    /// Whether the next pong ends it.
    parting: bool,
    let_in: bool,
    /// Held while the connection waits to be let in.
    _permit: Option<std::sync::Arc<tokio::sync::OwnedSemaphorePermit>>,
}

impl<'s, 'a> Connection<'s, 'a> {
    /// A connection that has come to its challenge, or to its `hello`.
    pub fn new(stage: &'s Stage<'a>, job: Job, open: Open, hello: Option<Hello>) -> Self {
        let Open { frames, switched, keepalive, permit, .. } = open;
        let let_in = hello.is_some();
        frames.mute(job.pattern == Pattern::Server);
        if let Some(tick) = hello.and_then(|hello| hello.tick).filter(|tick| !tick.is_zero()) {
            stage.beat.borrow_mut().promised = Some(tick);
        }
        let (now, (sent, came)) = (clock::now(), frames.last());
        Self {
            stage,
            job,
            keepalive,
            switched,
            pinged: now,
            ticked: None,
            ticks: Train::default(),
            pongs: Train::default(),
            // The upgrade's own bytes went past the frames.
            sent: sent.unwrap_or(switched),
            came: came.unwrap_or(switched),
            survived: Gaps::default(),
            pending: Gaps::default(),
            asked: VecDeque::new(),
            parting: false,
            let_in,
            frames,
            _permit: Some(permit).filter(|_| !let_in),
        }
    }

    /// Holds it until it ends; nothing if the run was interrupted before anybody could tell whether it lives.
    pub async fn lead(mut self) -> Option<Life> {
        let mut stopped = self.stage.stop.subscribe();
        let mut interrupted = self.stage.interrupted.subscribe();
        let mut talk = clock::now() + TALK;
        let mut late = 0;
        loop {
            let (wake, parting) = (self.wake(talk), self.parting);
            let due = clock::now() >= wake || (!parting && *stopped.borrow());
            late = if due { late + 1 } else { 0 };
            // Whoever never stops talking takes all that tokio grants a task for one turn: the clock and the word to stop are not to
            // depend on what is left of it.
            tokio::select! {
                biased;
                heard = frames::hear(&mut self.frames), if late <= LATE => if let Some(life) = self.hear(heard).await {
                    return Some(self.leave(life).await);
                },
                _ = unconstrained(stopped.wait_for(|stopped| *stopped)), if !parting => self.part().await,
                // There is less to wait for now.
                _ = unconstrained(interrupted.changed()) => {}
                () = unconstrained(tokio::time::sleep_until(wake)) => {
                    if let Some(life) = self.lost() {
                        return Some(self.leave(life).await);
                    }
                    if self.is_cut_off() {
                        frames::leave(self.frames, &self.stage.ask.deadline).await;
                        return None;
                    }
                    if wake == talk {
                        talk += TALK;
                        self.talk().await;
                    } else if !self.parting && self.asked.is_empty() {
                        self.part().await;
                    }
                }
            }
        }
    }

    /// When something is to be done next: speak, end a silence, or give up on a pong.
    fn wake(&self, talk: Instant) -> Instant {
        let far = self.stage.limit + self.patience();
        let silence = self.job.quiet.filter(|_| self.asked.is_empty()).map(|quiet| self.sent.max(self.came) + quiet);
        let pong = self.asked.front().map(|asked| self.due(asked));
        let talk = matches!(self.job.pattern, Pattern::Both | Pattern::Pings).then_some(talk).filter(|_| !self.parting);
        silence.into_iter().chain(pong).chain(talk).min().unwrap_or(far)
    }

    /// How long a pong may take here: the deadline leaves a single quiet connection less.
    fn patience(&self) -> Duration {
        PATIENCE.min(self.stage.ask.deadline.at().saturating_duration_since(self.stage.limit).mul_f64(0.85))
    }

    /// Until when a ping may stay unanswered: an interrupted run has less patience than proves a connection dead.
    fn due(&self, asked: &Asked) -> Instant {
        let hurried = self.stage.interrupted.borrow().map(|at| at.max(asked.at) + HURRY);
        hurried.into_iter().fold(asked.at + self.patience(), Instant::min)
    }

    /// Whether the run was interrupted and nobody will know any more whether it lives.
    fn is_cut_off(&self) -> bool {
        self.stage.interrupted.borrow().is_some() && self.asked.front().is_some_and(|asked| clock::now() >= self.due(asked))
    }

    async fn talk(&mut self) {
        match self.job.pattern {
            Pattern::Both => self.ping().await,
            _ => drop(tokio::time::timeout(STUCK, self.frames.pong()).await),
        }
        self.look();
    }

    /// Asks whether the other side is there; what follows is the end.
    async fn part(&mut self) {
        self.parting = true;
        self.frames.mute(false);
        self.ping().await;
    }

    async fn ping(&mut self) {
        self.look();
        let at = clock::now();
        self.asked.push_back(Asked { at, age: at - self.switched, last: self.gaps(at) });
        // Whoever does not read is not waited for: what cannot be sent now goes out with what is heard next.
        let _ = tokio::time::timeout(STUCK, self.frames.ping()).await;
        self.look();
    }

    fn gaps(&self, at: Instant) -> Gaps {
        let (client, server) = (at.saturating_duration_since(self.sent), at.saturating_duration_since(self.came));
        Gaps { either: client.min(server), client, server }
    }

    /// Takes up when bytes last went either way, the earlier first.
    fn look(&mut self) {
        let (sent, came) = self.frames.last();
        let mut news = [(sent, true), (came, false)];
        news.sort_by_key(|(at, _)| *at);
        for (at, ours) in news {
            match at {
                _ if ours => self.wrote(at),
                Some(at) if at > self.came => {
                    let (gaps, pending) = (self.gaps(at), std::mem::take(&mut self.pending));
                    self.survived.grow(gaps);
                    self.survived.grow(pending);
                    self.came = at;
                }
                _ => {}
            }
        }
    }

    fn wrote(&mut self, at: Option<Instant>) {
        if let Some(at) = at.filter(|at| *at > self.sent) {
            self.pending.grow(self.gaps(at));
            self.sent = at;
        }
    }

    /// Takes what was heard; the life if that was its end.
    async fn hear(&mut self, heard: Heard) -> Option<Life> {
        // What we sent meanwhile counts, what just came does not yet: it may be the end.
        let mine = self.frames.last().0;
        self.wrote(mine);
        let before = self.gaps(clock::now());
        match heard {
            Heard::Came(Came::End(closing)) => return Some(self.ended(&closing, before)),
            Heard::Came(Came::Bad(_)) => return Some(self.life(Fate::Unreadable, None, self.age(), before)),
            Heard::Pong => {
                self.look();
                if self.ponged() {
                    return Some(self.life(Fate::Survived, None, self.age(), before));
                }
            }
            Heard::Ping => {
                self.look();
                self.beat_ping();
                if self.job.pattern == Pattern::Server && !self.parting {
                    // The gateway would end a connection that leaves its pings unanswered.
                    self.part().await;
                }
            }
            Heard::Came(Came::Text(text)) => {
                self.look();
                self.event(&text);
            }
        }
        self.tell();
        None
    }

    fn age(&self) -> Duration {
        clock::now() - self.switched
    }

    /// Takes a pong; whether it was the last.
    fn ponged(&mut self) -> bool {
        if let Some(asked) = self.asked.pop_front() {
            self.stage.beat.borrow_mut().pong(&mut self.pongs, asked.at, clock::now());
        }
        self.parting && self.asked.is_empty()
    }

    fn beat_ping(&mut self) {
        let (now, since) = (clock::now(), self.pinged);
        self.pinged = now;
        self.stage.beat.borrow_mut().ping(now - since);
        self.stage.seen.borrow_mut().paused(now - since);
    }

    fn event(&mut self, text: &str) {
        let Ok(Frame::Event { event, payload }) = Frame::read(text) else { return };
        let (now, wall) = (clock::now(), clock::wall_ms());
        if self.let_in {
            self.stage.seen.borrow_mut().broadcast();
        }
        if event != "tick" {
            return;
        }
        let since = self.ticked.map(|before| now - before);
        self.ticked = Some(now);
        let mut beat = self.stage.beat.borrow_mut();
        beat.tick(since);
        if let Some(ts) = payload.get("ts").and_then(serde_json::Value::as_i64).filter(|ts| *ts >= 0) {
            beat.stamped(ts, wall);
            let ago = Duration::from_millis(u64::try_from(wall - ts).unwrap_or(0)).min(PATIENCE);
            beat.train(&mut self.ticks, now.checked_sub(ago).unwrap_or(now), now);
        }
        since.into_iter().for_each(|since| self.stage.seen.borrow_mut().paused(since));
    }

    /// Tells the schedule what was survived so far.
    fn tell(&self) {
        if self.let_in {
            let mut beat = self.stage.beat.borrow_mut();
            beat.longest_gap = beat.longest_gap.max(self.survived.server);
            if self.job.pattern == Pattern::Silent {
                let mut seen = self.stage.seen.borrow_mut();
                seen.longest = seen.longest.max(self.survived.either);
            }
        }
        self.stage.news.notify_one();
    }

    /// The life of a connection whose last ping was not answered in time.
    fn lost(&mut self) -> Option<Life> {
        let asked = self.asked.front().filter(|asked| clock::now() >= asked.at + self.patience())?;
        let (age, last) = (asked.age, asked.last);
        Some(self.life(Fate::NoPong, None, age, last))
    }

    fn ended(&mut self, closing: &Closing, before: Gaps) -> Life {
        let fate = match closing.death {
            Death::CloseFrame => Fate::CloseFrame,
            Death::Reset if !self.asked.is_empty() => Fate::ResetOnWrite,
            Death::Reset => Fate::Reset,
            Death::Fin | Death::Ours => Fate::Fin,
        };
        let (age, last) = match self.asked.front() {
            Some(asked) if fate == Fate::ResetOnWrite => (asked.age, asked.last),
            Some(asked) if clock::now() - asked.at < CROSSING => (self.age(), asked.last),
            _ => (self.age(), before),
        };
        let mut life = self.life(fate, closing.code, age, last);
        life.own_end = closing.code.map(|code| is_gateways(code, closing.reason.as_deref().unwrap_or_default()));
        life.close_reason = closing.told(self.stage.ask.redactor);
        life
    }

    fn life(&self, fate: Fate, close_code: Option<u16>, age: Duration, last: Gaps) -> Life {
        Life {
            order: self.job.order,
            pattern: self.job.pattern,
            let_in: self.let_in,
            fate,
            close_code,
            close_reason: None,
            own_end: None,
            begun: self.switched - self.stage.begun,
            age,
            last,
            survived: self.survived,
            keepalive: self.keepalive,
        }
    }

    /// Tells the schedule of a death, and of the gateway's own limit.
    fn bury(&self, life: &Life) {
        let mut seen = self.stage.seen.borrow_mut();
        if life.died() {
            let at = clock::now() - self.stage.begun;
            seen.death = Some(seen.death.unwrap_or((at, life.age)));
        } else if life.too_late() {
            seen.limit = Some(life.age);
        }
        self.stage.news.notify_one();
    }

    async fn leave(self, life: Life) -> Life {
        self.bury(&life);
        frames::leave(self.frames, &Deadline::new(PATIENCE, self.stage.ask.deadline.at())).await;
        life
    }
}
