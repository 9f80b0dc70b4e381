//! One lane: the probes of one path, or of the site, one after the other.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::Primitives;
use super::conduct::{Stage, may_send};
use super::gate::{Standing, Word, word};
use super::paths::way;
use super::tape::Place;
use crate::clock::{self, Deadline, Instant};
use crate::facts::dictionary::filled_by;
use crate::facts::tables::connect::{CONNECT, Entry};
use crate::facts::tables::site::CredentialState;
use crate::facts::{Because, Cell, Reason, Sheet};
use crate::fitness::fit;
use crate::path::Vantage;
use crate::plan::schedule::SLACK_MS;
use crate::plan::{Lane, Plan, Step};
use crate::probe::run::hears_the_stop;
use crate::probe::{Ask, Done, LaneState, blank, frames};
use crate::target::Way;

/// How much later than its deadline a probe may notice it, before it is ended from outside.
const BACKSTOP: Duration = Duration::from_millis(50);

/// How old a socket may get while the credential waits for the verdict of an inner lane. The gateway closes sockets that have
/// not passed authentication after 15 s, releases before 2026.4.29 after 10 s: this leaves time for the exchange itself.
const OLDEST_SOCKET: Duration = Duration::from_secs(7);

/// How long ending a WebSocket may take, should the peer not answer.
const LONGEST_FAREWELL: Duration = Duration::from_millis(250);

/// How long an interrupted probe that hands over what it saw may take for that: longer than it takes.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The vantage of a lane's facts.
pub fn vantage(plan: &Plan, lane: &Lane) -> Vantage {
    lane.path.as_ref().map_or_else(|| Vantage::site(&plan.site), |path| path.vantage.clone())
}

/// How a step ended.
enum Ending {
    Done(Done),
    Late,
    Stopped,
    Panicked(String),
}

/// Runs one lane.
pub async fn run_lane(stage: &Stage<'_, '_, impl Primitives>, index: usize) {
    let lane = &stage.plan.lanes[index];
    let way = lane.path.as_ref().and_then(|path| way(stage.target, path));
    let limit = (clock::now() + Duration::from_millis(lane.share_ms + SLACK_MS)).min(stage.end);
    let mut run = Run {
        stage,
        lane,
        way,
        at: vantage(stage.plan, lane),
        place: Place::Lane(index),
        limit,
        state: LaneState { addresses: way.and_then(|w| w.endpoint.ip()).into_iter().collect(), ..LaneState::default() },
        failed: BTreeMap::new(),
    };
    for (index, step) in lane.steps.iter().enumerate() {
        match run.ready(step).await {
            Ok(()) => run.step(step).await,
            Err(because) => run.skip(step, &because),
        }
        run.settle_if_hopeless();
        // The next probe opens a socket of its own, and a lane has one at a time.
        if !lane.steps[index + 1..].iter().any(takes_over) {
            run.part().await;
        }
    }
    run.settle(Standing::Untried);
    run.part().await;
}

/// Whether a step goes on with the WebSocket that an upgrade left in the lane.
fn takes_over(step: &Step) -> bool {
    matches!(step.primitive.as_str(), "challenge" | "connect")
}

/// Whether a step asks other paths beside its own.
fn compares(step: &Step) -> bool {
    step.primitive == "rounds"
}

/// A lane while it runs.
struct Run<'a, 't, P> {
    stage: &'a Stage<'a, 't, P>,
    lane: &'a Lane,
    way: Option<&'a Way>,
    at: Vantage,
    place: Place,
    limit: Instant,
    state: LaneState,
    /// Steps that did not succeed, and the fact that tells why.
    failed: BTreeMap<&'a str, String>,
}

impl<'a, P: Primitives> Run<'a, '_, P> {
    /// Whether a step may begin; otherwise why not.
    async fn ready(&self, step: &Step) -> Result<(), Because> {
        if *self.stage.stopped.borrow() {
            return Err(Reason::Interrupted.into());
        }
        if let Some(fact) = step.needs.iter().find_map(|need| self.failed.get(need.as_str())) {
            return Err(Because::new(Reason::Blocked, fact.as_str()));
        }
        if clock::now() >= self.limit {
            return Err(Reason::Deadline.into());
        }
        if step.credential { self.credential().await } else { Ok(()) }
    }

    /// Whether the credential may be sent now; waits until inner lanes are settled.
    async fn credential(&self) -> Result<(), Because> {
        if self.stage.target.credential.state != CredentialState::Present {
            return Err(Reason::NoCredential.into());
        }
        if let Some(way) = self.way {
            let peer = self.state.peer.map(|peer| peer.ip()).or_else(|| way.endpoint.ip());
            fit(&self.at, way.endpoint.scheme, peer, self.state.untrusted)?;
        }
        let mut standings = self.stage.standings.subscribe();
        let Some(me) = standings.borrow().iter().position(|(at, _)| *at == self.at) else {
            return Ok(());
        };
        let patience = self.state.websocket.as_ref().map_or(self.limit, |open| self.limit.min(open.opened + OLDEST_SOCKET));
        let mut stopped = self.stage.stopped.subscribe();
        let settled = async {
            match standings.wait_for(|all| word(all, me) != Word::Wait).await {
                Ok(all) => word(&all, me),
                Err(_) => Word::Wait,
            }
        };
        let said = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return Err(Reason::Interrupted.into()),
            said = tokio::time::timeout_at(patience, settled) => said.unwrap_or(Word::Wait),
        };
        match said {
            Word::Send => Ok(()),
            Word::Withhold(because) => Err(because),
            Word::Wait => Err(Because::new(Reason::Withheld, "a path further in was not settled in time")),
        }
    }

    /// Ends a WebSocket that no probe took over, as a client would: a dropped one is an abnormal end in the gateway's log.
    async fn part(&mut self) {
        if let Some(open) = self.state.websocket.take() {
            frames::leave(open.frames, &Deadline::new(LONGEST_FAREWELL, self.limit)).await;
        }
    }

    /// Runs a step and takes what it hands over.
    async fn step(&mut self, step: &'a Step) {
        let stage = self.stage;
        let begun_ms = stage.tape.at_ms();
        stage.tape.started(self.place, &step.probe, &self.at);
        if compares(step) {
            self.state.beside = stage.reached.borrow().beside(stage.plan, stage.target, &self.at);
        }
        let ending = self.attempt(step).await;
        stage.reached.borrow_mut().note(&self.at, &self.state);
        stage.tape.series(self.place, begun_ms, std::mem::take(&mut self.state.taken));
        stage.tape.finished(self.place, &step.probe, &self.at);
        match ending {
            Ending::Done(done) => {
                if !done.succeeded {
                    let fact = self.state.blocked.clone().unwrap_or_else(|| self.name_of(step));
                    self.failed.insert(&step.probe, fact);
                }
                if step.credential {
                    self.settle(standing(&done.sheets));
                }
                stage.tape.sheets(self.place, done.sheets);
            }
            Ending::Late => self.give_up(step, &Reason::Deadline.into()),
            Ending::Stopped => self.give_up(step, &Reason::Interrupted.into()),
            Ending::Panicked(message) => {
                let defect = format!("the probe {} at {} panicked: {message}", step.probe, self.at);
                self.give_up(step, &Because::new(Reason::Defect, defect.as_str()));
                stage.defect.borrow_mut().get_or_insert(defect);
            }
        }
    }

    async fn attempt(&mut self, step: &Step) -> Ending {
        let deadline = Deadline::new(Duration::from_millis(step.deadline_ms), self.limit);
        let given_up = self.given_up(step);
        let mut ask = Ask {
            step,
            target: self.stage.target,
            way: self.way,
            vantage: &self.at,
            deadline,
            lane: &mut self.state,
            redactor: self.stage.tape.redactor(),
            sockets: self.stage.sockets.clone(),
            stopped: self.stage.stopped.subscribe(),
        };
        let work = AssertUnwindSafe((self.stage.primitives)(&mut ask)).catch_unwind();
        tokio::select! {
            biased;
            done = work => match done {
                Ok(done) => Ending::Done(done),
                Err(panic) => Ending::Panicked(message(&*panic)),
            },
            () = given_up => Ending::Stopped,
            () = tokio::time::sleep_until(deadline.at() + BACKSTOP) => Ending::Late,
        }
    }

    /// Completes when a step is to be ended because the run is interrupted.
    fn given_up(&self, step: &Step) -> impl Future<Output = ()> + use<P> {
        let mut stopped = self.stage.stopped.subscribe();
        let last_words = if hears_the_stop(&step.primitive) { LAST_WORDS } else { Duration::ZERO };
        async move {
            if stopped.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending().await
            }
            tokio::time::sleep(last_words).await;
        }
    }

    /// Ends a step that began and will hand nothing over.
    fn give_up(&mut self, step: &'a Step, because: &Because) {
        if step.credential {
            // It may have been sent: nobody knows what became of it.
            self.settle(Standing::Refused);
        }
        self.skip(step, because);
    }

    /// Writes down why a step has no facts.
    fn skip(&mut self, step: &'a Step, because: &Because) {
        let fact = if because.reason == Reason::Blocked { because.because.clone() } else { self.name_of(step) };
        self.failed.insert(&step.probe, fact);
        self.stage.tape.sheets(self.place, blank(filled_by(&step.primitive), step, &self.at, because));
    }

    /// The table a step fills, as the fact to name when it failed.
    fn name_of(&self, step: &Step) -> String {
        format!("{}@{}", filled_by(&step.primitive).first().map_or(step.primitive.as_str(), |t| t.name), self.at)
    }

    /// Settles this lane as soon as no credential will be sent on it, so that outer lanes need not wait for the rest of it.
    fn settle_if_hopeless(&self) {
        let mut lost: Vec<&str> = self.failed.keys().copied().collect();
        for step in &self.lane.steps {
            if step.needs.iter().any(|need| lost.contains(&need.as_str())) {
                lost.push(&step.probe);
            }
        }
        if self.lane.steps.iter().filter(|step| step.credential).all(|step| lost.contains(&step.probe.as_str())) {
            self.settle(Standing::Untried);
        }
    }

    /// Settles what became of the credential on this lane; the first word counts.
    fn settle(&self, standing: Standing) {
        if !may_send(&self.lane) {
            return;
        }
        self.stage.standings.send_modify(|all| {
            for (_, mine) in all.iter_mut().filter(|(at, mine)| *at == self.at && *mine == Standing::Open) {
                *mine = standing;
            }
        });
    }
}

/// What a finished `connect` says of the credential: only a hello is an acceptance, and only what cannot have been sent is
/// no attempt.
fn standing(sheets: &[Sheet]) -> Standing {
    let rows = sheets.iter().filter(|sheet| sheet.table == CONNECT.name).flat_map(|sheet| &sheet.rows);
    match rows.filter_map(|row| row.cell("outcome")).next() {
        Some(outcome) if outcome.is(Entry::Accepted.as_str()) => Standing::Accepted,
        Some(Cell::NotMeasured(Because { reason: Reason::Blocked | Reason::NoCredential | Reason::Withheld, .. })) => {
            Standing::Untried
        }
        _ => Standing::Refused,
    }
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| String::from("no message"))
}
