//! The grid: layers from the inside out against vantages.

use std::cmp::Reverse;

use super::Report;
use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::text::words;
use crate::code::{Layer, Severity};
use crate::facts::dictionary;
use crate::facts::schema::Type;
use crate::judge::verdict::{Finding, Undecided, Verdict};
use crate::path::Vantage;

/// The layers in the order of the walk.
const LAYERS: [Layer; 8] = [
    Layer::Listener,
    Layer::Loopback,
    Layer::Tailnet,
    Layer::Edge,
    Layer::Websocket,
    Layer::Auth,
    Layer::Control,
    Layer::Execution,
];

/// One judged instance as the grid sees it: from the lightest to the heaviest.
enum Mark<'a> {
    Clear { expected: bool },
    Undecided(&'a Undecided),
    Folded,
    Found(&'a Finding),
}

impl Mark<'_> {
    fn weight(&self) -> (u8, Option<(Severity, crate::code::Certainty)>) {
        match self {
            Self::Undecided(u) if !u.required && u.beneath.is_none() => (0, None),
            Self::Clear { expected: false } => (1, None),
            Self::Clear { expected: true } => (2, None),
            Self::Undecided(u) if u.beneath.is_none() => (3, None),
            Self::Undecided(_) | Self::Folded => (4, None),
            Self::Found(f) => (5, Some((f.severity, f.certainty))),
        }
    }

    fn cell(&self) -> Cell {
        match self {
            Self::Clear { expected: false } => Cell::new("ok", Tone::Good),
            Self::Clear { expected: true } => Cell::new("expected", Tone::Good),
            Self::Undecided(u) if u.beneath.is_some() => Cell::new("folded", Tone::Faint),
            Self::Undecided(u) => Cell::new(words(u.reason.reason.as_str()), Tone::Warn),
            Self::Folded => Cell::new("folded", Tone::Faint),
            Self::Found(f) => Cell::new(deciding(f), tone(f.severity)),
        }
    }
}

/// The tone of a weight.
pub fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Notice => Tone::Faint,
    }
}

/// The first label that decided a finding, in words; a row that no label decides goes by its name.
fn deciding(finding: &Finding) -> String {
    let label = finding.evidence.iter().find(|e| {
        let table = e.id.split(['@', '[', '.']).next().and_then(dictionary::table);
        let field = table.and_then(|t| e.id.rsplit('.').next().and_then(|name| t.field(name)));
        // What a path or a site is, is not what went wrong there.
        let told = table.is_some_and(|t| !matches!(t.name, "path" | "site"));
        told && matches!(field.map(|f| f.ty), Some(Type::Label(words)) if words.iter().any(|w| w.name == e.value))
    });
    words(label.map_or(finding.name.as_str(), |e| e.value.as_str()))
}

/// The name of a vantage in a report: the path alone while there is one site.
pub fn shown(vantage: &Vantage, several_sites: bool) -> String {
    match &vantage.path {
        Some(path) if !several_sites => path.clone(),
        _ => vantage.to_string(),
    }
}

/// Whether vantages have to be told apart by their sites.
pub fn several_sites(report: &Report<'_>) -> bool {
    report.judgement.topology.sites.len() > 1
}

/// All instances of a verdict with their layer and the vantage they are shown at.
fn marks(verdict: &Verdict) -> Vec<(Layer, &Vantage, Mark<'_>)> {
    let found = verdict.findings.iter().filter_map(|f| {
        let mark = if f.explained_by.is_empty() { Mark::Found(f) } else { Mark::Folded };
        Some((f.layer, f.vantages.first()?, mark))
    });
    let undecided = verdict.undecided.iter().filter_map(|u| Some((u.layer?, u.vantages.first()?, Mark::Undecided(u))));
    let clear = verdict.clear.iter().filter_map(|c| Some((c.layer, c.vantages.first()?, Mark::Clear { expected: c.expected })));
    found.chain(undecided).chain(clear).collect()
}

/// The grid on a terminal, in as many pieces as the width asks for; empty when nothing was judged.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let marks = marks(&report.judgement.verdict);
    let topology = &report.judgement.topology;
    let sites = topology.sites.iter().map(|s| Vantage::site(&s.name));
    let columns: Vec<Vantage> = sites
        .chain(topology.paths.iter().map(|p| p.vantage.clone()))
        .filter(|v| marks.iter().any(|(_, at, _)| *at == v))
        .collect();
    let rows: Vec<Layer> = LAYERS.into_iter().filter(|layer| marks.iter().any(|(l, _, _)| l == layer)).collect();
    let piece = |columns: &[Vantage]| Table {
        header: std::iter::once("layer".to_owned()).chain(columns.iter().map(|v| shown(v, several_sites(report)))).collect(),
        rows: rows.iter().map(|layer| line(*layer, columns, &marks, several_sites(report))).collect(),
    };
    pieces(&columns, &piece, style.width).iter().map(|table| table.terminal(style)).collect::<Vec<_>>().join("\n")
}

fn line(layer: Layer, columns: &[Vantage], marks: &[(Layer, &Vantage, Mark<'_>)], several_sites: bool) -> Vec<Cell> {
    let at = |vantage: &Vantage| {
        let here = marks.iter().filter(|(l, v, _)| *l == layer && *v == vantage).map(|(_, _, mark)| mark);
        // The first of the heaviest: findings are in the verdict's own order.
        here.min_by_key(|mark| Reverse(mark.weight())).map_or(Cell::new("·", Tone::Faint), Mark::cell)
    };
    let roots = marks.iter().filter_map(|(l, v, mark)| match mark {
        Mark::Found(f) if *l == layer && columns.contains(v) => Some(format!("{}@{}", f.code, shown(v, several_sites))),
        _ => None,
    });
    let roots: Vec<String> = roots.collect();
    let arrow = if roots.is_empty() { Cell::default() } else { Cell::new(format!("<- {}", roots.join(", ")), Tone::Strong) };
    let mut cells = vec![Cell::plain(layer.as_str())];
    cells.extend(columns.iter().map(at));
    cells.push(arrow);
    cells
}

/// As few tables as fit the width, each with at least one column.
fn pieces(columns: &[Vantage], table: &impl Fn(&[Vantage]) -> Table, width: u16) -> Vec<Table> {
    if columns.is_empty() {
        return Vec::new();
    }
    let fits = |n: &usize| table(&columns[..*n]).width() <= usize::from(width);
    let count = (1..=columns.len()).rev().find(fits).unwrap_or(1);
    let mut all = vec![table(&columns[..count])];
    all.extend(pieces(&columns[count..], table, width));
    all
}
