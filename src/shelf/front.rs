//! Front matter: TOML between two `+++` lines, above the rest of a file.

use super::reader::Source;
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
