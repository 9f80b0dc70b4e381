//! What was not measured, why, and how to measure it: silence is not a verdict.

use super::Report;
use super::cause::{self, Told};
use super::finding::codes;
use super::grid::{several_sites, shown};
use super::style::Style;
use super::table::row;
use super::ways;
use crate::facts::value::{Because, Cell, Reason};
use crate::judge::verdict::Undecided;

/// The `not measured` lines; empty when everything was.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let lacks = report.recording.head.plan.lacks.iter();
    let mut pieces: Vec<String> = lacks.map(|l| format!("no {} path (add {})", l.kind, l.flag)).collect();
    pieces.extend(rows(report));
    pieces.extend(unseen(report));
    pieces.extend(http3(report));
    if pieces.is_empty() {
        return String::new();
    }
    row("not measured", &pieces.join(" · "), style)
}

/// Where HTTP/3 is offered: every request of ours goes by TCP.
fn http3(report: &Report<'_>) -> Option<String> {
    let places: Vec<String> = ways::offers_http3(report).map(|path| shown(&path.vantage, several_sites(report))).collect();
    (!places.is_empty()).then(|| format!("HTTP/3 at {} (offered by Alt-Svc: seen, not measured)", places.join(", ")))
}

/// Undecided rows that nothing else explains, gathered by their reason.
fn rows(report: &Report<'_>) -> Vec<String> {
    let several = several_sites(report);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let open = report.judgement.verdict.undecided.iter().filter(|u| u.beneath.is_none() && u.layer.is_some());
    for row in open {
        let told = cause::told(&row.reason, report);
        match groups.iter_mut().find(|g| g.told == told && g.required == row.required) {
            Some(group) => group.rows.push(row),
            None => groups.push(Group { told, required: row.required, rows: vec![row] }),
        }
    }
    // What decides the exit code comes first.
    groups.sort_by_key(|group| !group.required);
    groups.iter().map(|group| group.words(several)).collect()
}

/// Undecided rows of one reason.
struct Group<'a> {
    told: Told,
    required: bool,
    rows: Vec<&'a Undecided>,
}

impl Group<'_> {
    fn words(&self, several: bool) -> String {
        let mut places: Vec<String> = Vec::new();
        for place in self.rows.iter().filter_map(|row| row.vantages.first()).map(|v| shown(v, several)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let codes = codes(self.rows.iter().map(|row| row.code.as_str()));
        // A row that applies to no planned path has no place.
        let at = if places.is_empty() { String::new() } else { format!(" at {}", places.join(", ")) };
        let why = self.told.words(self.rows.iter().map(|row| &row.reason));
        format!("{codes}{at} ({why})")
    }
}

/// What this user on this system cannot see at all, whether a row asks for it or not: `listener owner (not permitted; …)`.
fn unseen(report: &Report<'_>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for sheet in report.judgement.facts.sheets() {
        for row in &sheet.rows {
            for (field, cell) in &row.cells {
                let Cell::NotMeasured(because) = cell else { continue };
                if because.reason == Reason::NotPermitted {
                    let piece = format!("{} {field} ({})", sheet.table, why(because, report));
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
pub fn why(because: &Because, report: &Report<'_>) -> String {
    cause::told(because, report).words([because])
}

/// What a person can do about a reason.
pub(super) fn way_out(reason: Reason) -> Option<&'static str> {
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
