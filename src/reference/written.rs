//! A text that somebody wrote, and where in it each key and each value stands: a complaint points there.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, Error};

use crate::complaint::{Complaint, did_you_mean};

/// A TOML document with its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The file's name, as complaints show it.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// Where a key and its value stand; an item of a list has no key of its own.
struct Spot {
    key: Range<usize>,
    value: Range<usize>,
}

impl Written {
    /// A text with its name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// Its outermost tables, those of these names apart from the others.
    ///
    /// # Errors
    /// A complaint about what is no TOML.
    pub fn parts(&self, apart: &[&str]) -> Result<[Part<'_>; 2], Complaint> {
        let tree = DeTable::parse(&self.text).map_err(|why| self.misread(&why))?;
        let part = |wanted: bool| {
            let mine = tree.get_ref().iter().filter(|(key, _)| apart.contains(&key.get_ref().as_ref()) == wanted);
            let mine = mine.map(|(key, value)| (key.clone(), value.clone())).collect();
            Part { written: self, tree: Spanned::new(tree.span(), mine) }
        };
        Ok([part(true), part(false)])
    }

    /// Whether it says anything of this; an item of a list by its number.
    pub fn says(&self, path: &[&str]) -> bool {
        self.spot(path).is_some()
    }

    /// A complaint about a value, or about the part of it that is given.
    pub fn wrong(&self, path: &[&str], part: Option<&str>, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        let span = self.spot(path).map_or(0..0, |spot| spot.value);
        let within = part.filter(|part| !part.is_empty()).and_then(|part| Some((self.text.get(span.clone())?.find(part)?, part)));
        let span = within.map_or(span.clone(), |(at, part)| span.start + at..span.start + at + part.len());
        self.at(title, span, label)
    }

    /// A complaint about a key.
    pub fn wrong_key(&self, path: &[&str], title: impl Into<String>, label: impl Into<String>) -> Complaint {
        self.at(title, self.spot(path).map_or(0..0, |spot| spot.key), label)
    }

    /// A caret of many lines helps nobody: it stands under the first.
    fn at(&self, title: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Complaint {
        let line = self.text.get(span.clone()).and_then(|text| text.find('\n')).map_or(span.end, |at| span.start + at);
        Complaint::new(title).at(&self.name, &self.text, span.start..line, label)
    }

    fn misread(&self, why: &Error) -> Complaint {
        let title = format!("{} is no fault file", self.name);
        let span = why.span().unwrap_or(0..self.text.len().min(1));
        // Of a wrong item only its list is told.
        let list = self.text.get(span.clone()).filter(|text| text.starts_with('['));
        let item = list.and_then(|list| {
            let word = why.message().split('`').nth(1)?;
            let quoted = [format!("'{word}'"), format!("\"{word}\"")];
            quoted.iter().find_map(|item| Some(span.start + list.find(item)?..span.start + list.find(item)? + item.len()))
        });
        self.at(title, item.unwrap_or(span), meant(why.message()))
    }

    fn spot(&self, path: &[&str]) -> Option<Spot> {
        let tree = DeTable::parse(&self.text).ok()?;
        let (first, rest) = path.split_first()?;
        let mut spot = member(tree.get_ref(), first)?;
        for step in rest {
            spot = match spot.1.get_ref() {
                DeValue::Table(table) => member(table, step)?,
                DeValue::Array(list) => (spot.0, list.get(step.parse::<usize>().ok()?)?),
                _ => return None,
            };
        }
        Some(Spot { key: spot.0, value: spot.1.span() })
    }
}

fn member<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<(Range<usize>, &'t Spanned<DeValue<'i>>)> {
    let (key, value) = table.iter().find(|(key, _)| key.get_ref().as_ref() == name)?;
    Some((key.span(), value))
}

/// A part of a document, to be read as something.
pub struct Part<'w> {
    written: &'w Written,
    tree: Spanned<DeTable<'w>>,
}

impl Part<'_> {
    /// What it says.
    ///
    /// # Errors
    /// A complaint that points at the key or value that does not belong there.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, Complaint> {
        T::deserialize(Deserializer::from(self.tree)).map_err(|why| self.written.misread(&why))
    }
}

/// What the reader says of an unknown word, shorter where another was meant: "unknown field `a`, expected one of `b`, `c`".
fn meant(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let near = words.next().filter(|_| message.starts_with("unknown ")).and_then(|typed| did_you_mean(typed, words));
    let said = message.split(", expected").next().unwrap_or_default();
    near.map_or_else(|| message.replace('\n', ", "), |near| format!("{said}; did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\n[b]\nc = ['x', 'y{z}']\n'd e' = \"\"\"\nlong\nlonger\"\"\"\n[[f]]\ng = 2\n";

    fn marked(complaint: &Complaint) -> &str {
        complaint.place.as_ref().and_then(|place| place.text.get(place.span.clone())).unwrap_or_default()
    }

    #[test]
    fn keys_values_items_and_parts_are_pointed_at() {
        let text = Written::new("t", TEXT);
        for (path, part, wanted) in [
            (&["a"][..], None, "1"),
            (&["b", "c"], None, "['x', 'y{z}']"),
            (&["b", "c", "1"], None, "'y{z}'"),
            (&["b", "c", "1"], Some("{z}"), "{z}"),
            (&["b", "c", "1"], Some("not there"), "'y{z}'"),
            (&["b", "d e"], None, "\"\"\""),
            (&["f", "0", "g"], None, "2"),
            (&["nobody"], None, ""),
        ] {
            assert_eq!(marked(&text.wrong(path, part, "", "")), wanted, "{path:?} {part:?}");
        }
        assert_eq!(marked(&text.wrong_key(&["b", "d e"], "", "")), "'d e'");
        assert!(text.says(&["b"]) && !text.says(&["b", "c", "2"]) && !text.says(&["a", "b"]));
    }

    #[test]
    fn a_word_that_is_near_is_offered() {
        assert_eq!(
            meant("unknown field `upgarde`, expected one of `listen`, `upgrade`"),
            "unknown field `upgarde`; did you mean `upgrade`?"
        );
        assert_eq!(meant("unknown field `x`, expected `listen`"), "unknown field `x`, expected `listen`");
        assert_eq!(meant("invalid type: string `a`\nexpected `b`"), "invalid type: string `a`, expected `b`");
    }
}
