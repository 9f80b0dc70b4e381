//! `explain`: every code, one code, a pattern, an answer, or what words lead to.

use std::fmt::Write as _;

use super::guides;
use super::listing::{GAP, line, listing};
use crate::code::{Code, Layer};
use crate::complaint::Complaint;
use crate::openclaw::close::meaning;
use crate::proof::maturity;
use crate::report::table::Table;
use crate::shelf::check::near;
use crate::shelf::search::{Found, Hit, search};
use crate::shelf::symptom::Symptom;
use crate::shelf::{Shelf, answer};

/// How far the body of a page is set in.
const INDENT: usize = 2;

/// What `explain` prints for these words, set to a width.
///
/// # Errors
/// A complaint about a code that nobody knows, or about words that lead nowhere.
pub fn text(shelf: &Shelf, words: &[String], width: u16) -> Result<String, Complaint> {
    let typed = words.join(" ");
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(all(shelf, width));
    }
    if let Some(page) = guides::text(shelf, typed, width) {
        return page;
    }
    match typed.to_ascii_uppercase().parse::<Code>() {
        Ok(code) => one(shelf, &code, typed, width),
        Err(_) => found(shelf, typed, width),
    }
}

/// Every code with a row, by layer.
fn all(shelf: &Shelf, width: u16) -> String {
    let mut rows = Vec::new();
    let mut last: Option<Layer> = None;
    for symptom in &shelf.symptoms {
        let layer = if last == Some(symptom.layer) { "" } else { symptom.layer.as_str() };
        last = Some(symptom.layer);
        rows.push(line(&[layer, symptom.code.as_str(), symptom.severity.as_str(), &symptom.title]));
    }
    let count = format!(
        "\n{} codes. `clawprobe explain CODE` shows one; words and quoted error texts find them.\n\
                         `clawprobe explain pattern` compares the ways to reach a gateway; `clawprobe explain answer` lists questions.\n",
        rows.len()
    );
    listing(&["layer", "code", "severity", "title"], rows).wrapped(width, GAP) + &count
}

/// One page, or where a code without a row stands.
fn one(shelf: &Shelf, code: &Code, typed: &str, width: u16) -> Result<String, Complaint> {
    if let Some(symptom) = shelf.symptom(code) {
        return Ok(page(shelf, symptom, width));
    }
    if let Some(later) = shelf.later.get(code) {
        return Ok(format!(
            "{code}  {}\n\nThis code has a name and no row yet; it comes with the group `{}`.\n",
            later.title, later.group
        ));
    }
    let known = shelf.symptoms.iter().map(|s| &s.code).chain(shelf.later.keys()).map(Code::as_str);
    Err(Complaint::new(format!("there is no code {code}"))
        .flag("explain", typed, "unknown code")
        .help(near(code.as_str(), known)))
}

/// The rows that words lead to, the best first.
fn found(shelf: &Shelf, typed: &str, width: u16) -> Result<String, Complaint> {
    let hits = search(shelf, typed);
    let close = close_code(typed);
    if hits.is_empty() && close.is_none() {
        let complaint = Complaint::new("no row has these words").flag("explain", typed, "found nowhere");
        let known = shelf.symptoms.iter().map(|s| s.code.as_str());
        return Err(complaint.help(near(typed, known)));
    }
    let row = |hit: &Hit<'_>| {
        let (name, kind, title) = match hit.found {
            Found::Row(row) => (row.code.to_string(), row.layer.as_str(), row.title.clone()),
            Found::Answer(answer) => (format!("answer:{}", answer.name), "", format!("{} {}", answer.question, answer.short)),
            Found::Pattern(pattern) => (format!("pattern:{}", pattern.name), "", pattern.title.clone()),
            Found::Later(code, later) => (code.to_string(), "", format!("{} (no row yet)", later.title)),
        };
        let text = match hit.quote.filter(|_| matches!(hit.found, Found::Row(_))) {
            Some(line) => format!("{title}: {line}"),
            None => title,
        };
        line(&[&name, kind, &text])
    };
    Ok(listing(&[], hits.iter().map(row)).wrapped(width, GAP) + &close.unwrap_or_default())
}

/// What the gateway means by a WebSocket close code that stands among the words.
fn close_code(typed: &str) -> Option<String> {
    let numbers = typed.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u16>().ok());
    numbers.filter_map(|code| meaning(code).map(|doc| format!("close code {code}: {doc}\n"))).next()
}

/// The manual page of a row.
fn page(shelf: &Shelf, symptom: &Symptom, width: u16) -> String {
    let mut out = format!("{}  {}\n", symptom.code, symptom.title);
    let _ = writeln!(
        out,
        "{} · layer {} · plane {} · {} · since {}",
        symptom.name, symptom.layer, symptom.plane, symptom.severity, symptom.since
    );
    site_says(shelf, symptom, &mut out);
    for (heading, text) in symptom.page.prose() {
        section(&mut out, heading, &flow(text, width));
    }
    section(&mut out, "Holds when", &inset(&symptom.when.text, &format!("for each {}", symptom.each.text.trim())));
    if let Some(lead) = &symptom.lead {
        section(&mut out, "Suspected when that is unknown and", &inset(&lead.text, ""));
    }
    let cases = symptom.in_case.iter().map(|case| inset(&case.when.text, "") + &flow(&case.first.text, width));
    let cases = cases.collect::<Vec<_>>().join("\n");
    if !cases.is_empty() {
        section(&mut out, "To do first, by the first case that holds", &cases);
    }
    if let Some((_, fence)) = symptom.page.fences().into_iter().find(|(_, f)| f.starts_with("present")) {
        section(&mut out, "For example", &inset(fence.split_once('\n').map_or("", |(_, facts)| facts), ""));
    }
    out.push('\n');
    out + &around(shelf, symptom).wrapped(width, GAP)
}

/// What the site's overlays say about a row.
fn site_says(shelf: &Shelf, symptom: &Symptom, out: &mut String) {
    if let Some(ticket) = shelf.site.tickets.get(&symptom.code) {
        let _ = writeln!(out, "{}: {ticket}", shelf.site.name.as_deref().unwrap_or("this site"));
    }
    if let Some(mute) = shelf.mutes.iter().find(|m| m.code == symptom.code) {
        let until = mute.until.as_deref().map(|day| format!(" until {day}")).unwrap_or_default();
        let _ = writeln!(out, "muted{until} by {}: {}", mute.origin, mute.reason);
    }
    for (field, origin) in &symptom.provenance {
        let _ = writeln!(out, "{field} set by {origin}");
    }
}

/// The codes around a row, and where it comes from.
fn around(shelf: &Shelf, symptom: &Symptom) -> Table {
    let title = |code: &Code| match (shelf.symptom(code), shelf.later.get(code)) {
        (Some(other), _) => other.title.clone(),
        (None, Some(later)) => format!("{} (no row yet)", later.title),
        (None, None) => String::new(),
    };
    let mut rows = Vec::new();
    let mut list = |label: &str, lines: Vec<String>| {
        for (i, text) in lines.iter().enumerate() {
            rows.push(line(&[if i == 0 { label } else { "" }, text]));
        }
    };
    let codes = |codes: &[Code]| codes.iter().map(|c| format!("{c}  {}", title(c))).collect();
    list("looks like", codes(&symptom.lookalikes));
    list("explained by", codes(&symptom.explained_by));
    list("answers", answer::of_code(shelf, &symptom.code).map(|a| format!("answer:{}  {}", a.name, a.question)).collect());
    list("maturity", maturity::all().get(&symptom.code).map(ToString::to_string).into_iter().collect());
    list("fault", vec![symptom.fault.clone()].into_iter().filter(|text| !text.is_empty()).collect());
    list("no fault", vec![symptom.no_fault.clone()].into_iter().filter(|text| !text.is_empty()).collect());
    list("requirements", vec![symptom.requirements.join(", ")]);
    list("sources", vec![symptom.references.join(", ")]);
    list("file", vec![format!("{} {}", symptom.origin, symptom.digest)]);
    listing(&[], rows)
}

pub(super) fn section(out: &mut String, heading: &str, body: &str) {
    let _ = write!(out, "\n{heading}\n{body}");
}

/// Lines as they are, set in, under an optional first line.
fn inset(text: &str, first: &str) -> String {
    let lines = Some(first).filter(|l| !l.is_empty()).into_iter().chain(text.trim().lines());
    lines.map(|line| format!("{:INDENT$}{line}\n", "")).collect()
}

/// Markdown paragraphs broken anew to the width; code, lists and tables as they are.
pub(super) fn flow(text: &str, width: u16) -> String {
    let mut out = String::new();
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.starts_with("```");
        let own = fenced || fence || line.trim().is_empty() || line.starts_with(['-', '|', ' ', '*']);
        if own {
            wrap(&mut out, &std::mem::take(&mut paragraph), width);
            if !fence {
                let indent = if line.trim().is_empty() { 0 } else { INDENT };
                let _ = writeln!(out, "{:indent$}{}", "", line.trim_end());
            }
        } else {
            paragraph = if paragraph.is_empty() { line.to_owned() } else { format!("{paragraph} {line}") };
        }
        fenced ^= fence;
    }
    wrap(&mut out, &paragraph, width);
    out
}

fn wrap(out: &mut String, paragraph: &str, width: u16) {
    if !paragraph.is_empty() {
        let room = width.saturating_sub(INDENT as u16).max(20);
        *out += &inset(&listing(&[], [line(&[paragraph])]).wrapped(room, 0), "");
    }
}

/// The generated page of all codes: `reports/CODES.md`.
pub fn markdown(shelf: &Shelf) -> String {
    let proven = maturity::all();
    let rows = shelf.symptoms.iter().map(|s| {
        let maturity = proven.get(&s.code).map_or("", |entry| entry.maturity.as_str());
        let file = format!("../matrices/symptoms/{}/{}-{}.md", s.code.family(), s.code, s.name);
        let link = format!("[{}]({file})", s.code);
        line(&[&link, s.layer.as_str(), s.plane.as_str(), s.severity.as_str(), maturity, &s.title])
    });
    let table = listing(&["code", "layer", "plane", "severity", "maturity", "title"], rows).markdown();
    let later = shelf.later.iter().map(|(code, later)| line(&[code.as_str(), &later.group, &later.title]));
    let names = listing(&["code", "group", "title"], later).markdown();
    format!(
        "# Codes\n\nGenerated from `matrices/`; a test rewrites this page when it is stale.\n\n{table}\n\
         ## Names without a row yet\n\n{names}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_code_among_the_words_is_explained() {
        assert!(
            close_code("disconnected (1013): gateway starting")
                .is_some_and(|text| text.contains("1013") && text.contains("starting"))
        );
        assert_eq!(close_code("gateway closed (1006)"), None, "1006 is never sent");
    }
}
