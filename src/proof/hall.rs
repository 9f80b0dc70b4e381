//! Where self-test tries worlds: one ground for all of them, and a door that keeps them from reckoning all at once.

use std::time::Duration;

use super::confusion::Line;
use super::expect::{Difference, differences, outcome};
use super::gate::Gate;
use super::pairs::{Pair, Trace};
use super::trial::{Trial, Tried};
use crate::clock;
use crate::complaint::Complaint;
use crate::reference::fault::{self, Fault};
use crate::reference::ground::Ground;
use crate::shelf::Shelf;
use toml::Table;

/// Runs that reckon at once; a plain machine has two cores, and a probe that does not get its share of one misses its deadline.
const RECKONING: usize = 4;
/// A run that lasts longer waits for a peer.
const WAITING: Duration = Duration::from_millis(500);
/// The matrix of a fault that neither names one nor is a row's.
const MATRIX: &str = "preflight";
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
    hear: &'a (dyn Fn(&Attempt) + Sync),
}

impl<'a> Hall<'a> {
    /// A hall in which the right world has been tried.
    ///
    /// # Errors
    /// A complaint when the right world cannot stand here.
    pub fn new(shelf: &'a Shelf, hear: &'a (dyn Fn(&Attempt) + Sync)) -> Result<Self, Complaint> {
        let ground = Ground::new().map_err(|why| Complaint::new(format!("the reference world cannot stand: {why}")))?;
        let healthy = trial("reference", MATRIX).play(fault::world()?, &ground, shelf)?;
        Ok(Self { shelf, ground, gate: Gate::new(RECKONING, WAITING), healthy, hear })
    }

    /// Tries a fault; of one that came out as declared, and is fit for pairs, also its trace.
    pub fn single<'f>(&self, fault: &'f Fault) -> (Attempt, Option<Trace<'f>>) {
        let lacking = fault.expect.needs.iter().find(|need| !self.ground.has(**need));
        let mut attempt = Attempt::new(&fault.name, fault.place());
        attempt.skipped = lacking.map(|need| format!("this machine lacks {need}"));
        let tried = if lacking.is_none() { Some(self.of_fault(fault, &mut attempt)) } else { None };
        (self.hear)(&attempt);
        let fit = |_: &Tried| attempt.objections.is_empty() && !fault.expect.roots.is_empty() && fault.place() != HOSTILE;
        let trace = tried.flatten().filter(fit).map(|tried| Trace::new(fault, &tried, &self.healthy));
        (attempt, trace)
    }

    fn of_fault(&self, fault: &Fault, attempt: &mut Attempt) -> Option<Tried> {
        let tried = match fault.world().and_then(|world| self.play(attempt, matrix_of(self.shelf, fault), world)) {
            Ok(tried) => tried,
            Err(complaint) => {
                attempt.objections.push(complaint.title);
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

    /// Tries a pair: the roots of both must be found, and nothing that neither has.
    pub fn both(&self, pair: &Pair) -> Attempt {
        let mut attempt = Attempt::new(&pair.names.join(" + "), PAIRED);
        match self.play(&mut attempt, MATRIX, pair.world.clone()) {
            Ok(tried) => {
                let verdict = &tried.judgement.verdict;
                let missing = pair.roots.iter().filter(|id| !verdict.roots.contains(id));
                let foreign = verdict.findings.iter().filter(|f| !pair.codes.contains(&f.code));
                attempt.objections.extend(missing.map(|id| format!("roots: expected {id}, which is not there")));
                attempt.objections.extend(foreign.map(|f| format!("{} was not expected", f.id)));
                attempt.objections.extend(tried.recording.end.defect);
            }
            Err(complaint) => attempt.objections.push(complaint.title),
        }
        (self.hear)(&attempt);
        attempt
    }

    fn play(&self, attempt: &mut Attempt, matrix: &str, world: Table) -> Result<Tried, Complaint> {
        let _pass = self.gate.enter();
        let began = clock::now();
        let tried = trial(&attempt.name, matrix).play(world, &self.ground, self.shelf);
        attempt.took = clock::now() - began;
        tried
    }
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

fn trial(name: &str, matrix: &str) -> Trial {
    Trial { name: name.to_owned(), matrix: matrix.to_owned(), budget: None }
}

/// The matrix to run in a fault's world: the one it names, or one that requires its row.
pub fn matrix_of<'a>(shelf: &'a Shelf, fault: &'a Fault) -> &'a str {
    let row = shelf.symptoms.iter().find(|row| row.fault == fault.name);
    let requires = |name: &&str| row.is_some_and(|row| shelf.matrix(name).is_some_and(|m| m.require.contains(&row.code)));
    let all = [MATRIX].into_iter().chain(shelf.matrices.iter().map(|m| m.name.as_str()));
    fault.matrix.as_deref().or_else(|| all.into_iter().find(requires)).unwrap_or(MATRIX)
}
