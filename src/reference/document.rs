//! The document of a world: its tables, who wrote which of them, and the holes in its texts.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::world::merge;
use super::written::Written;
use crate::complaint::{Complaint, did_you_mean};

/// What a complaint calls a part of a world that stands in no file.
const NOBODYS: &str = "the reference world";

/// A world that is to stand.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its tables, with holes.
    pub table: Table,
    /// The files that they come from, the last laid over the others.
    written: Vec<Written>,
}

impl From<Table> for Document {
    fn from(table: Table) -> Self {
        Self { table, written: Vec::new() }
    }
}

impl Document {
    /// Lays a change over it that stands in a file.
    pub fn lay(&mut self, change: &Table, written: Written) {
        merge(&mut self.table, change);
        self.written.push(written);
    }

    /// The file that says this; none for what no file says.
    pub fn author(&self, path: &[&str]) -> Option<&Written> {
        self.written.iter().rev().find(|written| written.says(path))
    }

    /// A complaint about a value, or about the part of it that is given.
    pub fn wrong(&self, path: &[&str], part: Option<&str>, title: impl Into<String>, label: impl Into<String>) -> Complaint {
        match self.author(path) {
            Some(author) => author.wrong(path, part, title, label),
            None => {
                let key = path.join(".");
                let text = format!("{key} = {}", at(&self.table, path).map_or_else(String::new, Value::to_string));
                Complaint::new(title).at(NOBODYS, text.clone(), key.len() + 3..text.len(), label)
            }
        }
    }

    /// A complaint about a key.
    pub fn wrong_key(&self, path: &[&str], title: impl Into<String>, label: impl Into<String>) -> Complaint {
        match self.author(path) {
            Some(author) => author.wrong_key(path, title, label),
            None => Complaint::new(title).at(NOBODYS, path.join("."), 0..path.join(".").len(), label),
        }
    }

    /// Its tables with these holes filled and others left.
    pub fn filled(&self, holes: &BTreeMap<String, String>) -> Table {
        let mut table = self.table.clone();
        fill(&mut table, holes);
        table
    }

    /// Holds every hole against those there will be.
    ///
    /// # Errors
    /// A complaint about a hole that nobody will fill.
    pub fn has_holes_of(&self, names: &[String]) -> Result<(), Complaint> {
        let Some((path, hole)) = unknown(&self.table, names, &mut Vec::new()) else { return Ok(()) };
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let known = names.iter().map(String::as_str);
        let label = match hole.split_once('.') {
            _ if hole == "address" => "this machine has no address of its own beside loopback".to_owned(),
            Some((stand, "port")) if super::world::STANDS.contains(&stand) || stand == "resolver" => {
                format!("there is no [{stand}] in this world")
            }
            Some((stand, "pin")) if self.table.contains_key(stand) => format!("the {stand} speaks no TLS"),
            _ => did_you_mean(&hole, known.clone())
                .map_or_else(|| "unknown".to_owned(), |near| format!("did you mean {{{near}}}?")),
        };
        let complaint = self.wrong(&path, Some(&format!("{{{hole}}}")), format!("nobody fills the hole {{{hole}}}"), label);
        Err(complaint.help(format!("holes of this world: {}", known.collect::<Vec<_>>().join(", "))))
    }
}

/// What stands at a place of a document; an item of a list by its number.
pub fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, step| match value {
        Value::Table(table) => table.get(*step),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The first hole that is none of these, and where it is.
fn unknown(table: &Table, names: &[String], path: &mut Vec<String>) -> Option<(Vec<String>, String)> {
    table.iter().find_map(|(key, value)| unknown_in(value, names, path, key.clone()))
}

fn unknown_in(value: &Value, names: &[String], path: &mut Vec<String>, step: String) -> Option<(Vec<String>, String)> {
    path.push(step);
    let found = match value {
        Value::String(text) => {
            let hole = holes(text).map(|(_, name)| name).find(|name| !names.iter().any(|known| known == name));
            hole.map(|name| (path.clone(), name.to_owned()))
        }
        Value::Array(list) => {
            list.iter().enumerate().find_map(|(number, value)| unknown_in(value, names, path, number.to_string()))
        }
        Value::Table(table) => unknown(table, names, path),
        _ => None,
    };
    path.pop();
    found
}

/// Fills the holes of every text of a document.
pub fn fill(table: &mut Table, holes: &BTreeMap<String, String>) {
    table.iter_mut().for_each(|(_, value)| fill_value(value, holes));
}

fn fill_value(value: &mut Value, holes: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => *text = filled(text, holes),
        Value::Array(list) => list.iter_mut().for_each(|value| fill_value(value, holes)),
        Value::Table(table) => fill(table, holes),
        _ => {}
    }
}

/// A text with its holes filled, once: what fills a hole may look like one itself.
pub fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), 0);
    for (start, name) in holes(text) {
        if let Some(value) = values.get(name) {
            out += &text[rest..start];
            out += value;
            rest = start + name.len() + 2;
        }
    }
    out + &text[rest..]
}

/// The holes of a text: where each begins, and its name. A name is of small letters, digits, hyphens and full stops; `${name}` is a
/// variable of a shell or a configuration.
fn holes(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let named = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
    };
    text.match_indices('{').filter_map(move |(start, _)| {
        let name = text[start + 1..].split_once('}')?.0;
        (named(name) && !text[..start].ends_with('$')).then_some((start, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn holes_are_filled_and_other_braces_stay() {
        let holes = values(&[("gateway.port", "7"), ("name", "x")]);
        assert_eq!(
            filled(r#"{"port":{gateway.port},"a":{},"b":"${name}{other}"}"#, &holes),
            r#"{"port":7,"a":{},"b":"${name}{other}"}"#
        );
    }

    #[test]
    fn what_fills_a_hole_is_not_looked_at_again() {
        let holes = values(&[("dir", "/tmp/{token}"), ("gateway.port", "7"), ("token", "a{gateway.port}b{dir}")]);
        assert_eq!(filled("{dir} {token} {gateway.port}", &holes), "/tmp/{token} a{gateway.port}b{dir} 7");
    }

    #[test]
    fn a_hole_that_nobody_fills_is_pointed_at_in_the_file() {
        let text = "[client]\nedge = ['http://a', 'http://b:{egde.port}']\n";
        let mut document = Document::default();
        document.lay(&text.parse().unwrap(), Written::new("mine.toml", text));
        let names = ["edge.port", "dir"].map(String::from);
        let complaint = document.has_holes_of(&names).unwrap_err();
        let place = complaint.place.as_ref().unwrap();
        assert_eq!((place.name.as_str(), &text[place.span.clone()]), ("mine.toml", "{egde.port}"));
        assert_eq!(place.label, "did you mean {edge.port}?");
        document.lay(&"client.edge = ['{dir}']".parse().unwrap(), Written::default());
        assert!(document.has_holes_of(&names).is_ok());
    }
}
