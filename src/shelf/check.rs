//! What can only be checked with the whole shelf at hand: that codes exist, and that explanations do not go in circles.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Shelf;
use super::reader::Source;
use super::symptom_file::Names;
use crate::code::Code;
use crate::complaint::Complaint;

/// Checks that every code a row names has a row or is to have one.
///
/// # Errors
/// A complaint at the first code that nobody knows.
pub fn names(shelf: &Shelf, names: &Names<'_>) -> Result<(), Complaint> {
    codes(shelf, names.source, &names.named)
}

/// The same for codes that stand in any file, each with its place.
///
/// # Errors
/// A complaint at the first code that nobody knows.
pub fn codes(shelf: &Shelf, source: Source<'_>, named: &[(Code, Range<usize>)]) -> Result<(), Complaint> {
    let known = |code: &Code| shelf.symptom(code).is_some() || shelf.later.contains_key(code);
    match named.iter().find(|(code, _)| !known(code)) {
        None => Ok(()),
        Some((code, span)) => {
            let complaint = source.complain(format!("there is no code {code}"), span.clone(), "unknown code");
            let all: BTreeSet<&Code> = shelf.symptoms.iter().map(|s| &s.code).chain(shelf.later.keys()).collect();
            Err(complaint.help(near(code.as_str(), all.into_iter().map(Code::as_str))))
        }
    }
}

/// Advice on an unknown code: a near one, or where to find them all.
pub fn near<'w>(typed: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    crate::complaint::meant(&typed.to_ascii_uppercase(), known, "`clawprobe explain` lists every code")
}

/// Checks that `explained-by` has no circle, the rows of overlays included.
///
/// # Errors
/// A complaint that prints the circle, with the place when one of these rows is part of it.
pub fn circles(shelf: &Shelf, all: &[Names<'_>]) -> Result<(), Complaint> {
    let Some(circle) = find_circle(shelf) else { return Ok(()) };
    let words = circle.iter().map(Code::as_str).collect::<Vec<_>>().join(" is explained by ");
    let title = format!("explanations go in a circle: {words}");
    let place = all.iter().find_map(|names| {
        let at = circle.iter().position(|code| *code == names.of)?;
        let next = circle.get(at + 1)?;
        let (_, span) = names.named.iter().find(|(code, _)| code == next)?;
        Some(names.source.complain(title.clone(), span.clone(), "this closes the circle"))
    });
    Err(place.unwrap_or_else(|| Complaint::new(title)))
}

/// The first circle of `explained-by`, from a code back to itself.
fn find_circle(shelf: &Shelf) -> Option<Vec<Code>> {
    let mut done = BTreeSet::new();
    shelf.symptoms.iter().find_map(|s| walk(shelf, &s.code, &mut Vec::new(), &mut done))
}

fn walk(shelf: &Shelf, at: &Code, way: &mut Vec<Code>, done: &mut BTreeSet<Code>) -> Option<Vec<Code>> {
    if let Some(start) = way.iter().position(|code| code == at) {
        return Some(way[start..].iter().chain([at]).cloned().collect());
    }
    if !done.insert(at.clone()) {
        return None;
    }
    way.push(at.clone());
    let next = shelf.symptom(at).map(|s| s.explained_by.as_slice()).unwrap_or_default();
    let found = next.iter().find_map(|code| walk(shelf, code, way, done));
    way.pop();
    found
}
