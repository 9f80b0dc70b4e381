//! How a connection attempt ended once the first exchange on it is known.

use super::address::asked;
use crate::facts::store::Facts;
use crate::facts::tables::tcp::Manner;
use crate::facts::value::Cell;
use crate::path::{Topology, Vantage};

/// Writes `tcp.manner`.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let at = &path.vantage;
        let Some(mut sheet) = facts.take("tcp", Some(at)) else { continue };
        let asked = asked(&sheet);
        for (index, row) in sheet.rows.iter_mut().enumerate() {
            let connected = row.cell("connected").cloned().unwrap_or(Cell::Absent);
            let address =
                if asked == Some(index) { Some(String::from("named")) } else { row.key("address").map(|a| a.to_string()) };
            let manner = match address {
                Some(address) if connected.is("accepted") => accepted(facts, at, &address),
                _ => connected,
            };
            row.put("manner", manner);
        }
        facts.add(sheet);
    }
}

/// What became of a connection that was accepted: whether the first exchange at the address ended without a byte, and the
/// peer is not one that only speaks TLS. Without such an exchange nobody can tell.
fn accepted(facts: &Facts, at: &Vantage, address: &str) -> Cell {
    let speaks_tls =
        ["established", "alert"].iter().any(|o| facts.look("tls", at, &[("purpose", "cross-check")], "outcome").is(o));
    let http = facts.look("http", at, &[("probe", "health"), ("address", address)], "outcome");
    let tls = facts.look("tls", at, &[("purpose", "use")], "outcome");
    let no_answer = |cell: &Cell| cell.is("closed-empty") || cell.is("reset");
    match http {
        _ if speaks_tls => Cell::value(Manner::Accepted.as_str()),
        _ if address == "named" && tls.is("closed-empty") => Cell::value(Manner::ClosedEmpty.as_str()),
        http if no_answer(&http) => Cell::value(Manner::ClosedEmpty.as_str()),
        Cell::NotMeasured(because) => Cell::NotMeasured(because),
        _ => Cell::value(Manner::Accepted.as_str()),
    }
}
