//! A complaint about what the user gave: their own text, the place in it, and what to do.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::harmless::in_place;

/// Something the user gave cannot be used. Always exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong, in one sentence without a full stop.
    pub title: String,
    /// Where in the user's own text.
    pub place: Option<Place>,
    /// What to do.
    pub help: Option<String>,
}

/// A place in a text the user gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name, or `command line`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Byte range within the text.
    pub span: Range<usize>,
    /// A few words to stand beside the caret.
    pub label: String,
}

impl Complaint {
    /// A complaint without a place.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), place: None, help: None }
    }

    /// The same complaint, pointing into a text; what should stand behind its end is pointed at there.
    pub fn at(mut self, name: impl Into<String>, text: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Self {
        let text = text.into();
        let start = span.start.min(text.len());
        let span = start..span.end.clamp(start, text.len());
        self.place = Some(Place { name: name.into(), text, span, label: label.into() });
        self
    }

    /// The same complaint, pointing at the value of a flag as typed: `--gateway ftp://x`.
    pub fn flag(self, flag: &str, value: &str, label: impl Into<String>) -> Self {
        let text = format!("{flag} {value}");
        let span = flag.len() + 1..text.len();
        self.at("command line", text, span, label)
    }

    /// The same complaint with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = Group::with_title(Level::ERROR.primary_title(in_place(&self.title)));
        if let Some(place) = &self.place {
            group = group.element(
                Snippet::source(in_place(&place.text))
                    .path(in_place(&place.name))
                    .annotation(AnnotationKind::Primary.span(place.span.clone()).label(in_place(&place.label))),
            );
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(in_place(help)));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

impl std::error::Error for Complaint {}

/// The known word nearest to what was typed, if one is near enough to be meant.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (typed.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (distance(typed, word), word))
        .filter(|(d, _)| *d <= most)
        .min_by_key(|(d, _)| *d)
        .map(|(_, w)| w)
}

/// Advice on an unknown word: the known one that was probably meant, or else what is said of all of them.
pub fn meant<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>, otherwise: impl Into<String>) -> String {
    did_you_mean(typed, known).map_or_else(|| otherwise.into(), |near| format!("did you mean `{near}`?"))
}

/// Advice on an unknown word: the known one that was probably meant, or all of them after a few words.
pub fn among<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone, words: &str) -> String {
    let all = known.clone().into_iter().collect::<Vec<_>>().join(", ");
    meant(typed, known, format!("{words} {all}"))
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_text_is_underlined() {
        let text = Complaint::new("unknown scheme `ftp`").flag("--gateway", "ftp://x", "use ws, wss, http or https").to_string();
        assert!(text.contains("--gateway ftp://x") && text.contains("^^^^^^^"), "{text}");
    }

    #[test]
    fn near_words_are_offered_and_far_ones_are_not() {
        let known = ["upgrade", "challenge", "connect"];
        assert_eq!(did_you_mean("upgarde", known), Some("upgrade"));
        assert_eq!(did_you_mean("conect", known), Some("connect"));
        assert_eq!(did_you_mean("zebra", known), None);
        assert_eq!(among("conect", known, "there are"), "did you mean `connect`?");
        assert_eq!(among("zebra", known, "there are"), "there are upgrade, challenge, connect");
    }
}
