//! Finds rows by words: a title, a phrase of the page, or an error text somebody pasted.

use super::Shelf;
use super::symptom::Symptom;

/// A row that the words lead to.
#[derive(Debug, Clone)]
pub struct Hit<'a> {
    /// The row.
    pub symptom: &'a Symptom,
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

/// Rows by how well they match, best first. A word counts the more, the fewer rows have it.
pub fn search<'a>(shelf: &'a Shelf, typed: &str) -> Vec<Hit<'a>> {
    let phrase = plain(typed);
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let rows: Vec<(&Symptom, Vec<Part<'_>>)> = shelf.symptoms.iter().map(|s| (s, parts(s))).collect();
    let rows_with = |word: &str| rows.iter().filter(|(_, parts)| parts.iter().any(|p| has(&p.words, word))).count();
    let rare: Vec<(&str, f64)> = words.iter().map(|word| (*word, 1.0 / rows_with(word).max(1) as f64)).collect();
    let mut hits: Vec<Hit<'_>> = rows
        .iter()
        .map(|(symptom, parts)| Hit { symptom, quote: quote(symptom, &phrase), score: score(parts, &phrase, &rare) })
        .filter(|hit| hit.score > 0.0)
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = hits.first().map_or(0.0, |hit| hit.score);
    hits.retain(|hit| hit.score >= best * WORTH_SHOWING);
    hits
}

fn parts(symptom: &Symptom) -> Vec<Part<'_>> {
    let front = |key: &str, weight| Part { words: plain(&symptom.field(key)), weight, heading: "" };
    let mut parts = vec![front("title", 4.0), front("name", 4.0), front("observed", 1.0), front("first-response", 1.0)];
    parts.extend(symptom.page.prose().into_iter().map(|(heading, text)| {
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
fn quote<'a>(symptom: &'a Symptom, phrase: &str) -> Option<&'a str> {
    let seen = |line: &&str| !phrase.is_empty() && plain(line).contains(phrase);
    symptom.page.prose().into_iter().flat_map(|(_, text)| text.lines()).find(seen).map(str::trim)
}

/// Lower case, and one blank for whatever is no letter or digit: how people quote punctuation differs.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
