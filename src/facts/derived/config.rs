//! Whether a configuration speaks for the gateway that was dialled.

use crate::facts::store::Facts;
use crate::facts::tables::path::{PATH, Scheme};
use crate::facts::value::Cell;
use crate::path::{Class, Path, Role, Site, Topology, Vantage};

/// Writes `config.applies` and `setting.applies`: true on the gateway's host when the file's port is a
/// dialled one, or a Unix socket is dialled, which has no port that could differ.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for site in &topology.sites {
        let at = Vantage::site(&site.name);
        let applies = applies(facts, topology, site);
        for table in ["config", "setting"] {
            let Some(mut sheet) = facts.take(table, Some(&at)) else { continue };
            sheet.rows.iter_mut().for_each(|row| row.put("applies", applies.clone()));
            facts.add(sheet);
        }
    }
}

/// What is known to be otherwise decides; else what was not measured leaves it open.
fn applies(facts: &Facts, topology: &Topology, site: &Site) -> Cell {
    let at = Vantage::site(&site.name);
    let state = facts.look("config", &at, &[], "state");
    let port = facts.look("config", &at, &[], "port");
    let direct = topology.paths.iter().filter(|p| p.vantage.site == site.name && p.class == Class::Direct);
    let told = |p: &Path, field: &str| facts.look(PATH.name, &p.vantage, &[], field);
    let unix = direct.clone().any(|p| told(p, "scheme").is(Scheme::Unix.as_str()));
    let mut dialled = direct.map(|p| told(p, "port"));
    match (state, port) {
        _ if site.role != Role::GatewayHost => Cell::value(false),
        (unknown @ Cell::NotMeasured(_), _) => unknown,
        (state, _) if !state.is("found") => Cell::value(false),
        (_, unknown @ Cell::NotMeasured(_)) => unknown,
        (_, port) => Cell::value(unix || port.get().is_some() && dialled.any(|dialled| dialled.get() == port.get())),
    }
}
