//! What follows from how a path is named, and from where it really led.

use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::tables::route::{Client, ROUTE};
use crate::facts::tables::site::{PLAIN_TO_NAMES, Source};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::path::{Kind, Path, Topology, Vantage};
use crate::target::DEFAULT_PORT;

/// Endings of names that the product's client takes in plain text.
const CLIENT_SUFFIXES: &[&str] = &[".local", ".ts.net"];

/// Writes `route` for each path.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let row = row(facts, topology, path);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&ROUTE, &path.vantage) });
    }
}

fn row(facts: &Facts, topology: &Topology, path: &Path) -> Row {
    let at = &path.vantage;
    let glass = [("source", Source::Environment.as_str()), ("key", PLAIN_TO_NAMES)];
    let told_to = facts.look("setting", &at.at_site(), &glass, "value").get().is_some();
    let (client, tailnet) = match (facts.look("path", at, &[], "scheme"), facts.look("path", at, &[], "host")) {
        (Cell::Value { value: Value::Text(scheme) }, Cell::Value { value: Value::Text(host) }) => {
            (Cell::value(client(&scheme, &host, told_to).as_str()), Cell::value(name(&host).ends_with(".ts.net")))
        }
        (Cell::NotMeasured(because), _) | (_, Cell::NotMeasured(because)) => {
            (Cell::NotMeasured(because.clone()), Cell::NotMeasured(because))
        }
        _ => (Cell::Absent, Cell::Absent),
    };
    RowBuilder::new(&ROUTE, [])
        .cell("client", client)
        .cell("tailnet-name", tailnet)
        .cell("dialled-class", dialled(facts, at))
        .cell("gateway-port", gateway_port(facts, at))
        .cell("elsewhere", elsewhere(facts, topology, path))
        .rest(Cell::Absent)
}

/// A host as names are compared.
fn name(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

/// What the client does, read off `isSecureWebSocketUrl` of 2026.5.7, 2026.7.1 and 2026.9.6.
fn client(scheme: &str, host: &str, told_to: bool) -> Client {
    if scheme != Scheme::Ws.as_str() {
        return Client::Takes;
    }
    let host = name(host);
    match host.parse().map(AddressClass::of) {
        Ok(AddressClass::Loopback) => Client::Takes,
        Ok(AddressClass::Tailnet | AddressClass::Private | AddressClass::LinkLocal) => Client::TakesLately,
        Ok(_) => Client::Refuses,
        Err(_) if host == "localhost" => Client::Takes,
        Err(_) if CLIENT_SUFFIXES.iter().any(|suffix| host.ends_with(suffix)) => Client::TakesLately,
        Err(_) if told_to => Client::ToldTo,
        Err(_) => Client::Refuses,
    }
}

/// The class of the first address that the path names.
fn dialled(facts: &Facts, at: &Vantage) -> Cell {
    let (rows, state) = facts.rows("tcp", Some(at));
    let named = rows.iter().find(|row| row.cell("named").and_then(Cell::get) == Some(&Value::Bool(true)));
    let address = named.and_then(|row| row.key("address")?.as_text()?.parse().ok());
    match (address, state) {
        (Some(address), _) => Cell::value(AddressClass::of(address).as_str()),
        (None, SheetState::Complete) => Cell::Absent,
        (None, SheetState::Incomplete(because) | SheetState::NotMeasured(because)) => Cell::NotMeasured(because),
    }
}

fn gateway_port(facts: &Facts, at: &Vantage) -> Cell {
    let site = at.at_site();
    match facts.look("path", at, &[], "port") {
        Cell::Value { value: Value::Int(port) } => {
            let applies = facts.look("config", &site, &[], "applies").get() == Some(&Value::Bool(true));
            let given = facts.look("config", &site, &[], "port").get() == Some(&Value::Int(port));
            Cell::value(port == i64::from(DEFAULT_PORT) || applies && given)
        }
        other => other,
    }
}

/// The kind of another path that the gateway answers by, at another port of the same host: the path's own kind before others,
/// and then the outermost.
fn elsewhere(facts: &Facts, topology: &Topology, path: &Path) -> Cell {
    let look = |at: &Vantage, field: &str| facts.look("path", at, &[], field);
    let (host, port) = (look(&path.vantage, "host"), look(&path.vantage, "port"));
    if let Cell::NotMeasured(because) = host {
        return Cell::NotMeasured(because);
    }
    let same = |other: &Vantage| host.get().is_some() && look(other, "host") == host && look(other, "port") != port;
    let mut others = topology.paths.iter().filter(|other| same(&other.vantage)).peekable();
    if others.peek().is_none() {
        return Cell::not_measured(Because::new(Reason::NotPlanned, "no path asks another port of this host"));
    }
    let author = |at: &Vantage| facts.look("http", at, &[("probe", "health"), ("address", "named")], "author");
    let answering = others.filter(|other| author(&other.vantage).is("gateway")).map(|other| other.kind);
    Cell::maybe(answering.max_by_key(|kind| (*kind == path.kind, *kind)).map(Kind::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_client_takes_what_it_was_read_to_take() {
        for (scheme, host, expected) in [
            ("wss", "gw.example", Client::Takes),
            ("unix", "/run/gw", Client::Takes),
            ("ws", "127.0.0.1", Client::Takes),
            ("ws", "::1", Client::Takes),
            ("ws", "localhost", Client::Takes),
            ("ws", "10.0.0.5", Client::TakesLately),
            ("ws", "100.64.0.9", Client::TakesLately),
            ("ws", "fd00::1", Client::TakesLately),
            ("ws", "box.local", Client::TakesLately),
            ("ws", "Gw.Tail1234.TS.net.", Client::TakesLately),
            ("ws", "gw.example", Client::Refuses),
            ("ws", "203.0.113.5", Client::Refuses),
            ("ws", "box", Client::Refuses),
        ] {
            assert_eq!(client(scheme, host, false), expected, "{scheme} {host}");
        }
    }

    #[test]
    fn broken_glass_lets_names_through_and_no_public_address() {
        for (host, expected) in [
            ("gw.example", Client::ToldTo),
            ("box", Client::ToldTo),
            ("203.0.113.5", Client::Refuses),
            ("box.local", Client::TakesLately),
            ("localhost", Client::Takes),
        ] {
            assert_eq!(client("ws", host, true), expected, "{host}");
        }
    }
}
