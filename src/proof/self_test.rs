//! Self-test: every fault file and every right world run, pairs of unrelated faults, and what all that says of the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hall::{Attempt, Hall};
use super::pairs::{self, Trace};
use super::room;
use super::trial::each;
use crate::clock;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::reference::fault::Fault;
use crate::run::stop::Stop;
use crate::shelf::Shelf;
use crate::shelf::symptom::Symptom;

/// Worlds that stand at once. Runs wait much more than they reckon: a silent peer takes its probes' whole deadlines.
const AT_ONCE: usize = 48;
/// Worlds that stand at once when something is tried again, and once more.
const APART: [usize; 2] = [2, 1];
/// Pairs to sample; the promise is thirty.
const PAIRS: usize = 36;
/// Rows that may be without a fault.
const FAULTLESS: usize = 12;

/// What became of a row.
#[derive(Debug)]
pub struct Proof {
    /// The code.
    pub code: String,
    /// Its fault, or why there is none.
    pub fault: Result<String, String>,
    /// Why its fault was not shown here, if it was not.
    pub not_shown: Option<String>,
    /// What is wrong with it.
    pub objection: Option<String>,
}

/// All of it.
#[derive(Debug)]
pub struct SelfTest {
    /// Worlds, by name, then pairs.
    pub attempts: Vec<Attempt>,
    /// Rows, in the order of the walk.
    pub rows: Vec<Proof>,
    /// How long it took.
    pub took: Duration,
    /// Whether somebody asked for the end before everything was tried.
    pub interrupted: bool,
    /// Why nothing was tried, if nothing could be: a sentence, and how that ends the command.
    pub unsound: Option<(String, Exit)>,
}

impl SelfTest {
    /// Whether everything was tried and is as declared.
    pub fn passed(&self) -> bool {
        self.exit() == Exit::Healthy
    }

    /// How it ends a command.
    pub fn exit(&self) -> Exit {
        match &self.unsound {
            Some((_, exit)) => *exit,
            None if self.interrupted => Exit::Interrupted,
            None if self.objections().next().is_some() => Exit::Symptoms,
            None => Exit::Healthy,
        }
    }

    /// Everything that is not, with whose it is.
    pub fn objections(&self) -> impl Iterator<Item = String> {
        let tried = self.attempts.iter().flat_map(|a| a.objections.iter().map(|text| format!("{}: {text}", a.name)));
        tried.chain(self.rows.iter().filter_map(|row| Some(format!("{}: {}", row.code, row.objection.as_ref()?))))
    }
}

/// Runs everything, or what can be run until the end is asked for; `hear` is told of every attempt as it ends.
///
/// # Errors
/// A complaint when the right world cannot stand here.
pub fn run(shelf: &Shelf, faults: &[Fault], stop: &Stop, hear: &(dyn Fn(&Attempt) + Sync)) -> Result<SelfTest, Complaint> {
    let began = clock::now();
    let mut attempts = Vec::new();
    let unsound = match Hall::new(shelf, stop, hear)? {
        Ok(hall) => {
            attempts = everything(&hall, shelf, faults);
            None
        }
        Err(unsound) => Some((unsound.why, if unsound.elsewhere { Exit::Inconclusive } else { Exit::Symptoms })),
    };
    let rows = if unsound.is_some() { Vec::new() } else { rows(shelf, faults, &attempts) };
    Ok(SelfTest { attempts, rows, took: clock::now() - began, interrupted: stop.is_asked(), unsound })
}

fn everything(hall: &Hall<'_>, shelf: &Shelf, faults: &[Fault]) -> Vec<Attempt> {
    let singles = patiently(faults, |(attempt, _)| attempt, |fault| hall.single(fault));
    let (mut attempts, traces): (Vec<Attempt>, Vec<Option<Trace<'_>>>) = singles.into_iter().unzip();
    let sample = pairs::sample(shelf, &traces.into_iter().flatten().collect::<Vec<_>>(), PAIRS);
    attempts.extend(patiently(&sample, |attempt| attempt, |pair| hall.both(pair)));
    attempts
}

/// Tries every item in the crowd, and what did not come out as declared again with few beside it: a probe that does not get its
/// share of a busy machine misses its deadline, and that says nothing about a row. What was not tried has no answer.
fn patiently<'i, T: Sync, A: Send>(
    items: &'i [T],
    attempt: impl Fn(&mut A) -> &mut Attempt,
    work: impl Fn(&'i T) -> Option<A> + Sync,
) -> Vec<A> {
    let mut answers = each(items, room::worlds(AT_ONCE), &work);
    let wrong = |answer: &mut A| !attempt(answer).objections.is_empty();
    for at_once in APART {
        let missed = answers.iter_mut().enumerate().filter_map(|(at, answer)| wrong(answer.as_mut()?).then_some(at));
        let missed: Vec<usize> = missed.collect();
        let again = each(&missed, room::worlds(at_once), |at| work(&items[*at]));
        for (at, answer) in missed.into_iter().zip(again) {
            // One that the end came before has not been tried.
            answers[at] = answer.map(|mut answer| {
                attempt(&mut answer).again = true;
                answer
            });
        }
    }
    answers.into_iter().flatten().collect()
}

/// Every row names a fault that exists, or says why there is none, and few do.
fn rows(shelf: &Shelf, faults: &[Fault], attempts: &[Attempt]) -> Vec<Proof> {
    let known: BTreeMap<&str, &Fault> = faults.iter().map(|fault| (fault.name.as_str(), fault)).collect();
    let tried: BTreeMap<&str, &Attempt> = attempts.iter().map(|attempt| (attempt.name.as_str(), attempt)).collect();
    let unshown = |name: &str| match tried.get(name) {
        Some(attempt) => attempt.skipped.clone(),
        None => Some("it was not tried before the end".to_owned()),
    };
    let mut faultless = 0;
    let proof = |row: &Symptom| {
        let objection = match known.get(row.fault.as_str()) {
            Some(_) => None,
            None if row.fault.is_empty() => {
                faultless += 1;
                (faultless > FAULTLESS).then(|| format!("more than {FAULTLESS} rows have no fault"))
            }
            None => Some(format!("its fault {} does not exist", row.fault)),
        };
        let fault = if row.fault.is_empty() { Err(row.no_fault.clone()) } else { Ok(row.fault.clone()) };
        let not_shown = known.get(row.fault.as_str()).and_then(|fault| unshown(&fault.name));
        Proof { code: row.code.to_string(), fault, not_shown, objection }
    };
    shelf.symptoms.iter().map(proof).collect()
}
