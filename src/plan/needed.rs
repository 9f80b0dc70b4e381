//! Which probes the chosen rows need: under `--only` and `--skip` nothing else is asked.

use std::collections::BTreeSet;

use super::Selection;
use crate::facts::dictionary::filled_by;
use crate::shelf::Shelf;
use crate::shelf::probe::Probe;

/// What derived facts rest on: whoever reads the first table also needs the others. The derivations are in `facts::derived`.
const RESTS_ON: &[(&str, &[&str])] = &[
    ("tcp", &["http", "tls"]),
    ("families", &["http"]),
    ("pace", &["http"]),
    ("pair", &["connect", "challenge", "http"]),
    ("forwarding", &["http", "connect"]),
    ("timer", &["hold", "beat"]),
    ("route", &["tcp", "http"]),
    ("browser", &["http", "connect"]),
    ("config", &["tcp"]),
    ("setting", &["tcp"]),
    ("site", &["tcp"]),
    ("path", &["tcp"]),
];

/// Of the matrix's probes those that fill a table the chosen rows read, those they need in turn, and those of the site, which
/// cost no packet and tell whose facts these are.
pub fn probes<'a>(shelf: &Shelf, chosen: &Selection, asked: &[&'a Probe]) -> Vec<&'a Probe> {
    let tables = tables(shelf, chosen);
    let fills = |probe: &Probe| filled_by(&probe.primitive).iter().any(|table| tables.contains(table.name));
    let mut wanted: BTreeSet<&str> = asked.iter().filter(|p| p.paths.is_empty() || fills(p)).map(|p| p.id.as_str()).collect();
    loop {
        let more: Vec<&str> = asked
            .iter()
            .filter(|p| wanted.contains(p.id.as_str()))
            .flat_map(|p| p.needs.iter().map(String::as_str))
            .filter(|need| !wanted.contains(need))
            .collect();
        if more.is_empty() {
            break;
        }
        wanted.extend(more);
    }
    asked.iter().filter(|p| wanted.contains(p.id.as_str())).copied().collect()
}

/// The tables the chosen rows read, and what those rest on.
fn tables(shelf: &Shelf, chosen: &Selection) -> BTreeSet<&'static str> {
    let mut tables: BTreeSet<&'static str> = BTreeSet::new();
    for row in shelf.symptoms.iter().filter(|row| chosen.takes(row)) {
        tables.extend(row.each.tables());
        tables.extend(row.when.tables());
        tables.extend(row.lead.iter().flat_map(|lead| lead.tables()));
    }
    let read: Vec<&str> = tables.iter().copied().collect();
    for (table, more) in RESTS_ON {
        if read.contains(table) {
            tables.extend(*more);
        }
    }
    tables
}
