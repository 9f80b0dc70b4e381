//! Front matter: TOML between two `+++` lines, above the rest of a file.

use super::reader::{Said, Section, Source};
use crate::complaint::Complaint;

/// The line above and below front matter.
const FENCE: &str = "+++";

/// Splits a file into its front matter and what stands beneath; `first` is the advice to whoever wrote none.
///
/// # Errors
/// A complaint about front matter that does not begin or does not end.
pub fn split<'a>(name: &'a str, text: &'a str, first: &str) -> Result<(Source<'a>, &'a str), Complaint> {
    let whole = Source::whole(name, text);
    let open = text.strip_prefix(FENCE).and_then(|rest| rest.strip_prefix('\n').or_else(|| rest.strip_prefix("\r\n")));
    let line = 0..text.lines().next().unwrap_or_default().len();
    let body = open.ok_or_else(|| {
        let complaint = whole.complain("this file begins with front matter", line.clone(), "expected `+++`");
        complaint.help(first)
    })?;
    let base = text.len() - body.len();
    let close = body.match_indices("\n+++").map(|(at, _)| base + at + 1).find(|at| {
        let after = &text[at + FENCE.len()..];
        after.is_empty() || after.starts_with(['\n', '\r'])
    });
    let end = close.ok_or_else(|| whole.complain("the front matter has no end", line, "no second `+++` line follows"))?;
    Ok((Source { base, end, ..whole }, &text[end + FENCE.len()..]))
}

/// What a Markdown file of the shelf is about, by the key that only one kind has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A row.
    Symptom,
    /// A pattern.
    Pattern,
    /// An answer.
    Answer,
}

/// The kind of a file; one that does not parse is read as a row, whose reader says what is wrong.
pub fn kind(name: &str, text: &str) -> Kind {
    let Ok((source, _)) = split(name, text, "") else { return Kind::Symptom };
    let Ok(tree) = source.parse() else { return Kind::Symptom };
    let root = Section::root(source, &tree, "a file");
    match (root.get("pattern"), root.get("answer")) {
        (Some(_), _) => Kind::Pattern,
        (None, Some(_)) => Kind::Answer,
        (None, None) => Kind::Symptom,
    }
}

/// Checks that a file is called what it is about.
///
/// # Errors
/// A complaint that says the name it is to have.
pub fn named(file: &str, name: &str, said: &Said<'_>) -> Result<(), Complaint> {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let wanted = format!("{name}.md");
    if last == wanted {
        return Ok(());
    }
    Err(said.complain(format!("this file is to be named {wanted}"), format!("the file is named {last}")))
}
