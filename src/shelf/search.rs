//! Finds rows, answers and patterns by words: a title, a question, a phrase of the page, or an error text somebody pasted. A code
//! that has no row yet is found by its title.

use super::Shelf;
use super::answer::Answer;
use super::later::Later;
use super::page::Page;
use super::pattern::{FIELDS, Pattern};
use super::symptom::Symptom;
use crate::code::Code;

/// What the words lead to.
#[derive(Debug, Clone, Copy)]
pub enum Found<'a> {
    /// A row.
    Row(&'a Symptom),
    /// An answer.
    Answer(&'a Answer),
    /// A pattern.
    Pattern(&'a Pattern),
    /// A code without a row.
    Later(&'a Code, &'a Later),
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
struct Part {
    words: String,
    stems: Vec<String>,
    weight: f64,
}

impl Part {
    fn new(text: &str, weight: f64) -> Self {
        let words = plain(text);
        Self { stems: words.split(' ').map(|word| stem(word).to_owned()).collect(), words, weight }
    }
}

/// What the whole phrase counts above its single words: an error text that stands in a page beats any mixture of words.
const PHRASE: f64 = 100.0;

/// A page that repeats a phrase is about it; more often than this says nothing more.
const ENOUGH: usize = 3;

/// How much worse than the best a hit may be and still be shown.
const WORTH_SHOWING: f64 = 0.5;

/// Words of any question, which say nothing of what it is about.
const COMMON: &[&str] = &[
    "a", "after", "always", "an", "and", "are", "at", "be", "but", "by", "can", "do", "does", "for", "from", "get", "gets",
    "has", "have", "how", "i", "in", "is", "it", "may", "me", "my", "no", "not", "of", "on", "or", "should", "that", "the",
    "there", "to", "we", "what", "when", "which", "why", "with", "you", "your",
];

/// Whatever matches, the best first. A word counts the more, the fewer pages have it.
pub fn search<'a>(shelf: &'a Shelf, typed: &str) -> Vec<Hit<'a>> {
    let phrase = plain(typed);
    let all = shelf.symptoms.iter().map(Found::Row);
    let all = all.chain(shelf.answers.iter().map(Found::Answer)).chain(shelf.patterns.iter().map(Found::Pattern));
    let all = all.chain(shelf.later.iter().map(|(code, later)| Found::Later(code, later)));
    let pages: Vec<(Found<'_>, Vec<Part>)> = all.map(|found| (found, parts(found))).collect();
    let words = telling(&phrase, &pages);
    let mut hits: Vec<Hit<'_>> = pages
        .iter()
        .map(|(found, parts)| Hit { found: *found, quote: quote(*found, &phrase), score: score(parts, &phrase, &words) })
        .filter(|hit| hit.score > 0.0)
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = hits.first().map_or(0.0, |hit| hit.score);
    hits.retain(|hit| hit.score >= best * WORTH_SHOWING);
    hits
}

/// The stems of the words that say what a question is about, each with what it tells: the logarithm of how rare it is, so that one
/// odd word does not outweigh all that the others agree on.
fn telling<'a>(phrase: &'a str, pages: &[(Found<'_>, Vec<Part>)]) -> Vec<(&'a str, f64)> {
    let mut words: Vec<&str> = Vec::new();
    for word in phrase.split_whitespace().filter(|word| !COMMON.contains(word)).map(stem) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let with = |word: &str| pages.iter().filter(|(_, parts)| parts.iter().any(|part| has(part, word))).count();
    words.into_iter().map(|word| (word, (1.0 + pages.len() as f64 / with(word).max(1) as f64).ln())).collect()
}

impl<'a> Found<'a> {
    fn prose(self) -> Vec<(&'a str, &'a str)> {
        let page: &Page = match self {
            Self::Row(row) => &row.page,
            Self::Answer(answer) => &answer.page,
            Self::Pattern(pattern) => &pattern.page,
            Self::Later(..) => return Vec::new(),
        };
        page.prose()
    }
}

fn parts(found: Found<'_>) -> Vec<Part> {
    let mut parts: Vec<Part> = match found {
        Found::Row(row) => [("title", 4.0), ("name", 4.0), ("observed", 1.0), ("first-response", 1.0), ("in-case", 1.0)]
            .map(|(key, weight)| Part::new(&row.field(key), weight))
            .into(),
        // Whoever asks a question in its own words means its answer, and not a row that has the same words.
        Found::Answer(answer) => {
            vec![Part::new(&answer.question, 5.0), Part::new(&answer.name, 4.0), Part::new(&answer.short, 2.0)]
        }
        Found::Pattern(pattern) => {
            let said = FIELDS.iter().map(|(key, _)| Part::new(pattern.field(key), 0.5));
            [Part::new(&pattern.title, 4.0), Part::new(&pattern.name, 4.0)].into_iter().chain(said).collect()
        }
        Found::Later(_, later) => vec![Part::new(&later.title, 3.0)],
    };
    parts.extend(found.prose().into_iter().map(|(heading, text)| {
        // The section that says what people see quotes their words; the one about look-alikes speaks of other rows.
        let weight = match heading {
            "What you see" => 3.0,
            "Not to be confused with" => 0.25,
            _ => 1.0,
        };
        Part::new(text, weight)
    }));
    parts
}

/// Every word counts where it weighs most; those that stand together in one part count once more there, and the whole phrase most.
fn score(parts: &[Part], phrase: &str, words: &[(&str, f64)]) -> f64 {
    let most = |of: &dyn Fn(&Part) -> f64| parts.iter().map(of).fold(0.0, f64::max);
    let each: f64 = words.iter().map(|(word, tells)| tells * most(&|part| if has(part, word) { part.weight } else { 0.0 })).sum();
    let told = |part: &Part| words.iter().filter(|(word, _)| has(part, word)).map(|(_, tells)| tells).sum::<f64>();
    let together = most(&|part| part.weight * told(part));
    let whole = most(&|part| part.weight * part.words.matches(phrase).count().min(ENOUGH) as f64);
    each + together + if words.len() > 1 { PHRASE * whole } else { 0.0 }
}

/// Whether a word stands in a part, or begins a word of it: "time" finds "timeout". A number is no beginning of another.
fn has(part: &Part, word: &str) -> bool {
    let begins = word.len() > 3 && !word.bytes().all(|b| b.is_ascii_digit());
    part.stems.iter().any(|w| w == word || (begins && w.starts_with(word)))
}

/// A word without its ending, where enough of it is left to tell: "disconnects" finds "disconnected".
fn stem(word: &str) -> &str {
    const ENDINGS: [&str; 5] = ["ing", "ed", "es", "s", "e"];
    const LEFT: usize = 4;
    let ends = |ending: &&&str| **ending != "s" || !word.ends_with("ss");
    let left = |ending: &&str| word.strip_suffix(*ending).filter(|left| left.chars().count() >= LEFT);
    ENDINGS.iter().filter(ends).find_map(left).unwrap_or(word)
}

/// The line of the page that contains the phrase.
fn quote<'a>(found: Found<'a>, phrase: &str) -> Option<&'a str> {
    let seen = |line: &&str| !phrase.is_empty() && plain(line).contains(phrase);
    found.prose().into_iter().flat_map(|(_, text)| text.lines()).find(seen).map(str::trim)
}

/// Lower case, and one blank for whatever is no letter or digit: how people quote punctuation differs.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_do_not_part_words_and_short_ones_keep_theirs() {
        for (typed, written) in [("disconnects", "disconnected"), ("drops", "drop"), ("times", "time"), ("pairing", "paired")] {
            assert_eq!(stem(typed), stem(written), "{typed}");
        }
        for word in ["does", "less", "1006", "seed", "address", "use"] {
            assert_eq!(stem(word), word);
        }
    }

    #[test]
    fn a_word_is_found_by_its_beginning_and_a_number_only_whole() {
        let part = Part::new("Handshake timeout after 10060 ms", 1.0);
        assert!(has(&part, "time") && has(&part, "10060"));
        assert!(!has(&part, "1006") && !has(&part, "shake"));
    }
}
