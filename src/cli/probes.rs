//! `probes`: the named uses of primitives, and the generated page about them.

use super::listing::{GAP, line, listing};
use crate::complaint::{Complaint, meant};
use crate::facts::dictionary::PRIMITIVES;
use crate::facts::value::{Value, show_ms};
use crate::path::Kind;
use crate::report::table::Table;
use crate::shelf::Shelf;
use crate::shelf::probe::Probe;

/// All probes, or one with everything its file says.
///
/// # Errors
/// A complaint about a probe that has no file.
pub fn text(shelf: &Shelf, id: Option<&str>, width: u16) -> Result<String, Complaint> {
    let Some(id) = id else { return Ok(all(shelf).wrapped(width, GAP) + "\n`clawprobe probes ID` shows one.\n") };
    match shelf.probe(id) {
        Some(probe) => Ok(one(shelf, probe, width)),
        None => {
            let complaint = Complaint::new(format!("there is no probe `{id}`")).flag("probes", id, "unknown probe");
            let known = shelf.probes.iter().map(|p| p.id.as_str());
            Err(complaint.help(meant(id, known, "`clawprobe probes` lists every probe")))
        }
    }
}

fn all(shelf: &Shelf) -> Table {
    let rows = shelf.probes.iter().map(|p| line(&[&p.id, &deadline(p), &asked(p), &p.summary]));
    listing(&["probe", "deadline", "asks", "what it does"], rows)
}

fn one(shelf: &Shelf, probe: &Probe, width: u16) -> String {
    let tables = PRIMITIVES.iter().filter(|p| p.name == probe.primitive).flat_map(|p| p.tables);
    let tables: Vec<String> = tables.map(|t| super::facts::shape(t)).collect();
    let with: Vec<String> = probe.with.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let matrices = shelf.matrices.iter().filter(|m| m.probes.contains(&probe.id)).map(|m| m.name.as_str());
    let lines = [
        ("primitive", probe.primitive.clone()),
        ("with", with.join(", ")),
        ("asks", asked(probe)),
        ("needs", probe.needs.join(", ")),
        ("deadline", deadline(probe)),
        ("sockets", probe.sockets.to_string()),
        ("connections", connections(probe)),
        ("methods", probe.methods.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(", ")),
        ("headers", probe.headers.join(", ")),
        ("credential", if probe.credential { "may be sent" } else { "never sent" }.to_owned()),
        ("fills", tables.join(", ")),
        ("matrices", matrices.collect::<Vec<_>>().join(", ")),
    ];
    let rows = lines.iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| line(&[*label, text]));
    format!("{}\n{}\n\n{}", probe.id, probe.summary, listing(&[], rows).wrapped(width, GAP))
}

fn connections(probe: &Probe) -> String {
    let families = if probe.families { ", for each loopback family of a local path" } else { "" };
    format!("{}{families}", probe.connections)
}

fn deadline(probe: &Probe) -> String {
    match Value::duration(probe.deadline) {
        Value::Ms(ms) => show_ms(ms),
        other => other.to_string(),
    }
}

fn asked(probe: &Probe) -> String {
    let kinds = match probe.paths.len() {
        0 => return "the site".to_owned(),
        n if n == Kind::ALL.len() => "every path".to_owned(),
        _ => probe.paths.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", "),
    };
    match &probe.schemes[..] {
        [] => kinds,
        schemes => format!("{kinds} by {}", schemes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(" or ")),
    }
}

/// The generated page of probes, primitives and tables: `reports/PROBES.md`.
pub fn markdown(shelf: &Shelf) -> String {
    let primitives = PRIMITIVES.iter().map(|p| {
        let tables: Vec<String> = p.tables.iter().map(|t| super::facts::shape(t)).collect();
        line(&[p.name, &tables.join(", "), p.doc])
    });
    let primitives = listing(&["primitive", "fills", "what it does"], primitives).markdown();
    format!(
        "# Probes\n\nGenerated from `probes/` and from what the primitives declare; a test rewrites this page when it is stale.\n\n\
         {}\n## Primitives\n\n{primitives}",
        all(shelf).markdown()
    )
}
