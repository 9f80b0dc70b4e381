//! A finding for people: what was observed, what was expected, what follows, what to do first.

use super::Report;
use super::advice;
use super::grid::{several_sites, shown, tone};
use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::text::{columns, tame};
use crate::code::Certainty;
use crate::judge::verdict::Finding;
use crate::shelf::answer;

/// Blanks before a finding's sentences: as wide as `proven` and a gap.
const INDENT: usize = 8;

/// A root, its sentences, and one line for each of its consequences.
pub fn render(root: &Finding, report: &Report<'_>, style: &Style) -> String {
    let body = Table { header: Vec::new(), rows: sentences(root, report) };
    let width = style.reading_width().saturating_sub(INDENT as u16);
    let indent = " ".repeat(INDENT);
    let lines = body.wrapped(width, 2).lines().map(|line| format!("{indent}{line}\n")).collect::<String>();
    // Commands are never wrapped: they are there to be pasted.
    let commands = root.commands.iter().map(|c| format!("{indent}run        {}\n", tame(c))).collect::<String>();
    let answers = answer::of_code(report.shelf, &root.code).map(|a| format!(", answer:{}", a.name)).collect::<String>();
    let advice = advice::on(root, report).map(|product| format!("{indent}set up     clawprobe advise {product}\n"));
    let advice = advice.unwrap_or_default();
    let more = format!("{indent}more       clawprobe explain {}{answers}\n", root.code);
    format!("{}\n{lines}{commands}{advice}{more}", title(root, report, style))
}

fn title(root: &Finding, report: &Report<'_>, style: &Style) -> String {
    let places: Vec<String> = root.vantages.iter().map(|v| shown(v, several_sites(report))).collect();
    let muted = root.muted.as_ref().map(|why| format!("   muted: {}", tame(why))).unwrap_or_default();
    let right = format!("{}   {}{muted}", places.join(" "), root.severity);
    let left = format!("{}  {}  {}", root.certainty, root.code, root.title);
    let certainty = match root.certainty {
        Certainty::Proven => tone(root.severity),
        Certainty::Suspected => Tone::Warn,
    };
    let painted = format!(
        "{}  {}  {}",
        style.paint(certainty, root.certainty.as_str()),
        style.paint(Tone::Strong, root.code.as_str()),
        root.title
    );
    let (width, left, own) = (usize::from(style.width), columns(&left), columns(&right));
    match width.checked_sub(left + own) {
        Some(room) if room >= 3 => format!("{painted}{}{right}", " ".repeat(room)),
        _ => format!("{painted}\n{}{right}", " ".repeat(width.saturating_sub(own))),
    }
}

fn sentences(root: &Finding, report: &Report<'_>) -> Vec<Vec<Cell>> {
    let line = |label: &str, text: &str| vec![Cell::plain(label), Cell::plain(text)];
    let mut lines = vec![
        line("observed", &root.observed),
        line("expected", &root.expected),
        line("therefore", &root.therefore),
        line("do first", &root.first_response),
    ];
    let verdict = &report.judgement.verdict;
    if root.certainty == Certainty::Suspected && report.shelf.symptom(&root.code).is_some_and(|s| s.lead.is_some()) {
        lines.push(line("unproven", "Only the lead could be decided; a run that sees both ends proves or clears it."));
    }
    let folded = verdict.findings.iter().filter(|f| f.explained_by.first() == Some(&root.id));
    lines.extend(folded.map(|f| {
        let places: Vec<String> = f.vantages.iter().map(|v| shown(v, several_sites(report))).collect();
        line("folded", &format!("{} {} ({})", f.code, f.title, places.join(" ")))
    }));
    let blocked: Vec<&str> =
        verdict.undecided.iter().filter(|u| u.beneath.as_ref() == Some(&root.id)).map(|u| u.code.as_str()).collect();
    if !blocked.is_empty() {
        lines.push(line("blocked", &codes(blocked)));
    }
    lines
}

/// More codes than this are told by their families.
const MANY: usize = 4;

/// Codes, each once: `WS-01, WS-02, AUTH-02`; many of them by family: `12 rows of WS, AUTH`.
pub fn codes<'a>(all: impl IntoIterator<Item = &'a str>) -> String {
    let mut rows = 0;
    let mut seen: Vec<&str> = Vec::new();
    for code in all {
        rows += 1;
        if !seen.contains(&code) {
            seen.push(code);
        }
    }
    if seen.len() <= MANY {
        return seen.join(", ");
    }
    let mut families: Vec<&str> = Vec::new();
    for family in seen.iter().filter_map(|code| code.rsplit_once('-')).map(|(family, _)| family) {
        if !families.contains(&family) {
            families.push(family);
        }
    }
    format!("{rows} rows of {}", families.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_codes_are_told_one_by_one_and_many_by_family() {
        assert_eq!(codes(["WS-01", "WS-02", "WS-01"]), "WS-01, WS-02");
        assert_eq!(codes(["WS-01", "WS-02", "X-EDGE-01", "AUTH-02", "WS-01", "WS-03"]), "6 rows of WS, X-EDGE, AUTH");
    }
}
