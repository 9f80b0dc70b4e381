//! Roles of sites and classes of paths.

use crate::facts::sheet::{Row, Sheet};
use crate::facts::store::Facts;
use crate::facts::tables::path::{PATH, Scheme};
use crate::facts::tables::site::SITE;
use crate::facts::value::{Cell, Reason, Value};
use crate::path::{Class, Kind, Path, Role, Site, Topology, Vantage};
use crate::plan::Plan;

/// Settles the topology of a plan by what was seen, and writes `path.class` and `site.role`.
pub fn settle(facts: &mut Facts, plan: &Plan) -> Topology {
    let mut paths: Vec<Path> = plan.paths().cloned().collect();
    for path in &mut paths {
        path.class = class(facts, path);
    }
    let mut names = vec![plan.site.clone()];
    for path in &paths {
        if !names.contains(&path.vantage.site) {
            names.push(path.vantage.site.clone());
        }
    }
    let sites: Vec<Site> = names.into_iter().map(|name| Site { role: role(facts, &name, &paths), name }).collect();
    for path in &paths {
        let mut row = only_row(facts, PATH.name, &path.vantage);
        row.put("class", Cell::value(path.class.as_str()));
        row.put("dialled", dialled(&row));
        row.put("url", url(&row));
        row.put("usual-url", usual_url(&row));
        replace(facts, Sheet { rows: vec![row], ..Sheet::new(&PATH, &path.vantage) });
    }
    for site in &sites {
        let vantage = Vantage::site(&site.name);
        let mut row = only_row(facts, SITE.name, &vantage);
        row.put("role", Cell::value(site.role.as_str()));
        replace(facts, Sheet { rows: vec![row], ..Sheet::new(&SITE, &vantage) });
    }
    Topology { sites, paths }
}

fn only_row(facts: &Facts, table: &str, vantage: &Vantage) -> Row {
    facts.rows(table, Some(vantage)).0.first().cloned().unwrap_or(Row { key: Vec::new(), cells: Vec::new() })
}

fn replace(facts: &mut Facts, sheet: Sheet) {
    facts.take(&sheet.table, sheet.vantage.as_ref());
    facts.add(sheet);
}

/// Host and port in one, or the socket's file.
fn dialled(row: &Row) -> Cell {
    let cell = |name: &str| row.cell(name).cloned().unwrap_or(Cell::not_measured(Reason::NotPlanned));
    match (cell("scheme"), cell("host"), cell("port")) {
        (scheme, Cell::Value { value }, _) if scheme.is(Scheme::Unix.as_str()) => Cell::value(format!("unix:{value}")),
        (_, Cell::Value { value: Value::Text(host) }, Cell::Value { value: port }) if host.contains(':') => {
            Cell::value(format!("[{host}]:{port}"))
        }
        (_, Cell::Value { value: host }, Cell::Value { value: port }) => Cell::value(format!("{host}:{port}")),
        (_, host, _) => host,
    }
}

/// What is dialled as a URL of HTTP.
fn url(row: &Row) -> Cell {
    let cell = |name: &str| row.cell(name).cloned().unwrap_or(Cell::not_measured(Reason::NotPlanned));
    match (cell("scheme"), cell("dialled")) {
        (scheme, _) if scheme.is(Scheme::Unix.as_str()) => Cell::Absent,
        (Cell::Value { value: scheme }, Cell::Value { value: dialled }) => {
            let http = if scheme == Value::from(Scheme::Wss.as_str()) { "https" } else { "http" };
            Cell::value(format!("{http}://{dialled}"))
        }
        (Cell::Value { .. }, unknown) | (unknown, _) => unknown,
    }
}

/// The host as a URL without a port.
fn usual_url(row: &Row) -> Cell {
    let cell = |name: &str| row.cell(name).cloned().unwrap_or(Cell::not_measured(Reason::NotPlanned));
    match (cell("scheme"), cell("host")) {
        (scheme, _) if scheme.is(Scheme::Unix.as_str()) => Cell::Absent,
        (_, Cell::Value { value: host }) => Cell::value(format!("https://{}", bracketed(&host.to_string()))),
        (_, unknown) => unknown,
    }
}

/// A host as it stands before a port or a path: an IPv6 address in brackets.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// The kind's class, unless the loopback listener that is dialled belongs to `ssh`: then it is a tunnel's end.
///
/// A container's port forwarder is not counted as an edge: it hands on bytes on the gateway's own machine.
fn class(facts: &Facts, path: &Path) -> Class {
    if path.kind != Kind::Local {
        return path.kind.class();
    }
    let site = path.vantage.at_site();
    let (dialled, _) = facts.rows("tcp", Some(&path.vantage));
    let (listeners, _) = facts.rows("listener", Some(&site));
    let named = |row: &&Row| row.cell("named").and_then(Cell::get) == Some(&Value::Bool(true));
    let ssh = dialled.iter().filter(named).any(|tcp| {
        listeners.iter().any(|l| {
            l.key("port") == tcp.key("port")
                && l.key("address") == tcp.key("address")
                && l.cell("owner").is_some_and(|owner| owner.is("ssh"))
        })
    });
    if ssh { Class::Edge } else { Class::Direct }
}

/// A gateway host dials one of its own addresses or a Unix socket by a direct path, and its settings do not say remote mode.
fn role(facts: &Facts, site: &str, paths: &[Path]) -> Role {
    let direct = paths.iter().filter(|p| p.vantage.site == site && p.class == Class::Direct);
    let unix = direct.clone().any(|p| facts.look(PATH.name, &p.vantage, &[], "scheme").is(Scheme::Unix.as_str()));
    let own: Vec<bool> = direct
        .flat_map(|p| facts.rows("tcp", Some(&p.vantage)).0)
        .filter(|row| row.cell("named").and_then(Cell::get) == Some(&Value::Bool(true)))
        .filter_map(|row| match row.cell("own").and_then(Cell::get) {
            Some(Value::Bool(own)) => Some(*own),
            _ => None,
        })
        .collect();
    let applies_remote = facts.look("config", &Vantage::site(site), &[], "mode").is("remote");
    match (unix || own.contains(&true), own.contains(&false)) {
        (true, _) if !applies_remote => Role::GatewayHost,
        (_, true) => Role::Client,
        _ => Role::Unknown,
    }
}
