//! Whether a configuration speaks for the gateway that was dialled.

use crate::facts::store::Facts;
use crate::facts::value::{Cell, Value};
use crate::path::{Class, Role, Topology, Vantage};

/// Writes `config.applies` and `setting.applies`: true on the gateway's host when the file's port is a dialled one.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for site in &topology.sites {
        let at = Vantage::site(&site.name);
        let port = facts.look("config", &at, &[], "port");
        let dialled = topology
            .paths
            .iter()
            .filter(|p| p.vantage.site == site.name && p.class == Class::Direct)
            .any(|p| facts.look("path", &p.vantage, &[], "port").get() == port.get() && port.get().is_some());
        let found = facts.look("config", &at, &[], "state").is("found");
        let applies = Cell::value(Value::Bool(site.role == Role::GatewayHost && dialled && found));
        for table in ["config", "setting"] {
            let Some(mut sheet) = facts.take(table, Some(&at)) else { continue };
            sheet.rows.iter_mut().for_each(|row| row.put("applies", applies.clone()));
            facts.add(sheet);
        }
    }
}
