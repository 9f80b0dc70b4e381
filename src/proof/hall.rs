//! Where self-test tries worlds: one ground for all of them, and a door that keeps them from reckoning all at once.

use std::time::Duration;

use super::confusion::Line;
use super::expect::{Difference, differences, outcome};
use super::gate::Gate;
use super::pairs::{Pair, Trace};
use super::trial::{Trial, Tried};
use crate::clock;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::reference::document::Document;
use crate::reference::fault::{self, Fault};
use crate::reference::ground::Ground;
use crate::run::stop::Stop;
use crate::shelf::Shelf;

/// Runs that reckon at once; a plain machine has two cores, and a probe that does not get its share of one misses its deadline.
const RECKONING: usize = 4;
/// A run that lasts so many times longer than the right world's run alone, in this build and on this machine, waits for a peer.
const WAITING: u32 = 4;
/// No shorter and no longer than this, whatever that comes to.
const WAITING_WITHIN: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(1));
/// The matrix of a fault that neither names one nor is a row's.
const MATRIX: &str = "preflight";
/// The family of rows about connections that are held open: a preflight waits three seconds for them.
const QUIET: &str = "IDLE";
/// The place of right worlds.
const HEALTHY: &str = "healthy";
/// The place of peers that mean harm: what they do to each other is nobody's business.
const HOSTILE: &str = "hostile";
/// What stands in for the place of pairs in summaries.
pub const PAIRED: &str = "pairs";

/// One world that was tried.
#[derive(Debug)]
pub struct Attempt {
    /// The fault's name, or both of a pair.
    pub name: String,
    /// The part of the name before the slash, or [`PAIRED`].
    pub place: String,
    /// Everything that is not as declared.
    pub objections: Vec<String>,
    /// Why it was not tried, if this machine lacks something.
    pub skipped: Option<String>,
    /// Codes that fired.
    pub line: Option<Line>,
    /// Whether this is its second try: what does not come out as declared in the crowd is tried once more with few beside it.
    pub again: bool,
    /// How long it took.
    pub took: Duration,
}

/// The hall.
pub struct Hall<'a> {
    shelf: &'a Shelf,
    ground: Ground,
    gate: Gate,
    healthy: Tried,
    stop: &'a Stop,
    hear: &'a (dyn Fn(&Attempt) + Sync),
}

/// Why nothing can be tried here.
#[derive(Debug)]
pub struct Unsound {
    /// A sentence.
    pub why: String,
    /// Whether that is a matter of this machine, and says nothing of the rows.
    pub elsewhere: bool,
}

impl<'a> Hall<'a> {
    /// A hall in which the right world has been tried.
    ///
    /// # Errors
    /// A complaint when the right world cannot stand here. One that stands and is not healthy, or nobody reaches, is unsound.
    pub fn new(
        shelf: &'a Shelf,
        stop: &'a Stop,
        hear: &'a (dyn Fn(&Attempt) + Sync),
    ) -> Result<Result<Self, Unsound>, Complaint> {
        let ground = Ground::new()?;
        if let Err(why) = ground.loopback() {
            let why = format!("loopback is down: what listens at 127.0.0.1 cannot be reached there ({why})");
            return Ok(Err(Unsound { why, elsewhere: true }));
        }
        let right = || {
            let began = clock::now();
            let tried = trial("reference", MATRIX, false).play_until(fault::world()?, &ground, shelf, stop)?;
            Ok::<_, Complaint>((tried, clock::now() - began))
        };
        let (mut healthy, mut took) = right()?;
        // On a busy machine a probe misses its deadline for once.
        if healthy.exit != Exit::Healthy && !stop.is_asked() {
            (healthy, took) = right()?;
        }
        if healthy.exit != Exit::Healthy && !stop.is_asked() {
            return Ok(Err(unhealthy(&healthy)));
        }
        let waiting = (took * WAITING).clamp(WAITING_WITHIN.0, WAITING_WITHIN.1);
        Ok(Ok(Self { shelf, ground, gate: Gate::new(RECKONING, waiting), healthy, stop, hear }))
    }

    /// Tries a fault; of one that came out as declared, and is fit for pairs, also its trace. None once the end was asked for.
    pub fn single<'f>(&self, fault: &'f Fault) -> Option<(Attempt, Option<Trace<'f>>)> {
        let mut attempt = Attempt::new(&fault.name, fault.place());
        let tried = match self.ground.lacks(fault) {
            Ok(None) => self.of_fault(fault, &mut attempt),
            Ok(Some(need)) => {
                attempt.skipped = Some(format!("this machine lacks {need}"));
                None
            }
            Err(complaint) => {
                attempt.objections.push(told(complaint));
                None
            }
        };
        if self.stop.is_asked() {
            return None;
        }
        (self.hear)(&attempt);
        let fit = |_: &Tried| {
            let found = attempt.objections.is_empty() && !fault.expect.roots.is_empty();
            // A pair is judged by the matrix that both are found by.
            found && fault.place() != HOSTILE && !is_about_quiet(fault) && matrix_of(self.shelf, fault) == MATRIX
        };
        let trace = tried.filter(fit).map(|tried| Trace::new(fault, &tried, &self.healthy));
        Some((attempt, trace))
    }

    fn of_fault(&self, fault: &Fault, attempt: &mut Attempt) -> Option<Tried> {
        let played =
            fault.world().and_then(|world| self.play(attempt, matrix_of(self.shelf, fault), is_about_quiet(fault), world));
        let tried = match played {
            Ok(tried) => tried?,
            Err(complaint) => {
                attempt.objections.push(told(complaint));
                return None;
            }
        };
        let (verdict, got) = (&tried.judgement.verdict, outcome(&tried.judgement.verdict, tried.exit));
        let line = Line::new(self.shelf, &fault.name, &got);
        attempt.objections.extend(differences(&fault.expect, verdict, tried.exit).iter().map(Difference::to_string));
        attempt.objections.extend(line.objections(self.shelf, &got.roots));
        let fires = |list: &[String]| list.iter().map(|id| format!("{id} fires in a right world")).collect::<Vec<_>>();
        if fault.place() == HEALTHY {
            attempt.objections.extend(fires(&got.roots).into_iter().chain(fires(&got.folded)));
        }
        attempt.objections.extend(tried.recording.end.defect.clone());
        attempt.line = Some(line);
        Some(tried)
    }

    /// Tries a pair: the roots of both must be found, and nothing that neither has. None once the end was asked for.
    pub fn both(&self, pair: &Pair) -> Option<Attempt> {
        let mut attempt = Attempt::new(&pair.names.join(" + "), PAIRED);
        match self.play(&mut attempt, MATRIX, false, pair.world.clone()) {
            Ok(tried) => {
                let tried = tried?;
                let verdict = &tried.judgement.verdict;
                let missing = pair.roots.iter().filter(|id| !verdict.roots.contains(id));
                let foreign = verdict.findings.iter().filter(|f| !pair.codes.contains(&f.code));
                attempt.objections.extend(missing.map(|id| format!("roots: expected {id}, which is not there")));
                attempt.objections.extend(foreign.map(|f| format!("{} was not expected", f.id)));
                attempt.objections.extend(tried.recording.end.defect);
            }
            Err(complaint) => attempt.objections.push(told(complaint)),
        }
        (self.hear)(&attempt);
        Some(attempt)
    }

    /// Plays a world, unless the end is asked for before it came out.
    fn play(
        &self,
        attempt: &mut Attempt,
        matrix: &str,
        quiet: bool,
        world: impl Into<Document>,
    ) -> Result<Option<Tried>, Complaint> {
        if self.stop.is_asked() {
            return Ok(None);
        }
        let _pass = self.gate.enter();
        let began = clock::now();
        let tried = trial(&attempt.name, matrix, quiet).play_until(world, &self.ground, self.shelf, self.stop)?;
        attempt.took = clock::now() - began;
        Ok((!self.stop.is_asked()).then_some(tried))
    }
}

fn unhealthy(tried: &Tried) -> Unsound {
    let verdict = &tried.judgement.verdict;
    let undecided = verdict.undecided.iter().filter(|u| u.required).map(|u| format!("{} undecided", u.id));
    let found: Vec<String> = verdict.roots.iter().cloned().chain(undecided).chain(tried.recording.end.defect.clone()).collect();
    Unsound { why: format!("the right world itself is not healthy: {}", found.join(", ")), elsewhere: false }
}

/// A complaint in one line.
fn told(complaint: Complaint) -> String {
    complaint.help.map_or(complaint.title.clone(), |help| format!("{}; {help}", complaint.title))
}

impl Attempt {
    fn new(name: &str, place: &str) -> Self {
        Self {
            name: name.to_owned(),
            place: place.to_owned(),
            objections: Vec::new(),
            skipped: None,
            line: None,
            again: false,
            took: Duration::ZERO,
        }
    }
}

/// A trial; a world that is not about quiet connections waits for none.
fn trial(name: &str, matrix: &str, quiet: bool) -> Trial {
    let skip = if quiet || matrix != MATRIX { Vec::new() } else { vec![QUIET.to_owned()] };
    Trial { name: name.to_owned(), matrix: matrix.to_owned(), budget: None, skip }
}

/// Whether what is expected is about connections that are held open.
fn is_about_quiet(fault: &Fault) -> bool {
    fault.expect.roots.iter().chain(&fault.expect.folded).any(|id| id.starts_with(QUIET))
}

/// The matrix to run in a fault's world: the one it names, or one that requires its row.
pub fn matrix_of<'a>(shelf: &'a Shelf, fault: &'a Fault) -> &'a str {
    let row = shelf.symptoms.iter().find(|row| row.fault == fault.name);
    let requires = |name: &&str| row.is_some_and(|row| shelf.matrix(name).is_some_and(|m| m.require.contains(&row.code)));
    let all = [MATRIX].into_iter().chain(shelf.matrices.iter().map(|m| m.name.as_str()));
    fault.matrix.as_deref().or_else(|| all.into_iter().find(requires)).unwrap_or(MATRIX)
}
