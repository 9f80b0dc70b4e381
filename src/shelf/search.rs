//! Finds rows, answers and patterns by words: a title, a question, a phrase of the page, or an error text somebody pasted.

use super::Shelf;
use super::answer::Answer;
use super::page::Page;
use super::pattern::{FIELDS, Pattern};
use super::symptom::Symptom;

/// What the words lead to.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A row.
    Row(&'a Symptom),
    /// An answer.
    Answer(&'a Answer),
    /// A pattern.
    Pattern(&'a Pattern),
}

/// Something that the words lead to.
#[derive(Debug, Clone)]
pub struct Hit<'a> {
    /// What it is.
    pub found: Found<'a>,
    /// The line of the page that says it, when the page does.
    pub quote: Option<&'a str>,
    score: f64,
}

/// A part of a row and what a word found in it counts.
struct Part<'a> {
    words: String,
    weight: f64,
    heading: &'a str,
}

/// What the whole phrase counts above its single words: an error text that stands in a page beats any mixture of words.
const PHRASE: f64 = 100.0;

/// A page that repeats a phrase is about it; more often than this says nothing more.
const ENOUGH: usize = 3;

/// How much worse than the best a hit may be and still be shown.
const WORTH_SHOWING: f64 = 0.3;

/// Words of any question, which say nothing of what it is about.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "be", "but", "can", "do", "does", "for", "how", "i", "in", "is", "it", "may", "my", "not", "of",
    "on", "or", "should", "that", "the", "there", "to", "we", "what", "when", "which", "why", "with",
];

/// Whatever matches, the best first. A word counts the more, the fewer pages have it.
pub fn search<'a>(shelf: &'a Shelf, typed: &str) -> Vec<Hit<'a>> {
    let phrase = plain(typed);
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let all = shelf.symptoms.iter().map(Found::Row);
    let all = all.chain(shelf.answers.iter().map(Found::Answer)).chain(shelf.patterns.iter().map(Found::Pattern));
    let rows: Vec<(Found<'_>, Vec<Part<'_>>)> = all.map(|found| (found, parts(found))).collect();
    let rows_with = |word: &str| rows.iter().filter(|(_, parts)| parts.iter().any(|p| has(&p.words, word))).count();
    let telling = words.iter().filter(|word| !COMMON.contains(word));
    let rare: Vec<(&str, f64)> = telling.map(|word| (*word, 1.0 / rows_with(word).max(1) as f64)).collect();
    let mut hits: Vec<Hit<'_>> = rows
        .iter()
        .map(|(found, parts)| Hit { found: *found, quote: quote(found.page(), &phrase), score: score(parts, &phrase, &rare) })
        .filter(|hit| hit.score > 0.0)
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = hits.first().map_or(0.0, |hit| hit.score);
    hits.retain(|hit| hit.score >= best * WORTH_SHOWING);
    hits
}

impl<'a> Found<'a> {
    fn page(self) -> &'a Page {
        match self {
            Self::Row(row) => &row.page,
            Self::Answer(answer) => &answer.page,
            Self::Pattern(pattern) => &pattern.page,
        }
    }
}

fn parts(found: Found<'_>) -> Vec<Part<'_>> {
    let front = |text: &str, weight| Part { words: plain(text), weight, heading: "" };
    let mut parts = match found {
        Found::Row(row) => [("title", 4.0), ("name", 4.0), ("observed", 1.0), ("first-response", 1.0), ("in-case", 1.0)]
            .map(|(key, weight)| front(&row.field(key), weight))
            .into(),
        Found::Answer(answer) => vec![front(&answer.question, 4.0), front(&answer.name, 4.0), front(&answer.short, 2.0)],
        Found::Pattern(pattern) => {
            let said = FIELDS.iter().map(|(key, _)| front(pattern.field(key), 0.5));
            [front(&pattern.title, 4.0), front(&pattern.name, 4.0)].into_iter().chain(said).collect()
        }
    };
    parts.extend(found.page().prose().into_iter().map(|(heading, text)| {
        // The section that says what people see quotes their words; the one about look-alikes speaks of other rows.
        let weight = match heading {
            "What you see" => 3.0,
            "Not to be confused with" => 0.25,
            _ => 1.0,
        };
        Part { words: plain(text), weight, heading }
    }));
    parts
}

fn score(parts: &[Part<'_>], phrase: &str, words: &[(&str, f64)]) -> f64 {
    let of = |part: &Part<'_>| {
        let times = if words.len() > 1 { part.words.matches(phrase).count().min(ENOUGH) } else { 0 };
        let whole = PHRASE * times as f64;
        let single: f64 = words.iter().filter(|(word, _)| has(&part.words, word)).map(|(_, rare)| rare).sum();
        part.weight * (whole + single)
    };
    parts.iter().map(of).fold(0.0, f64::max) + parts.iter().filter(|p| p.heading.is_empty()).map(of).sum::<f64>() / 10.0
}

/// Whether a word stands in a text, or begins a word of it: "time" finds "timeout".
fn has(text: &str, word: &str) -> bool {
    text.split(' ').any(|w| w == word || (word.len() > 3 && w.starts_with(word)))
}

/// The line of the page that contains the phrase.
fn quote<'a>(page: &'a Page, phrase: &str) -> Option<&'a str> {
    let seen = |line: &&str| !phrase.is_empty() && plain(line).contains(phrase);
    page.prose().into_iter().flat_map(|(_, text)| text.lines()).find(seen).map(str::trim)
}

/// Lower case, and one blank for whatever is no letter or digit: how people quote punctuation differs.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
