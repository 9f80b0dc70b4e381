//! What was not measured, why, and how to measure it: silence is not a verdict.

use super::Report;
use super::finding::codes;
use super::grid::{several_sites, shown};
use super::style::Style;
use super::table::row;
use super::text::tame;
use crate::facts::value::{Because, Cell, Reason};
use crate::judge::verdict::Undecided;

/// The `not measured` lines; empty when everything was.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let lacks = report.recording.head.plan.lacks.iter();
    let mut pieces: Vec<String> = lacks.map(|l| format!("no {} path (add {})", l.kind, l.flag)).collect();
    pieces.extend(rows(report));
    pieces.extend(unseen(report));
    if pieces.is_empty() {
        return String::new();
    }
    row("not measured", &pieces.join(" · "), style)
}

/// Undecided rows that fold beneath nothing, gathered by place and reason.
fn rows(report: &Report<'_>) -> Vec<String> {
    let several = several_sites(report);
    let mut groups: Vec<(String, &Because, bool, Vec<&str>)> = Vec::new();
    let open = report.judgement.verdict.undecided.iter().filter(|u| u.beneath.is_none() && u.layer.is_some());
    for row in open {
        let place = place(row, several);
        match groups.iter_mut().find(|(p, b, r, _)| *p == place && *b == &row.reason && *r == row.required) {
            Some((.., all)) => all.push(&row.code),
            None => groups.push((place, &row.reason, row.required, vec![&row.code])),
        }
    }
    // What decides the exit code comes first.
    groups.sort_by_key(|(_, _, required, _)| !required);
    groups.iter().map(|(place, because, _, all)| format!("{}{place} ({})", codes(all), why(because))).collect()
}

fn place(row: &Undecided, several: bool) -> String {
    row.vantages.first().map(|v| format!(" at {}", shown(v, several))).unwrap_or_default()
}

/// What this user on this system cannot see at all, whether a row asks for it or not: `listener owner (not permitted; …)`.
fn unseen(report: &Report<'_>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for sheet in report.judgement.facts.sheets() {
        for row in &sheet.rows {
            for (field, cell) in &row.cells {
                let Cell::NotMeasured(because) = cell else { continue };
                if because.reason == Reason::NotPermitted {
                    let piece = format!("{} {field} ({})", sheet.table, why(because));
                    if !seen.iter().any(|s| s.split(' ').next() == piece.split(' ').next()) {
                        seen.push(piece);
                    }
                }
            }
        }
    }
    seen
}

/// A reason and the way out of it.
pub fn why(because: &Because) -> String {
    let text = tame(&because.to_string());
    match way_out(because.reason) {
        Some(way) => format!("{text}; {way}"),
        None => text,
    }
}

/// What a person can do about a reason.
fn way_out(reason: Reason) -> Option<&'static str> {
    match reason {
        Reason::NotPermitted => Some("run as the gateway's user or as root"),
        Reason::NoCredential => Some("add --token-file FILE or --password-file FILE"),
        Reason::Budget | Reason::Deadline => Some("raise --budget"),
        Reason::Interrupted => Some("run again"),
        Reason::Defect => Some("report it with the recording"),
        Reason::KeysDiffer => Some("record both sides under one marker"),
        Reason::NotPlanned | Reason::Unsupported | Reason::Blocked | Reason::Withheld | Reason::Truncated => None,
    }
}
