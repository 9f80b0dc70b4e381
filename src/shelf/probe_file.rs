//! From a probe file to a probe.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Shelf;
use super::probe::{Method, Probe};
use super::reader::{Said, Section, Source};
use crate::complaint::{Complaint, among};
use crate::facts::dictionary::{PRIMITIVES, Primitive};
use crate::facts::tables::path::Scheme;
use crate::facts::{Scope, Value};
use crate::path::Kind;

/// Every key of a probe file.
const KEYS: &[&str] = &[
    "id",
    "primitive",
    "summary",
    "paths",
    "schemes",
    "needs",
    "deadline",
    "sockets",
    "connections",
    "families",
    "methods",
    "headers",
    "spare",
    "credential",
    "with",
];

/// Parameters that are no key column: where `http` asks, how many pairs `rounds` makes.
const PARAMETERS: &[(&str, &str)] = &[("http", "path"), ("rounds", "pairs")];

/// A probe whose `needs` are still to be checked.
pub struct Draft<'a> {
    /// The probe.
    pub probe: Probe,
    /// The file it stands in.
    pub source: Source<'a>,
    /// The ids it needs, with their places.
    pub needs: Vec<(String, Range<usize>)>,
}

/// Reads a probe file.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read<'a>(name: &'a str, text: &'a str) -> Result<Draft<'a>, Complaint> {
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "a probe file");
    section.only(KEYS)?;
    let said = section.need("primitive")?.text()?;
    let primitive = primitive(&said)?;
    let needs = section.get("needs").map(|item| item.texts()).transpose()?.unwrap_or_default();
    let headers = section.get("headers").map(|item| item.texts()).transpose()?.unwrap_or_default();
    let probe = Probe {
        id: id(&section.need("id")?.text()?, name)?,
        primitive: primitive.name.to_owned(),
        summary: section.need("summary")?.text()?.text.to_owned(),
        paths: paths(&section, primitive)?,
        schemes: section.get("schemes").map(|item| item.labels(Scheme::ALL)).transpose()?.unwrap_or_default(),
        needs: needs.iter().map(|s| s.text.to_owned()).collect(),
        deadline: section.need("deadline")?.duration()?,
        sockets: section.get("sockets").map(|item| item.count()).transpose()?.unwrap_or(0),
        connections: section.get("connections").map(|item| item.count()).transpose()?.unwrap_or(0),
        families: section.get("families").map(|item| item.flag()).transpose()?.unwrap_or(false),
        methods: section.get("methods").map(|item| item.labels(Method::ALL)).transpose()?.unwrap_or_default(),
        headers: headers.iter().map(|s| s.text.to_owned()).collect(),
        spare: section.get("spare").map(|item| item.flag()).transpose()?.unwrap_or(false),
        credential: section.get("credential").map(|item| item.flag()).transpose()?.unwrap_or(false),
        with: with(&section, primitive)?,
    };
    Ok(Draft { probe, source, needs: needs.into_iter().map(|s| (s.text.to_owned(), s.span)).collect() })
}

/// Checks that every probe a probe needs has a file.
///
/// # Errors
/// A complaint at the first id that nobody knows.
pub fn needs(shelf: &Shelf, draft: &Draft<'_>) -> Result<(), Complaint> {
    match draft.needs.iter().find(|(id, _)| shelf.probe(id).is_none()) {
        None => Ok(()),
        Some((id, span)) => {
            let complaint = draft.source.complain(format!("there is no probe `{id}`"), span.clone(), "unknown probe");
            Err(complaint.help(among(id, shelf.probes.iter().map(|p| p.id.as_str()), "known:")))
        }
    }
}

fn primitive(said: &Said<'_>) -> Result<&'static Primitive, Complaint> {
    PRIMITIVES.iter().find(|p| p.name == said.text).ok_or_else(|| {
        let complaint = said.complain(format!("there is no primitive `{}`", said.text), "unknown primitive");
        complaint.help(among(said.text, PRIMITIVES.iter().map(|p| p.name), "known:"))
    })
}

/// The id is also the file's name.
fn id(said: &Said<'_>, file: &str) -> Result<String, Complaint> {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file).trim_end_matches(".toml");
    if stem == said.text {
        Ok(stem.to_owned())
    } else {
        Err(said.complain("a probe's id is its file's name", format!("the file is named {stem}.toml")))
    }
}

fn paths(section: &Section<'_>, primitive: &Primitive) -> Result<Vec<Kind>, Complaint> {
    match (section.get("paths"), primitive.scope) {
        (None, Scope::Site) => Ok(Vec::new()),
        (Some(item), Scope::Path | Scope::Between) => item.labels(Kind::ALL),
        (Some(item), Scope::Site) => {
            Err(item.complain(format!("`{}` looks at the site and asks no path", primitive.name), "leave `paths` out"))
        }
        (None, _) => {
            let title = format!("`{}` asks a path, and the probe names no kind of path", primitive.name);
            Err(section.complain(title, "`paths` is missing"))
        }
    }
}

/// Parameters: key columns of the primitive's tables, with values those columns can hold.
fn with(section: &Section<'_>, primitive: &Primitive) -> Result<BTreeMap<String, String>, Complaint> {
    let Some(item) = section.get("with") else { return Ok(BTreeMap::new()) };
    let keys = || primitive.tables.iter().flat_map(|t| t.keys);
    let extra = || PARAMETERS.iter().filter(|(name, _)| *name == primitive.name).map(|(_, parameter)| *parameter);
    let mut with = BTreeMap::new();
    for (key, item) in item.section("`with`")?.items() {
        let value = item.text()?;
        if let Some(column) = keys().find(|k| k.name == key.text) {
            Value::parse(value.text, column.ty).map_err(|why| value.complain(why, format!("not a value of `{}`", key.text)))?;
        } else if !extra().any(|name| name == key.text) {
            let known: Vec<_> = keys().map(|k| k.name).chain(extra()).collect();
            let title = format!("`{}` knows no parameter `{}`", primitive.name, key.text);
            return Err(key.complain(title, "unknown parameter").help(among(key.text, known, "known:")));
        }
        with.insert(key.text.to_owned(), value.text.to_owned());
    }
    Ok(with)
}
