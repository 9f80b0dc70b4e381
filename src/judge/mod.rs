//! From facts and rows to a verdict. Pure: it knows neither probes nor the network.

pub mod causes;
pub mod condition;
pub mod expect;
pub mod idle;
pub mod rows;
mod unplanned;
pub mod verdict;

use crate::facts::derived::derive;
use crate::facts::{Because, Facts, Reason};
use crate::path::{Path, Topology};
use crate::plan::{Lack, Selection};
use crate::record::Recording;
use crate::shelf::Shelf;
use crate::shelf::matrix::Expect;
use condition::World;
use verdict::{Finding, Lacking, Outcome, Undecided, Verdict};

/// A recording, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What it comes to.
    pub verdict: Verdict,
    /// Sites and paths, with roles, classes and rides-on settled.
    pub topology: Topology,
    /// All facts, the derived ones among them.
    pub facts: Facts,
}

/// Judges a recording by the rows of a shelf. The same recording and the same shelf always give the same judgement.
pub fn judge(shelf: &Shelf, recording: &Recording) -> Judgement {
    let (mut facts, topology) = derive(recording);
    unplanned::mark(&mut facts, shelf, recording);
    let head = &recording.head;
    let chosen = Selection::of(&head.only, &head.skip);
    let world = World { facts: &facts, topology: &topology };

    let taking_part: Vec<_> = shelf.symptoms.iter().filter(|s| chosen.takes(s)).collect();
    let mut rulings: Vec<rows::Ruled<'_>> = taking_part.iter().flat_map(|s| rows::rule(s, &world)).collect();
    let cells = shelf.matrix(&head.plan.matrix).map(|m| m.expect.as_slice()).unwrap_or_default();
    let wanted = |cell: &&Expect| chosen.takes_code(&cell.or_else, shelf.symptom(&cell.or_else).map(|row| row.layer));
    let cells: Vec<&Expect> = cells.iter().filter(wanted).collect();
    let mut surprises = Vec::new();
    for cell in &cells {
        expect::apply(cell, &facts, &topology, &mut rulings, &mut surprises);
    }

    let mut found = rows::findings(&rulings, &world);
    found.extend(surprises.into_iter().map(|s| s.finding(shelf)));
    for one in &mut found {
        one.finding.muted = shelf.mute(&one.finding.code, &head.taken).map(|m| m.reason.clone());
    }
    let effects: Vec<causes::Effect> = found.iter().map(rows::Found::effect).collect();
    let causes = causes::causes(&effects, &topology, head.fail_on);
    for (one, explainers) in found.iter_mut().zip(&causes.explainers) {
        one.finding.explained_by = explainers.iter().map(|&g| effects[g].id.clone()).collect();
    }
    let mut findings: Vec<Finding> = causes.order.iter().map(|&i| found[i].finding.clone()).collect();
    mute_effects(&mut findings);

    let mut undecided = rows::undecided(&rulings, &head.plan);
    undecided.extend(cells.iter().flat_map(|cell| expect::undecided(cell, &facts, &topology)));
    undecided.extend(head.plan.lacks.iter().map(lacking_path));
    undecided.extend(idle::undecided(&chosen, &taking_part, &rulings));
    for entry in &mut undecided {
        entry.beneath = beneath(entry, &findings, &topology);
    }
    Judgement {
        verdict: Verdict {
            outcome: outcome(&findings, &undecided),
            root: causes.roots.first().map(|&i| effects[i].code.clone()),
            roots: causes.roots.iter().map(|&i| effects[i].id.clone()).collect(),
            findings,
            undecided,
            clear: rows::clear(&rulings),
        },
        topology,
        facts,
    }
}

/// Mutes what only muted findings explain: whoever mutes a cause does not want to be told its effects.
fn mute_effects(findings: &mut [Finding]) {
    let muted = |findings: &[Finding], id: &String| findings.iter().any(|f| &f.id == id && f.muted.is_some());
    while let Some(next) = findings
        .iter()
        .position(|f| f.muted.is_none() && !f.explained_by.is_empty() && f.explained_by.iter().all(|id| muted(findings, id)))
    {
        let reason = format!("explained by {}, which is muted", findings[next].explained_by.join(", "));
        findings[next].muted = Some(reason);
    }
}

fn outcome(findings: &[Finding], undecided: &[Undecided]) -> Outcome {
    if findings.iter().any(|f| f.muted.is_none()) {
        Outcome::Symptoms
    } else if undecided.iter().any(|u| u.required) {
        Outcome::Inconclusive
    } else {
        Outcome::Healthy
    }
}

/// A path kind that the matrix needs and nobody named: an undecided entry of its own, naming the flag.
fn lacking_path(lack: &Lack) -> Undecided {
    let reason = Because::new(Reason::NotPlanned, format!("no {} path was named; add {}", lack.kind, lack.flag));
    Undecided {
        code: format!("needs {}", lack.kind),
        id: format!("needs {}", lack.kind),
        title: format!("The matrix needs a path of kind {}", lack.kind),
        layer: None,
        vantages: Vec::new(),
        required: true,
        lacks: vec![Lacking { id: format!("path kind {}", lack.kind), because: reason.clone() }],
        reason,
        beneath: None,
    }
}

/// The finding an undecided row folds beneath: the first that rests on what kept it from being decided, or else the first
/// about the same path, because what is blocked there is blocked by what broke there, or else the first that rests on the same
/// probe further in on the way.
fn beneath(entry: &Undecided, findings: &[Finding], topology: &Topology) -> Option<String> {
    let blockers: Vec<String> = entry.lacks.iter().filter_map(|l| blocker(l, entry)).collect();
    let rests = |finding: &&Finding| finding.evidence.iter().any(|e| blockers.iter().any(|by| same_probe(&e.id, by)));
    let stopped = entry.lacks.iter().any(|l| l.because.reason == Reason::Blocked);
    let there = |finding: &&Finding| stopped && finding.vantages.iter().any(|v| v.path.is_some() && entry.vantages.contains(v));
    let inner: Vec<String> = blockers.iter().flat_map(|by| further_in(by, topology)).collect();
    let within = |finding: &&Finding| finding.evidence.iter().any(|e| inner.iter().any(|by| same_probe(&e.id, by)));
    let first = findings.iter().find(rests).or_else(|| findings.iter().find(there)).or_else(|| findings.iter().find(within));
    first.map(|f| f.id.clone())
}

/// The same fact on every path that the one of a fact rides on.
fn further_in(fact: &str, topology: &Topology) -> Vec<String> {
    let at = |path: &Path| format!("@{}", path.vantage);
    let named = topology.paths.iter().find(|path| stem(fact).ends_with(&at(path)));
    let ridden = topology.paths.iter().filter(|inner| named.is_some_and(|outer| topology.rides(&outer.vantage, &inner.vantage)));
    let table = fact.split('@').next().unwrap_or_default();
    ridden.map(|inner| format!("{table}{}", at(inner))).collect()
}

/// The fact that kept another from being measured, as the reason names it.
fn blocker(lacking: &Lacking, entry: &Undecided) -> Option<String> {
    match lacking.because.reason {
        Reason::Blocked | Reason::Withheld => Some(lacking.because.because.clone()),
        Reason::NoCredential => entry.vantages.first().map(|v| format!("credential@{}.state", v.site)),
        _ => None,
    }
}

/// Whether two fact ids name the same table at the same vantage: a blocked probe names the probe it needed, or a fact of it.
fn same_probe(a: &str, b: &str) -> bool {
    stem(a) == stem(b)
}

/// Table and vantage of a fact id.
fn stem(id: &str) -> &str {
    id.split_once('[').or_else(|| id.rsplit_once('.')).map_or(id, |(stem, _)| stem)
}
