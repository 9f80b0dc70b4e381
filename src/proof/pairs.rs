//! Two faults in one world: which have nothing to do with each other, and the world that has both.
//!
//! Two faults are unrelated when neither row may explain the other, their changes do not contradict each other, and neither
//! changes a fact that the other's finding rests on. Then a run must show both as roots.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use super::trial::Tried;
use crate::code::Code;
use crate::facts::{Cell, Facts, Value as Fact};
use crate::judge::verdict::Finding;
use crate::reference::document::{Document, filled};
use crate::reference::fault::Fault;
use crate::reference::world::{conflict, merge};
use crate::shelf::Shelf;

/// What one fault's own run leaves behind for pairs: the facts it changes and those its roots rest on, with the world's ports and
/// folders under their names.
#[derive(Debug)]
pub struct Trace<'a> {
    fault: &'a Fault,
    roots: Vec<(String, Code)>,
    codes: BTreeSet<Code>,
    changed: BTreeSet<String>,
    evidence: BTreeSet<String>,
    paths: BTreeSet<String>,
}

impl<'a> Trace<'a> {
    /// The trace of a fault's run, beside the run of the right world.
    pub fn new(fault: &'a Fault, tried: &Tried, healthy: &Tried) -> Self {
        let (was, is) = (cells(healthy), cells(tried));
        let changed = was.keys().chain(is.keys()).filter(|id| was.get(*id) != is.get(*id)).cloned().collect();
        let (findings, lanes) = (&tried.judgement.verdict.findings, &tried.recording.head.plan.lanes);
        let roots: Vec<&Finding> = findings.iter().filter(|f| f.explained_by.is_empty()).collect();
        Self {
            fault,
            roots: roots.iter().map(|f| (f.id.clone(), f.code.clone())).collect(),
            codes: findings.iter().map(|f| f.code.clone()).collect(),
            changed,
            paths: lanes.iter().filter_map(|lane| Some(lane.path.as_ref()?.vantage.to_string())).collect(),
            evidence: roots.iter().flat_map(|f| &f.evidence).map(|e| named(&e.id, &tried.holes)).collect(),
        }
    }

    /// Whether the other fault takes a path away that the roots were seen by.
    fn is_cut_off_by(&self, other: &Self) -> bool {
        let by = |path: &str| self.evidence.iter().any(|id| id.split(['@', '[', '.']).nth(1) == Some(path));
        self.paths.difference(&other.paths).any(|gone| by(gone))
    }
}

/// Two unrelated faults in one world.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Names of the two.
    pub names: [String; 2],
    /// The world that has both.
    pub world: Document,
    /// What must be among the roots.
    pub roots: Vec<String>,
    /// The only codes that may be found.
    pub codes: BTreeSet<Code>,
}

/// Unrelated pairs in an order of their own, as many as are asked for. The order is that of a digest of the names, so that a
/// sample is spread over all of them and stays the same from run to run; each fault is taken equally often.
pub fn sample(shelf: &Shelf, traces: &[Trace<'_>], many: usize) -> Vec<Pair> {
    let mut all = Vec::new();
    for (a, one) in traces.iter().enumerate() {
        for (b, two) in traces.iter().enumerate().skip(a + 1) {
            all.extend(pair(shelf, one, two).map(|pair| (order(&pair), [a, b], pair)));
        }
    }
    all.sort_by(|x, y| x.0.cmp(&y.0));
    let (mut taken, mut chosen) = (vec![0_usize; traces.len()], Vec::new());
    // Round after round, each fault may be taken once more.
    for most in 1..=many {
        all.retain(|(_, [a, b], pair)| {
            let fits = chosen.len() < many && taken[*a] < most && taken[*b] < most;
            if fits {
                (taken[*a], taken[*b]) = (taken[*a] + 1, taken[*b] + 1);
                chosen.push(pair.clone());
            }
            !fits
        });
    }
    chosen
}

fn order(pair: &Pair) -> Vec<u8> {
    Sha256::digest(pair.names.join(" ")).to_vec()
}

/// Every cell of a run that is no duration, under its name.
fn cells(tried: &Tried) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let facts: &Facts = &tried.judgement.facts;
    for sheet in facts.sheets() {
        let at = sheet.vantage.as_ref().map(|v| format!("@{v}")).unwrap_or_default();
        for row in &sheet.rows {
            let key: Vec<String> = row.key.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let key = if key.is_empty() { String::new() } else { format!("[{}]", key.join(",")) };
            for (field, cell) in row.cells.iter().filter(|(_, cell)| !matches!(cell, Cell::Value { value: Fact::Ms(_) })) {
                let id = named(&format!("{}{at}{key}.{field}", sheet.table), &tried.holes);
                all.insert(id, named(&cell.to_string(), &tried.holes));
            }
        }
    }
    all
}

/// A text with the world's ports and folders under the names they have in the document.
fn named(text: &str, holes: &BTreeMap<String, String>) -> String {
    let mut holes: Vec<_> = holes.iter().filter(|(_, value)| value.len() > 1).collect();
    holes.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    holes.into_iter().fold(text.to_owned(), |text, (name, value)| text.replace(value.as_str(), &format!("{{{name}}}")))
}

/// The pair of two faults, if they are unrelated and can stand in one world.
fn pair(shelf: &Shelf, one: &Trace<'_>, two: &Trace<'_>) -> Option<Pair> {
    let twice = one.fault.change.contains_key(EDGE) && two.fault.change.contains_key(EDGE);
    // What the second finds out by an edge of its own, the first does not touch.
    let shared = |id: &&String| !twice || !id.contains(EDGE_1);
    let touches = |a: &Trace<'_>, b: &Trace<'_>| a.evidence.iter().filter(shared).any(|id| b.changed.contains(id));
    if explained(shelf, one, two) || explained(shelf, two, one) || touches(one, two) || touches(two, one) {
        return None;
    }
    if !twice && (one.is_cut_off_by(two) || two.is_cut_off_by(one)) {
        return None;
    }
    let (change, path) = if twice { (moved(one.fault, two.fault)?, EDGE_2) } else { (two.fault.change.clone(), EDGE_1) };
    if conflict(&one.fault.change, &change).is_some() {
        return None;
    }
    let mut world = one.fault.world().ok()?;
    merge(&mut world.table, &change);
    let roots = one.roots.iter().map(|(id, _)| id.clone()).chain(two.roots.iter().map(|(id, _)| id.replace(EDGE_1, path)));
    Some(Pair {
        names: [one.fault.name.clone(), two.fault.name.clone()],
        world,
        roots: roots.collect(),
        codes: one.codes.union(&two.codes).cloned().collect(),
    })
}

/// The edge in a document, its path, and the second edge's.
const EDGE: &str = "edge";
const EDGE_1: &str = "here/edge";
const EDGE_2: &str = "here/edge:2";

/// Whether a root of the first may explain one of the second, also by way of other rows.
fn explained(shelf: &Shelf, cause: &Trace<'_>, effect: &Trace<'_>) -> bool {
    let explains = |code: &Code| cause.roots.iter().any(|(_, root)| root == code);
    effect.roots.iter().any(|(_, code)| closure(shelf, code).into_iter().any(explains))
}

/// Every code that may stand behind a code, itself included.
pub fn closure<'a>(shelf: &'a Shelf, code: &'a Code) -> BTreeSet<&'a Code> {
    let (mut all, mut open) = (BTreeSet::from([code]), vec![code]);
    while let Some(row) = open.pop().and_then(|code| shelf.symptom(code)) {
        for cause in &row.explained_by {
            if all.insert(cause) {
                open.push(cause);
            }
        }
    }
    all
}

/// The change that makes the second fault at an edge of its own beside the first's; none when it changes more than the edge and
/// the way to it.
fn moved(first: &Fault, second: &Fault) -> Option<Table> {
    let only = |table: &Table, keys: &[&str]| table.keys().all(|key| keys.contains(&key.as_str()));
    let client = second.change.get("client").and_then(Value::as_table);
    if !only(&second.change, &[EDGE, "client"]) || client.is_some_and(|table| !only(table, &[EDGE, "ca"])) {
        return None;
    }
    let (world, other) = (first.world().ok()?.table, second.world().ok()?.table);
    let list = |world: &Table| world.get("client")?.get(EDGE)?.as_array().cloned();
    let away = BTreeMap::from([("edge.port".to_owned(), "{edge-2.port}".to_owned())]);
    let there = list(&other)?.into_iter().filter_map(|url| Some(Value::from(filled(url.as_str()?, &away))));
    let mut told = client.cloned().unwrap_or_default();
    told.insert(EDGE.to_owned(), Value::Array(list(&world)?.into_iter().chain(there).collect()));
    Some(Table::from_iter([("edge-2".to_owned(), other.get(EDGE)?.clone()), ("client".to_owned(), Value::Table(told))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::fault::read;

    #[test]
    fn a_second_edge_gets_the_second_fault_and_a_way_of_its_own() {
        let dropped = read("edge/a", "summary = 'a'\n[edge]\nupgrade = 'dropped'").unwrap();
        let secured = "summary = 'b'\n[edge]\ntls = 'expired'\n[client]\nedge = ['https://127.0.0.1:{edge.port}']";
        let change = moved(&dropped, &read("edge/b", secured).unwrap()).unwrap();
        assert_eq!(change["edge-2"]["tls"].as_str(), Some("expired"));
        let edges: Vec<_> = change["client"]["edge"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(edges, ["http://127.0.0.1:{edge.port}", "https://127.0.0.1:{edge-2.port}"]);
        assert!(change["edge-2"].get("upgrade").is_none());
        let wider = read("edge/c", "summary = 'c'\n[edge]\ntls = 'expired'\n[gateway]\nauth = 'none'").unwrap();
        assert!(moved(&dropped, &wider).is_none());
    }

    #[test]
    fn a_closure_goes_all_the_way() {
        let shelf = Shelf::builtin().unwrap();
        let code = |text: &str| text.parse::<Code>().unwrap();
        let (health, listen) = (code("HEALTH-05"), code("LISTEN-01"));
        assert!(closure(&shelf, &health).contains(&listen));
        assert!(!closure(&shelf, &listen).contains(&health));
    }

    #[test]
    fn the_worlds_own_ports_stand_under_their_names() {
        let holes =
            BTreeMap::from([("gateway.port".to_owned(), "4711".to_owned()), ("edge.port".to_owned(), "47112".to_owned())]);
        assert_eq!(named("tcp@here/edge[port=47112].x 4711", &holes), "tcp@here/edge[port={edge.port}].x {gateway.port}");
    }
}
