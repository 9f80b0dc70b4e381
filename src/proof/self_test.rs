//! Self-test: every fault file and every right world run, pairs of unrelated faults, and what all that says of the rows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::confusion::Line;
use super::expect::{Difference, differences, outcome};
use super::pairs::{self, Pair, Seen};
use super::trial::{Trial, Tried, each};
use crate::clock;
use crate::complaint::Complaint;
use crate::reference::fault::{self, Fault};
use crate::reference::ground::Ground;
use crate::shelf::Shelf;
use crate::shelf::symptom::Symptom;

/// Worlds that stand at once. Runs wait much more than they reckon: a silent peer takes its probes' whole deadlines.
const AT_ONCE: usize = 24;
/// Pairs to sample; the promise is thirty.
const PAIRS: usize = 36;
/// Rows that may be without a fault.
const FAULTLESS: usize = 12;
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
    /// How long it took.
    pub took: Duration,
}

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
    let ground = Ground::new().map_err(|why| Complaint::new(format!("the reference world cannot stand: {why}")))?;
    let healthy = trial("reference", MATRIX).play(fault::world()?, &ground, shelf)?;
    let singles = each(faults, AT_ONCE, |fault| single(&ground, shelf, fault, hear));
    let seen: Vec<Seen<'_>> = faults
        .iter()
        .zip(&singles)
        .filter(|(fault, (attempt, _))| {
            attempt.objections.is_empty() && !fault.expect.roots.is_empty() && fault.place() != HOSTILE
        })
        .filter_map(|(fault, (_, tried))| Some(Seen { fault, tried: tried.as_ref()? }))
        .collect();
    let sample = pairs::sample(shelf, &healthy, &seen, PAIRS);
    let paired = each(&sample, AT_ONCE, |pair| both(&ground, shelf, pair, hear));
    let rows = rows(shelf, faults);
    let attempts = singles.into_iter().map(|(attempt, _)| attempt).chain(paired).collect();
    Ok(SelfTest { attempts, rows, took: clock::now() - began })
}

/// The matrix of a fault that neither names one nor is a row's.
const MATRIX: &str = "preflight";
/// The place of peers that mean harm: what they do to each other is nobody's business.
const HOSTILE: &str = "hostile";

/// The matrix to run in a fault's world: the one it names, or one that requires its row.
pub fn matrix_of<'a>(shelf: &'a Shelf, fault: &'a Fault) -> &'a str {
    let row = shelf.symptoms.iter().find(|row| row.fault == fault.name);
    let requires = |name: &&str| row.is_some_and(|row| shelf.matrix(name).is_some_and(|m| m.require.contains(&row.code)));
    let all = [MATRIX].into_iter().chain(shelf.matrices.iter().map(|m| m.name.as_str()));
    fault.matrix.as_deref().or_else(|| all.into_iter().find(requires)).unwrap_or(MATRIX)
}

fn single(ground: &Ground, shelf: &Shelf, fault: &Fault, hear: &(dyn Fn(&Attempt) + Sync)) -> (Attempt, Option<Tried>) {
    let began = clock::now();
    let mut attempt = Attempt {
        name: fault.name.clone(),
        place: fault.place().to_owned(),
        objections: Vec::new(),
        skipped: fault.expect.needs.iter().find(|need| !ground.has(**need)).map(|need| format!("this machine lacks {need}")),
        line: None,
        took: Duration::ZERO,
    };
    let tried = match attempt.skipped {
        Some(_) => None,
        None => match play(ground, shelf, fault) {
            Ok(tried) => Some(tried),
            Err(complaint) => {
                attempt.objections.push(complaint.title.clone());
                None
            }
        },
    };
    if let Some(tried) = &tried {
        let (verdict, got) = (&tried.judgement.verdict, outcome(&tried.judgement.verdict, tried.exit));
        let line = Line::new(shelf, &fault.name, &got);
        attempt.objections.extend(differences(&fault.expect, verdict, tried.exit).iter().map(Difference::to_string));
        attempt.objections.extend(line.objections(shelf, &got.roots));
        attempt.objections.extend(tried.recording.end.defect.clone());
        attempt.line = Some(line);
    }
    attempt.took = clock::now() - began;
    hear(&attempt);
    (attempt, tried)
}

fn play(ground: &Ground, shelf: &Shelf, fault: &Fault) -> Result<Tried, Complaint> {
    trial(&fault.name, matrix_of(shelf, fault)).play(fault.world()?, ground, shelf)
}

fn trial(name: &str, matrix: &str) -> Trial {
    Trial { name: name.to_owned(), matrix: matrix.to_owned(), budget: None }
}

fn both(ground: &Ground, shelf: &Shelf, pair: &Pair, hear: &(dyn Fn(&Attempt) + Sync)) -> Attempt {
    let began = clock::now();
    let name = pair.names.join(" + ");
    let objections = match trial(&name, MATRIX).play(pair.world.clone(), ground, shelf) {
        Ok(tried) => {
            let verdict = &tried.judgement.verdict;
            let missing = pair.roots.iter().filter(|id| !verdict.roots.contains(id));
            let foreign = verdict.findings.iter().filter(|f| !pair.codes.contains(&f.code));
            missing
                .map(|id| format!("roots: expected {id}, which is not there"))
                .chain(foreign.map(|f| format!("{} was not expected", f.id)))
                .chain(tried.recording.end.defect)
                .collect()
        }
        Err(complaint) => vec![complaint.title],
    };
    let attempt = Attempt { name, place: PAIRED.to_owned(), objections, skipped: None, line: None, took: clock::now() - began };
    hear(&attempt);
    attempt
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
