//! A value as the user gave it, so that a complaint can point into it without telling a secret.

use std::ops::Range;

use crate::complaint::Complaint;

/// A value, and the flag, variable or key that gave it.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// The flag, variable or key.
    pub place: &'a str,
    /// The value as typed.
    pub text: &'a str,
    /// What a complaint calls the text it points into.
    origin: String,
    /// What stands before the value in that text.
    lead: String,
}

impl<'a> Given<'a> {
    /// The value of a flag.
    pub fn flag(flag: &'a str, text: &'a str) -> Self {
        Self { place: flag, text, origin: "command line".into(), lead: format!("{flag} ") }
    }

    /// The value of an environment variable.
    pub fn variable(name: &'a str, text: &'a str) -> Self {
        Self { place: name, text, origin: "environment".into(), lead: format!("{name}=") }
    }

    /// The value of a key of a file.
    pub fn key(file: impl Into<String>, key: &'a str, text: &'a str) -> Self {
        Self { place: key, text, origin: file.into(), lead: format!("{key}: ") }
    }

    /// A complaint that underlines a part of the value.
    pub fn wrong(&self, title: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Complaint {
        let at = self.lead.len();
        let text = format!("{}{}", self.lead, self.shown());
        Complaint::new(title).at(self.origin.clone(), text, at + span.start..at + span.end, label)
    }

    /// A complaint that underlines the whole value.
    pub fn wrong_all(&self, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        self.wrong(title, 0..self.text.len(), label)
    }

    /// The value with user information, query and fragment of a URL starred out, every byte in its place.
    pub fn shown(&self) -> String {
        let text = self.text;
        let tail = text.find(['?', '#']).unwrap_or(text.len());
        // A path may hold `://` as well: that of a scheme has neither a slash nor user information before it. Where there is no
        // scheme there is no path either, and whatever stands before an `@` may have been meant as user information.
        let scheme = text[..tail].find("://").filter(|i| !text[..*i].contains(['/', '@']));
        let start = scheme.map_or(0, |i| tail - text[i + 3..tail].trim_start_matches(['/', '\\']).len());
        let path = scheme.and_then(|_| text[start..tail].find('/'));
        let end = path.map_or(tail, |i| start + i);
        let user = text[start..end].rfind('@').map_or(start..start, |i| start..start + i);
        let hidden = |i: usize| user.contains(&i) || i > tail;
        text.char_indices()
            .map(|(i, c)| match c {
                _ if hidden(i) => "*".repeat(c.len_utf8()),
                // A control character would tear the line the caret stands under.
                c if c.is_control() => "?".repeat(c.len_utf8()),
                c => c.to_string(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_shows_neither_user_information_nor_query() {
        for (text, shown) in [
            ("https://op:pw@gw/x?token=abc", "https://*****@gw/x?*********"),
            ("op:pw@gw:1", "*****@gw:1"),
            ("gw/#token=abc", "gw/#*********"),
            ("https://gw/a@b", "https://gw/a@b"),
            ("op:pw@gw/to/http://x", "*****@gw/to/http://x"),
            ("op:pw@gw://x", "*****@gw://x"),
            ("htt//op:ps://op:pw@gw/x", "******************@gw/x"),
            ("https:/op:pw@gw/x", "************@gw/x"),
            ("https:///op:pw@gw/x", "https:///*****@gw/x"),
        ] {
            assert_eq!(Given::flag("--edge", text).shown(), shown);
        }
    }

    #[test]
    fn the_caret_stands_under_the_part() {
        let text = Given::flag("--gateway", "ws://gw:99999").wrong("bad port", 8..13, "here").to_string();
        assert!(text.contains("--gateway ws://gw:99999"), "{text}");
        assert!(text.lines().any(|l| l.trim_start_matches(['|', ' ']).starts_with("^^^^^ here")), "{text}");
    }
}
