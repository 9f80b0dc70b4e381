//! Self-test: every fault file and every right world run, pairs of unrelated faults, and what all that says of the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hall::{Attempt, Hall};
use super::pairs::{self, Trace};
use super::trial::each;
use crate::clock;
use crate::complaint::Complaint;
use crate::reference::fault::Fault;
use crate::shelf::Shelf;
use crate::shelf::symptom::Symptom;

/// Worlds that stand at once. Runs wait much more than they reckon: a silent peer takes its probes' whole deadlines.
const AT_ONCE: usize = 32;
/// Worlds that stand at once when something is tried again.
const APART: usize = 2;
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
}

impl SelfTest {
    /// Whether everything is as declared.
    pub fn passed(&self) -> bool {
        self.objections().next().is_none()
    }

    /// Everything that is not, with whose it is.
    pub fn objections(&self) -> impl Iterator<Item = String> {
        let tried = self.attempts.iter().flat_map(|a| a.objections.iter().map(|text| format!("{}: {text}", a.name)));
        tried.chain(self.rows.iter().filter_map(|row| Some(format!("{}: {}", row.code, row.objection.as_ref()?))))
    }
}

/// Runs everything; `hear` is told of every attempt as it ends.
///
/// # Errors
/// A complaint when the right world cannot stand here.
pub fn run(shelf: &Shelf, faults: &[Fault], hear: &(dyn Fn(&Attempt) + Sync)) -> Result<SelfTest, Complaint> {
    let began = clock::now();
    let hall = Hall::new(shelf, hear)?;
    let singles = twice(faults, |(attempt, _)| attempt, |fault| hall.single(fault));
    let (mut attempts, traces): (Vec<Attempt>, Vec<Option<Trace<'_>>>) = singles.into_iter().unzip();
    let sample = pairs::sample(shelf, &traces.into_iter().flatten().collect::<Vec<_>>(), PAIRS);
    attempts.extend(twice(&sample, |attempt| attempt, |pair| hall.both(pair)));
    Ok(SelfTest { attempts, rows: rows(shelf, faults), took: clock::now() - began })
}

/// Tries every item in the crowd, and what did not come out as declared once more with few beside it: a probe that does not get
/// its share of a busy machine misses its deadline, and that says nothing about a row.
fn twice<'i, T: Sync, A: Send>(
    items: &'i [T],
    attempt: impl Fn(&mut A) -> &mut Attempt,
    work: impl Fn(&'i T) -> A + Sync,
) -> Vec<A> {
    let mut answers = each(items, AT_ONCE, &work);
    let wrong = |answer: &mut A| !attempt(answer).objections.is_empty();
    let missed: Vec<usize> = answers.iter_mut().enumerate().filter_map(|(at, answer)| wrong(answer).then_some(at)).collect();
    let second = each(&missed, APART, |at| work(&items[*at]));
    for (at, mut answer) in missed.into_iter().zip(second) {
        attempt(&mut answer).again = true;
        answers[at] = answer;
    }
    answers
}

/// Every row names a fault that exists, or says why there is none, and few do.
fn rows(shelf: &Shelf, faults: &[Fault]) -> Vec<Proof> {
    let known: BTreeMap<&str, &Fault> = faults.iter().map(|fault| (fault.name.as_str(), fault)).collect();
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
        Proof { code: row.code.to_string(), fault, objection }
    };
    shelf.symptoms.iter().map(proof).collect()
}
