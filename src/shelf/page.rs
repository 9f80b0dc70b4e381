//! The Markdown beneath a symptom's front matter: prose under headings, and evidence fences that are tests.
//!
//! Nothing here is parsed when the shelf is loaded: only `explain`, `matrix lint` and the tests look inside.

use std::borrow::Cow;

/// A page of Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page(Cow<'static, str>);

/// What an evidence fence begins with; the rest of the line says what it is evidence of.
const EVIDENCE: &str = "```evidence ";

impl Page {
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The prose by heading (`## …`), in order, without the evidence. Text before the first heading stands under an empty one.
    pub fn prose(&self) -> Vec<(&str, &str)> {
        let mut parts = Vec::new();
        let (mut heading, mut from) = ("", 0);
        let mut fenced = false;
        for (at, line) in lines(&self.0) {
            fenced ^= line.starts_with("```");
            if let Some(next) = line.strip_prefix("## ").filter(|_| !fenced) {
                parts.push((heading, self.0[from..at].trim()));
                (heading, from) = (next.trim(), at + line.len());
            }
        }
        parts.push((heading, self.0[from..].trim()));
        parts.retain(|(heading, text)| *heading != "Evidence" && !(heading.is_empty() && text.is_empty()));
        parts
    }

    /// The evidence fences, in order: each from its kind (`present`, `clear` …) up to the closing backticks, and where in the
    /// page it begins.
    pub fn fences(&self) -> Vec<(usize, &str)> {
        let mut found = Vec::new();
        let mut open: Option<(usize, bool)> = None;
        for (at, line) in lines(&self.0) {
            match open {
                None if line.starts_with("```") => open = Some((at + EVIDENCE.len(), line.starts_with(EVIDENCE))),
                Some((from, evidence)) if line.trim_end() == "```" => {
                    found.extend(evidence.then(|| (from, &self.0[from..at])));
                    open = None;
                }
                _ => {}
            }
        }
        found
    }
}

impl From<&'static str> for Page {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Page {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

/// Lines with their byte offsets, line ends included.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "## Why\n\nBecause.\n\n```console\n## no heading\n```\n\n## Evidence\n\n```evidence present\n\
                        path here/edge class=edge\n```\n\n```evidence clear\n```\n";

    #[test]
    fn prose_is_split_at_headings_outside_fences() {
        assert_eq!(Page::from(TEXT).prose(), [("Why", "Because.\n\n```console\n## no heading\n```")]);
    }

    #[test]
    fn a_fence_begins_with_what_it_is_evidence_of() {
        let page = Page::from(TEXT);
        let fences = page.fences();
        assert_eq!(fences.iter().map(|f| f.1).collect::<Vec<_>>(), ["present\npath here/edge class=edge\n", "clear\n"]);
        assert!(TEXT[fences[1].0..].starts_with("clear"));
    }
}
