//! Facts that follow from other facts: recomputed at every judging, never trusted from a recording.

mod address;
mod browser;
mod config;
mod deployment;
mod forwarding;
mod identity;
mod manner;
mod pace;
pub mod pair;
mod passage;
mod release;
mod route;
mod timer;
mod topology;

pub use address::{asked, is_named};

use super::dictionary;
use super::store::Facts;
use crate::path::Topology;
use crate::record::Recording;

/// Forgets every derived cell of the facts, computes all of them anew, and settles roles, classes and what rides on what.
pub fn derive(recording: &Recording) -> (Facts, Topology) {
    let mut facts = recording.facts.clone();
    forget(&mut facts);
    let mut topology = topology::settle(&mut facts, &recording.head.plan);
    address::settle(&mut facts, &topology);
    manner::settle(&mut facts, &topology);
    config::settle(&mut facts, &topology);
    forwarding::settle(&mut facts, &topology);
    route::settle(&mut facts, &topology);
    browser::settle(&mut facts, &topology);
    let times = identity::Times::of(recording);
    pace::settle(&mut facts, &topology, &times);
    pair::settle(&mut facts, &topology, &times);
    topology.part(|outer, inner| pair::apart(&facts, outer, inner));
    passage::settle(&mut facts, &topology);
    timer::settle(&mut facts, &topology);
    deployment::settle(&mut facts, &topology);
    (facts, topology)
}

fn forget(facts: &mut Facts) {
    for table in dictionary::TABLES {
        if table.is_derived() {
            let at: Vec<_> = facts.sheets().filter(|s| s.table == table.name).map(|s| s.vantage.clone()).collect();
            for vantage in at {
                facts.take(table.name, vantage.as_ref());
            }
        }
    }
    for sheet in facts.sheets_mut() {
        let Some(table) = dictionary::table(&sheet.table) else { continue };
        for row in &mut sheet.rows {
            row.cells.retain(|(name, _)| table.field(name).is_none_or(|f| !f.derived));
        }
    }
}
