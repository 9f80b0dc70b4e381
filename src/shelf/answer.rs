//! An answer to a question that people ask again and again, one file each.

use std::collections::BTreeMap;
use std::ops::Range;

use super::page::Page;
use super::reader::{Said, Section, Source};
use super::symptom_file::{Named, codes, name, sentence};
use super::{Shelf, check, digest, front, pattern};
use crate::code::Code;
use crate::complaint::{Complaint, among};

const KEYS: &[&str] = &["answer", "question", "short", "codes", "patterns", "requirements", "references"];

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// As it is typed behind `answer:`.
    pub name: String,
    /// The question.
    pub question: String,
    /// The answer in a sentence or two.
    pub short: String,
    /// Rows that lead to the question.
    pub codes: Vec<Code>,
    /// Patterns it speaks of.
    pub patterns: Vec<String>,
    /// Seed requirement numbers.
    pub requirements: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// The answer at length.
    pub page: Page,
    /// The file that brought it: `builtin`, or an overlay's name.
    pub origin: String,
    /// Fields that another file set since, and which.
    pub provenance: BTreeMap<&'static str, String>,
    /// SHA-256 of the file, the first 8 hex digits.
    pub digest: String,
}

/// An answer, and what can only be checked with the whole shelf at hand.
pub struct Draft<'a> {
    /// The answer.
    pub answer: Answer,
    source: Source<'a>,
    codes: Vec<(Code, Range<usize>)>,
    patterns: Vec<(String, Range<usize>)>,
}

/// Reads an answer file.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read<'a>(file: &'a str, text: &'a str, origin: &str, page: impl FnOnce(&'a str) -> Page) -> Result<Draft<'a>, Complaint> {
    let (source, rest) = front::split(file, text, "see matrices/answers for files to begin with")?;
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "an answer");
    section.only(KEYS)?;
    let said = section.need("answer")?.text()?;
    let name = name(&said)?;
    front::named(file, &name, &said)?;
    let texts =
        |key: &'static str| -> Result<Vec<Said<'_>>, Complaint> { section.get(key).map_or(Ok(Vec::new()), |item| item.texts()) };
    let words = |all: Vec<Said<'_>>| all.iter().map(|said| said.text.to_owned()).collect::<Vec<_>>();
    let (codes, named): Named = codes(&section, "codes")?;
    let patterns: Vec<(String, Range<usize>)> = texts("patterns")?.iter().map(|s| (s.text.to_owned(), s.span.clone())).collect();
    let answer = Answer {
        name,
        question: sentence(&section.need("question")?.text()?)?,
        short: sentence(&section.need("short")?.text()?)?,
        codes,
        patterns: patterns.iter().map(|(name, _)| name.clone()).collect(),
        requirements: words(texts("requirements")?),
        references: words(texts("references")?),
        page: page(rest),
        origin: origin.to_owned(),
        provenance: BTreeMap::new(),
        digest: digest(text),
    };
    Ok(Draft { answer, source, codes: named, patterns })
}

/// Checks that every code and every pattern an answer names is there.
///
/// # Errors
/// A complaint at the first that is not.
pub fn names(shelf: &Shelf, draft: &Draft<'_>) -> Result<(), Complaint> {
    check::codes(shelf, draft.source, &draft.codes)?;
    draft.patterns.iter().try_for_each(|(name, span)| {
        pattern::known(shelf, name).map(drop).map_err(|help| {
            draft.source.complain(format!("there is no pattern `{name}`"), span.clone(), "unknown pattern").help(help)
        })
    })
}

/// The answer of a name somebody wrote.
///
/// # Errors
/// Advice: the nearest name, or all of them.
pub fn known<'a>(shelf: &'a Shelf, said: &str) -> Result<&'a Answer, String> {
    shelf
        .answers
        .iter()
        .find(|a| a.name == said)
        .ok_or_else(|| among(said, shelf.answers.iter().map(|a| a.name.as_str()), "there are"))
}

/// The answers that a row leads to.
pub fn of_code<'a>(shelf: &'a Shelf, code: &'a Code) -> impl Iterator<Item = &'a Answer> {
    shelf.answers.iter().filter(move |answer| answer.codes.contains(code))
}

/// Changes the short answer, as an overlay's `[[alter]]` does.
///
/// # Errors
/// A complaint about an answer that is not there, or a key that cannot be changed.
pub fn alter(shelf: &mut Shelf, section: &Section<'_>, said: &Said<'_>) -> Result<(), Complaint> {
    section.only(&["answer", "short"])?;
    known(shelf, said.text).map_err(|help| said.complain(format!("there is no answer `{}`", said.text), "unknown").help(help))?;
    let short = sentence(&section.need("short")?.text()?)?;
    let origin = section.source().name.to_owned();
    if let Some(answer) = shelf.answers.iter_mut().find(|a| a.name == said.text) {
        answer.short = short;
        answer.provenance.insert("short", origin);
    }
    Ok(())
}
