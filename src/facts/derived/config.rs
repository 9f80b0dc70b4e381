//! Whether a configuration speaks for the gateway that was dialled.

use crate::facts::store::Facts;
use crate::facts::value::Cell;
use crate::path::{Class, Role, Site, Topology, Vantage};

/// Writes `config.applies` and `setting.applies`: true on the gateway's host when the file's port is a dialled one.
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
    let mut dialled = direct.map(|p| facts.look("path", &p.vantage, &[], "port"));
    match (state, port) {
        _ if site.role != Role::GatewayHost => Cell::value(false),
        (unknown @ Cell::NotMeasured(_), _) => unknown,
        (state, _) if !state.is("found") => Cell::value(false),
        (_, unknown @ Cell::NotMeasured(_)) => unknown,
        (_, port) => Cell::value(port.get().is_some() && dialled.any(|dialled| dialled.get() == port.get())),
    }
}
