//! What the guides say, for `explain` and for its generated page: patterns and answers.

use std::fmt::Write as _;

use super::explain::{flow, section};
use super::listing::{GAP, line, listing};
use crate::complaint::Complaint;
use crate::report::table::Table;
use crate::shelf::Shelf;
use crate::shelf::answer::{self, Answer};
use crate::shelf::pattern::{self, FIELDS, Pattern};

/// What `explain` prints for `pattern`, `pattern:NAME`, `answer` and `answer:NAME`; nothing for other words.
pub(super) fn text(shelf: &Shelf, typed: &str, width: u16) -> Option<Result<String, Complaint>> {
    let unknown = |name: &str, what: &str, help: String| {
        Complaint::new(format!("there is no {what} `{name}`")).flag("explain", typed, format!("unknown {what}")).help(help)
    };
    match typed.split_once(':').map_or((typed, None), |(kind, name)| (kind, Some(name.trim()))) {
        ("pattern" | "patterns", None) => Some(Ok(patterns(shelf, width))),
        ("answer" | "answers", None) => Some(Ok(answers(shelf, width))),
        ("pattern", Some(name)) => {
            let known = pattern::known(shelf, name).map_err(|help| unknown(name, "pattern", help));
            Some(known.map(|pattern| one_pattern(shelf, pattern, width)))
        }
        ("answer", Some(name)) => {
            let known = answer::known(shelf, name).map_err(|help| unknown(name, "answer", help));
            Some(known.map(|answer| one_answer(shelf, answer, width)))
        }
        _ => None,
    }
}

fn patterns(shelf: &Shelf, width: u16) -> String {
    let rows = shelf.patterns.iter().map(|p| line(&[&p.name, &p.title, p.field("best-when")]));
    let table = listing(&["pattern", "what it is", "best when…"], rows).wrapped(width, GAP);
    table + "\n`clawprobe explain pattern:NAME` shows one.\n"
}

fn answers(shelf: &Shelf, width: u16) -> String {
    let rows = shelf.answers.iter().map(|a| line(&[&a.name, &a.question]));
    let table = listing(&["answer", "question"], rows).wrapped(width, GAP);
    table + "\n`clawprobe explain answer:NAME` shows one; words find them as well.\n"
}

fn one_pattern(shelf: &Shelf, pattern: &Pattern, width: u16) -> String {
    let mut out = format!("{}  {}\n\n", pattern.name, pattern.title);
    let said = FIELDS.iter().map(|(key, heading)| line(&[heading, pattern.field(key)]));
    out += &listing(&[], said).wrapped(width, GAP);
    prose(&mut out, pattern.page.prose(), width);
    let asked = shelf.answers.iter().filter(|a| a.patterns.contains(&pattern.name));
    let mut rows: Vec<Vec<String>> =
        pattern.advise.iter().map(|p| line(&["configuration", &format!("clawprobe advise {p}")])).collect();
    rows.extend(asked.map(|a| line(&["answer", &format!("answer:{}  {}", a.name, a.question)])));
    origin(&mut rows, &pattern.requirements, &pattern.references, &format!("{} {}", pattern.origin, pattern.digest));
    rows.extend(pattern.provenance.iter().map(|(field, by)| line(&["", &format!("{field} set by {by}")])));
    out + "\n" + &listing(&[], rows).wrapped(width, GAP)
}

fn one_answer(shelf: &Shelf, answer: &Answer, width: u16) -> String {
    let mut out = format!("{}\n\n{}", answer.question, flow(&answer.short, width));
    prose(&mut out, answer.page.prose(), width);
    let title = |code: &crate::code::Code| match (shelf.symptom(code), shelf.later.get(code)) {
        (Some(row), _) => row.title.clone(),
        (None, Some(later)) => format!("{} (no row yet)", later.title),
        (None, None) => String::new(),
    };
    let mut rows: Vec<Vec<String>> = answer.codes.iter().map(|c| line(&["row", &format!("{c}  {}", title(c))])).collect();
    rows.extend(answer.patterns.iter().map(|p| line(&["pattern", &format!("pattern:{p}")])));
    origin(&mut rows, &answer.requirements, &answer.references, &format!("{} {}", answer.origin, answer.digest));
    rows.extend(answer.provenance.iter().map(|(field, by)| line(&["", &format!("{field} set by {by}")])));
    out + "\n" + &listing(&[], rows).wrapped(width, GAP)
}

fn prose(out: &mut String, parts: Vec<(&str, &str)>, width: u16) {
    for (heading, text) in parts {
        match heading {
            "" => {
                let _ = write!(out, "\n{}", flow(text, width));
            }
            _ => section(out, heading, &flow(text, width)),
        }
    }
}

fn origin(rows: &mut Vec<Vec<String>>, requirements: &[String], references: &[String], file: &str) {
    rows.push(line(&["requirements", &requirements.join(", ")]));
    rows.push(line(&["sources", &references.join(", ")]));
    rows.push(line(&["file", file]));
    rows.retain(|row| !row[1].is_empty());
}

/// The generated page of patterns and answers: `reports/PATTERNS.md`.
pub fn markdown(shelf: &Shelf) -> String {
    let mut out = String::from(
        "# Ways to reach a gateway from elsewhere\n\nGenerated from `matrices/patterns` and `matrices/answers`; a test rewrites this \
         page when it is stale. `clawprobe explain pattern:NAME` shows one on the terminal.\n",
    );
    let mut comparisons: Vec<&str> = shelf.patterns.iter().flat_map(|p| p.compared_in.iter().map(String::as_str)).collect();
    comparisons.sort_unstable();
    comparisons.dedup();
    for comparison in comparisons {
        let among: Vec<&Pattern> = shelf.patterns.iter().filter(|p| p.compared_in.iter().any(|c| c == comparison)).collect();
        let _ = write!(out, "\n## {comparison}\n\n{}", compared(&among).markdown());
    }
    let _ = write!(out, "\n## All of them\n\n{}", compared(&shelf.patterns.iter().collect::<Vec<_>>()).markdown());
    out += "\n## Questions\n\n";
    let rows = shelf.answers.iter().map(|a| {
        let codes = a.codes.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
        line(&[&format!("[{}](../matrices/answers/{}.md)", a.question, a.name), &a.short, &codes])
    });
    out + &listing(&["question", "in short", "rows"], rows).markdown()
}

/// Patterns side by side: a column each, a line for whatever is compared.
fn compared(patterns: &[&Pattern]) -> Table {
    let link = |p: &Pattern| format!("[{}](../matrices/patterns/{}.md)", p.title, p.name);
    let header: Vec<String> = [String::new()].into_iter().chain(patterns.iter().map(|p| link(p))).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let rows = FIELDS.iter().map(|(key, heading)| {
        [(*heading).to_owned()].into_iter().chain(patterns.iter().map(|p| p.field(key).to_owned())).collect::<Vec<_>>()
    });
    listing(&header, rows)
}
