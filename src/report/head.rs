//! The head of a report for people: what was asked, from where, and what the deployment looks like.

use super::Report;
use super::advice;
use super::grid::{several_sites, shown};
use super::style::Style;
use super::table::row;
use super::text::{flow, tame, words};
use crate::facts::tables::deployment::Pattern;
use crate::facts::tables::site::ConfigState;
use crate::facts::value::show_ms;
use crate::facts::{Cell, Facts, Row, Value, derived};
use crate::path::{Class, Path, Role, Vantage};

/// The first lines: the run in one, then every path and where it leads.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let paths = paths(report);
    let paths = if paths.is_empty() { String::new() } else { row("paths", &paths.join(" · "), style) };
    let config = config(report).map(|line| row("config", &line, style)).collect::<String>();
    let added = added(report);
    let added = if added.is_empty() { String::new() } else { row("adds", &added.join(" · "), style) };
    format!("{}\n{paths}{added}{config}", flow(&run(report), "   ", 2, style.width))
}

fn run(report: &Report<'_>) -> Vec<String> {
    let (head, end) = (&report.recording.head, &report.recording.end);
    let mut pieces = vec![head.plan.matrix.clone(), tame(&head.target), from(report)];
    // Nobody is to take a world of our own for a gateway.
    pieces.extend(head.world.as_deref().map(|world| format!("no real gateway: {}", tame(world))));
    pieces.extend(deployment(report));
    // Rows of a site's own must not pass unseen: a foreign checkout could mute things.
    let overlays: Vec<String> = report.shelf.origins.iter().filter(|o| o.name != "builtin").map(|o| tame(&o.name)).collect();
    if !overlays.is_empty() {
        pieces.push(format!("overlay {}", overlays.join(", ")));
    }
    let interrupted = if end.interrupted { ", interrupted" } else { "" };
    pieces.push(format!("{} of {}{interrupted}", show_ms(end.duration_ms), show_ms(head.plan.budget_ms as f64)));
    pieces
}

/// Configuration files that were found and cannot be used: what stands in them did not count.
fn config<'a>(report: &'a Report<'_>) -> impl Iterator<Item = String> + 'a {
    report.judgement.topology.sites.iter().filter_map(|site| {
        let look = |field: &str| report.judgement.facts.look("config", &Vantage::site(&site.name), &[], field);
        let state = look("state");
        let how = match state.text()?.parse().ok()? {
            ConfigState::Found | ConfigState::Absent => return None,
            ConfigState::Binary => "is not text",
            ConfigState::Unreadable => "is unreadable",
            ConfigState::Empty => "is empty",
            ConfigState::Invalid => "is invalid",
        };
        let error = look("error").text().map(|error| format!(": {}", tame(error))).unwrap_or_default();
        let file = look("file").text().map_or_else(|| "the configuration file".to_owned(), tame);
        let whose = if several_sites(report) { format!("{}: ", site.name) } else { String::new() };
        Some(format!("{whose}{file} {how}{error}; not used"))
    })
}

fn from(report: &Report<'_>) -> String {
    let site = |s: &crate::path::Site| match s.role {
        Role::Unknown => s.name.clone(),
        role => format!("{} ({})", s.name, words(role.as_str())),
    };
    let sites: Vec<String> = report.judgement.topology.sites.iter().map(site).collect();
    format!("from {}", sites.join(" and "))
}

/// What the facts tell of the way the gateway is set up: release, container, Tailscale mode, edge products in front.
fn deployment(report: &Report<'_>) -> Vec<String> {
    let (facts, topology) = (&report.judgement.facts, &report.judgement.topology);
    let mut pieces = Vec::new();
    let releases = topology.paths.iter().filter_map(|p| text(facts, "connect", &p.vantage, "version"));
    pieces.extend(releases.map(|v| format!("OpenClaw {v}")).next());
    for site in &topology.sites {
        let at = Vantage::site(&site.name);
        if facts.look("site", &at, &[], "container").get() == Some(&Value::Bool(true)) {
            pieces.push("in a container".to_owned());
        }
        let told = |field: &str| text(facts, "deployment", &at, field);
        pieces.extend(told("mode").map(|mode| format!("mode: {}", words(&mode))));
        pieces.extend(told("tailscale").map(|mode| format!("Tailscale: {}", words(&mode))));
    }
    let mut patterns: Vec<String> = topology.paths.iter().filter_map(|p| text(facts, "path", &p.vantage, "pattern")).collect();
    patterns.retain(|pattern| pattern != Pattern::None.as_str());
    patterns.sort();
    patterns.dedup();
    if !patterns.is_empty() {
        pieces.push(format!("pattern: {}", patterns.iter().map(|p| words(p)).collect::<Vec<_>>().join(", ")));
    }
    let mut products: Vec<String> =
        topology.paths.iter().filter(|p| p.class == Class::Edge).filter_map(|p| advice::shown(facts, p)).collect();
    products.dedup();
    if !products.is_empty() {
        pieces.push(format!("{} in front", products.join(" and ")));
    }
    pieces
}

/// Every path: its address as named, where that came from, and the address really used when the name does not tell.
fn paths(report: &Report<'_>) -> Vec<String> {
    let facts = &report.judgement.facts;
    let one = |path: &Path| {
        let look = |field: &str| facts.look("path", &path.vantage, &[], field);
        let (host, used) = (look("host"), used(facts, path));
        let host = host.text().map(tame);
        let name = shown(&path.vantage, several_sites(report));
        let Some(host) = host else { return name };
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let url = match (look("scheme").text(), look("port").get()) {
            (Some("unix"), _) => format!("unix:{host}"),
            (scheme, Some(port)) => format!("{}://{bracketed}:{port}", scheme.unwrap_or("ws")),
            (scheme, None) => format!("{}://{bracketed}", scheme.unwrap_or("ws")),
        };
        let used = used.filter(|address| *address != host).map(|address| format!(" at {address}")).unwrap_or_default();
        format!("{name} {url}{used} ({})", look("origin"))
    };
    report.judgement.topology.paths.iter().map(one).collect()
}

/// What each path through an edge adds to the one further in that it was compared with.
fn added(report: &Report<'_>) -> Vec<String> {
    let facts = &report.judgement.facts;
    let (pairs, _) = facts.rows("pair", None);
    let one = |path: &Path, beside: &str| {
        let is = |row: &&Row, column: &str, name: &str| row.key(column).and_then(Value::as_text) == Some(name);
        let pair = pairs.iter().find(|row| is(row, "a", &path.vantage.to_string()) && is(row, "b", beside))?;
        let value = |field: &str| pair.cell(field).and_then(Cell::get);
        let (added, spread, count) = (value("added")?, value("spread")?, value("pairs")?);
        Some(format!("{added} to {} (median of {count} pairs, quartiles {spread} apart)", name(report, beside)))
    };
    let of_row = |path: &Path, row: &Row| {
        let beside = row.key("beside")?.as_text()?;
        let failed = match row.cell("failed").and_then(Cell::get) {
            Some(Value::Int(failed)) if *failed > 0 => Some(format!("{failed} requests the gateway did not answer")),
            _ => None,
        };
        let told: Vec<String> = one(path, beside).into_iter().chain(failed).collect();
        (!told.is_empty()).then(|| format!("{} {}", shown(&path.vantage, several_sites(report)), told.join("; ")))
    };
    let of_path = |path: &Path| {
        let (rounds, _) = facts.rows("rounds", Some(&path.vantage));
        rounds.iter().filter_map(|row| of_row(path, row)).collect::<Vec<_>>()
    };
    report.judgement.topology.paths.iter().flat_map(of_path).collect()
}

/// A vantage that stands in a fact, as people are told of it.
fn name(report: &Report<'_>, vantage: &str) -> String {
    vantage.parse().map_or_else(|_| tame(vantage), |vantage| shown(&vantage, several_sites(report)))
}

/// The address that was asked, of those that accepted.
fn used(facts: &Facts, path: &Path) -> Option<String> {
    let sheet = facts.sheet("tcp", Some(&path.vantage))?;
    sheet.rows[derived::asked(sheet)?].key("address").map(|a| tame(&a.to_string()))
}

fn text(facts: &Facts, table: &str, at: &Vantage, field: &str) -> Option<String> {
    facts.look(table, at, &[], field).text().map(tame)
}
