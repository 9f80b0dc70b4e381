//! Reads TOML strictly: every key known, every type right, and every complaint with a caret in the writer's own text.
//!
//! Built-in files and overlays go through the same door, so the built-in ones have no privileges.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::complaint::{Complaint, among};
use crate::facts::value::parse_ms;
use crate::judge::condition::Mistake;
use crate::labels::Label;

/// A file, and where in it the TOML begins: front matter starts after its fence.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The file's name, as complaints show it.
    pub name: &'a str,
    /// The whole file.
    pub text: &'a str,
    /// Byte offset of the TOML.
    pub base: usize,
    /// Byte offset of the TOML's end.
    pub end: usize,
}

impl<'a> Source<'a> {
    /// A file that is TOML from end to end.
    pub fn whole(name: &'a str, text: &'a str) -> Self {
        Self { name, text, base: 0, end: text.len() }
    }

    /// The TOML.
    pub fn toml(&self) -> &'a str {
        &self.text[self.base..self.end]
    }

    /// A complaint about a range of the TOML.
    pub fn complain(&self, title: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Complaint {
        Complaint::new(title).at(self.name, self.text, self.base + span.start..self.base + span.end, label)
    }

    /// Parses the TOML; the tree borrows from the file.
    ///
    /// # Errors
    /// A complaint at the place that is not TOML.
    pub fn parse(&self) -> Result<Spanned<DeTable<'a>>, Complaint> {
        DeTable::parse(self.toml()).map_err(|error| {
            self.complain("this is not valid TOML", error.span().unwrap_or(0..0), error.message().replace('\n', ", "))
        })
    }
}

/// A table of the tree.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    source: Source<'a>,
    map: &'a DeTable<'a>,
    span: Range<usize>,
    what: &'static str,
}

impl<'a> Section<'a> {
    /// The file's outermost table; `what` names it in complaints, as in "a probe file".
    pub fn root(source: Source<'a>, tree: &'a Spanned<DeTable<'a>>, what: &'static str) -> Self {
        // The outermost table spans the whole file: pointing there helps nobody, so the caret goes to its first line.
        let first = source.toml().trim_start_matches('\n').find('\n').unwrap_or(source.toml().len());
        Self { source, map: tree.get_ref(), span: 0..first, what }
    }

    /// The same table under another name in complaints.
    pub fn called(mut self, what: &'static str) -> Self {
        self.what = what;
        self
    }

    /// Refuses keys that are not among `keys`.
    ///
    /// # Errors
    /// A complaint at the first unknown key.
    pub fn only(&self, keys: &[&str]) -> Result<(), Complaint> {
        let unknown = |key: &str| !keys.contains(&key);
        // The map orders by name; the writer reads from top to bottom.
        match self.map.keys().filter(|k| unknown(k.get_ref())).min_by_key(|k| k.span().start) {
            None => Ok(()),
            Some(key) => {
                let complaint =
                    self.source.complain(format!("{} has no key `{}`", self.what, key.get_ref()), key.span(), "unknown key");
                Err(complaint.help(among(key.get_ref(), keys.iter().copied(), "known:")))
            }
        }
    }

    /// The value of a key, if it is there.
    pub fn get(&self, key: &'a str) -> Option<Item<'a>> {
        self.map.get(key).map(|value| Item { source: self.source, key, value })
    }

    /// The value of a key that must be there.
    ///
    /// # Errors
    /// A complaint at the table that lacks the key.
    pub fn need(&self, key: &'a str) -> Result<Item<'a>, Complaint> {
        self.get(key).ok_or_else(|| self.complain(format!("{} needs the key `{key}`", self.what), format!("`{key}` is missing")))
    }

    /// A complaint about the table as a whole.
    pub fn complain(&self, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        self.source.complain(title, self.span.clone(), label)
    }

    /// Keys with their values, in the writer's order.
    pub fn items(&self) -> Vec<(Said<'a>, Item<'a>)> {
        let mut items: Vec<_> = self
            .map
            .iter()
            .map(|(key, value)| {
                let said = Said { source: self.source, text: key.get_ref(), span: key.span() };
                (said, Item { source: self.source, key: key.get_ref(), value })
            })
            .collect();
        items.sort_by_key(|(said, _)| said.span.start);
        items
    }

    /// The file the table stands in.
    pub fn source(&self) -> Source<'a> {
        self.source
    }
}

/// The value of a key.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    source: Source<'a>,
    key: &'a str,
    value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Item<'a> {
    fn wrong(&self, wanted: &str) -> Complaint {
        let title = format!("`{}` is to be {wanted}", self.key);
        self.source.complain(title, self.value.span(), format!("this is a {}", self.value.get_ref().type_str()))
    }

    /// A string.
    ///
    /// # Errors
    /// A complaint at another type.
    pub fn text(&self) -> Result<Said<'a>, Complaint> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(Said { source: self.source, text, span: self.value.span() }),
            _ => Err(self.wrong("a string")),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// A complaint at another type.
    pub fn flag(&self) -> Result<bool, Complaint> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    /// A whole number from 0 on.
    ///
    /// # Errors
    /// A complaint at anything else.
    pub fn count(&self) -> Result<usize, Complaint> {
        let number = self.value.get_ref().as_integer().and_then(|n| usize::from_str_radix(n.as_str(), n.radix()).ok());
        number.ok_or_else(|| self.wrong("a whole number"))
    }

    /// A length of time with its unit, such as `"5s"`.
    ///
    /// # Errors
    /// A complaint at anything else.
    pub fn duration(&self) -> Result<Duration, Complaint> {
        let said = self.text()?;
        match parse_ms(said.text) {
            Ok(ms) if ms > 0.0 => Ok(Duration::from_micros((ms * 1_000.0) as u64)),
            Ok(_) => Err(said.complain(format!("`{}` is to be longer than nothing", self.key), "no time at all")),
            Err(why) => Err(said.complain(why, "not a duration")),
        }
    }

    /// A day, written without quotes (`2026-12-31`) or with.
    ///
    /// # Errors
    /// A complaint at anything else.
    pub fn day(&self) -> Result<String, Complaint> {
        let text = match self.value.get_ref() {
            DeValue::Datetime(when) if when.time.is_none() => when.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => return Err(self.wrong("a day such as 2026-12-31")),
        };
        text.parse::<jiff::civil::Date>().map(|day| day.to_string()).map_err(|_| self.wrong("a day such as 2026-12-31"))
    }

    /// A list of strings.
    ///
    /// # Errors
    /// A complaint at the first entry of another type.
    pub fn texts(&self) -> Result<Vec<Said<'a>>, Complaint> {
        self.list("a list of strings")?.iter().map(Item::text).collect()
    }

    /// A list of words of a closed set.
    ///
    /// # Errors
    /// A complaint at the first word that is not of the set.
    pub fn labels<T: FromStr<Err = String>>(&self, set: &[Label]) -> Result<Vec<T>, Complaint> {
        self.texts()?.iter().map(|said| said.label(set)).collect()
    }

    /// A list of values as conditions write them: strings, numbers, true or false.
    ///
    /// # Errors
    /// A complaint at the first entry that is a table or a list.
    pub fn scalars(&self) -> Result<Vec<(String, Item<'a>)>, Complaint> {
        let scalar = |item: &Item<'a>| match item.value.get_ref() {
            DeValue::String(text) => Ok((text.to_string(), *item)),
            DeValue::Integer(n) => Ok((n.as_str().to_owned(), *item)),
            DeValue::Float(n) => Ok((n.as_str().to_owned(), *item)),
            DeValue::Boolean(b) => Ok((b.to_string(), *item)),
            _ => Err(item.wrong("a list of values")),
        };
        self.list("a list of values")?.iter().map(scalar).collect()
    }

    /// A table.
    ///
    /// # Errors
    /// A complaint at another type.
    pub fn section(&self, what: &'static str) -> Result<Section<'a>, Complaint> {
        match self.value.get_ref() {
            DeValue::Table(map) => Ok(Section { source: self.source, map, span: self.value.span(), what }),
            _ => Err(self.wrong("a table")),
        }
    }

    /// A list of tables, as `[[name]]` writes it.
    ///
    /// # Errors
    /// A complaint at the first entry of another type.
    pub fn sections(&self, what: &'static str) -> Result<Vec<Section<'a>>, Complaint> {
        self.list("a list of tables")?.iter().map(|item| item.section(what)).collect()
    }

    /// A complaint about the value.
    pub fn complain(&self, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        self.source.complain(title, self.value.span(), label)
    }

    fn list(&self, wanted: &str) -> Result<Vec<Item<'a>>, Complaint> {
        match self.value.get_ref() {
            DeValue::Array(items) => Ok(items.iter().map(|value| Item { value, ..*self }).collect()),
            _ => Err(self.wrong(wanted)),
        }
    }
}

/// A string as somebody wrote it, with its place.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    source: Source<'a>,
    /// The text, escapes resolved.
    pub text: &'a str,
    /// Its place in the TOML, quotes included.
    pub span: Range<usize>,
}

impl<'a> Said<'a> {
    /// A complaint about the whole string.
    pub fn complain(&self, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        self.source.complain(title, self.span.clone(), label)
    }

    /// The string as a value of a type that says itself what is wrong.
    ///
    /// # Errors
    /// A complaint at the string.
    pub fn parse<T: FromStr<Err = E>, E: Display>(&self) -> Result<T, Complaint> {
        self.text.parse().map_err(|why: E| self.complain(why.to_string(), "cannot be read"))
    }

    /// The string as a word of a closed set.
    ///
    /// # Errors
    /// A complaint at the string, with the nearest word.
    pub fn label<T: FromStr<Err = String>>(&self, set: &[Label]) -> Result<T, Complaint> {
        self.text.parse().map_err(|_| {
            let title = format!("`{}` is not a word of this set", self.text);
            self.complain(title, "unknown word").help(among(self.text, set.iter().map(|l| l.name), "known:"))
        })
    }

    /// The string through a parser of the condition language, whose mistakes point into the string.
    ///
    /// # Errors
    /// A complaint at the first mistake, in the file the string stands in.
    pub fn language<T>(&self, parse: impl FnOnce(&str) -> Result<T, Vec<Mistake>>) -> Result<T, Complaint> {
        parse(self.text).map_err(|mistakes| match mistakes.into_iter().next() {
            None => self.complain("this cannot be read", "here"),
            Some(mistake) => {
                let complaint = self.source.complain(mistake.message, self.within(mistake.span), mistake.label);
                mistake.help.into_iter().fold(complaint, Complaint::help)
            }
        })
    }

    /// The place in the TOML of a range of the string. A string with escapes has no such range: then it is the whole string.
    fn within(&self, range: Range<usize>) -> Range<usize> {
        let raw = &self.source.toml()[self.span.clone()];
        match raw.find(self.text) {
            Some(inner) if !self.text.is_empty() => {
                let start = self.span.start + inner;
                start + range.start.min(self.text.len())..start + range.end.min(self.text.len())
            }
            _ => self.span.clone(),
        }
    }
}
