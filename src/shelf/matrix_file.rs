//! From a matrix file to a matrix, and from an `expect` cell to what a matrix expects.

use super::Shelf;
use super::matrix::{Expect, Matrix};
use super::reader::{Item, Said, Section, Source};
use crate::code::{Code, Severity};
use crate::complaint::{Complaint, among};
use crate::facts::{FactId, Field, Scope, Table, Value, dictionary};
use crate::path::Kind;

/// Every key of a matrix file.
const KEYS: &[&str] = &["name", "summary", "probes", "require", "needs", "expect", "budget", "sockets"];

/// The keys of an `expect` cell.
pub const EXPECT_KEYS: &[&str] = &["fact", "in", "else", "severity"];

/// Reads a matrix file; probes and rows are already on the shelf.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read(name: &str, text: &str, shelf: &Shelf) -> Result<Matrix, Complaint> {
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "a matrix file");
    section.only(KEYS)?;
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name).trim_end_matches(".toml");
    let said = section.need("name")?.text()?;
    if said.text != stem {
        return Err(said.complain("a matrix is named as its file", format!("the file is named {stem}.toml")));
    }
    let cells = section.get("expect").map(|item| item.sections("an expect cell")).transpose()?.unwrap_or_default();
    let expect = cells.iter().map(|cell| cell.only(EXPECT_KEYS).and_then(|()| expect(cell, shelf)));
    Ok(Matrix {
        name: stem.to_owned(),
        summary: section.need("summary")?.text()?.text.to_owned(),
        probes: probes(section.need("probes")?, shelf)?,
        require: section.need("require")?.texts()?.iter().map(|said| delivered(said, shelf)).collect::<Result<_, _>>()?,
        needs: section.get("needs").map(|item| item.labels(Kind::ALL)).transpose()?.unwrap_or_default(),
        expect: expect.collect::<Result<_, _>>()?,
        budget: section.need("budget")?.duration()?,
        sockets: section.get("sockets").map(|item| item.count()).transpose()?,
    })
}

/// Probes in the order of a lane: what a probe needs stands before it.
fn probes(item: Item<'_>, shelf: &Shelf) -> Result<Vec<String>, Complaint> {
    let mut order: Vec<String> = Vec::new();
    for said in item.texts()? {
        let probe = shelf.probe(said.text).ok_or_else(|| {
            let complaint = said.complain(format!("there is no probe `{}`", said.text), "unknown probe");
            complaint.help(among(said.text, shelf.probes.iter().map(|p| p.id.as_str()), "known:"))
        })?;
        if let Some(missing) = probe.needs.iter().find(|need| !order.contains(need)) {
            let title = format!("`{}` needs `{missing}`, which does not stand before it", probe.id);
            return Err(said.complain(title, format!("put \"{missing}\" before this")));
        }
        order.push(probe.id.clone());
    }
    Ok(order)
}

/// A code that has a row.
pub fn delivered(said: &Said<'_>, shelf: &Shelf) -> Result<Code, Complaint> {
    let code: Code = said.parse()?;
    match (shelf.symptom(&code), shelf.later.get(&code)) {
        (Some(_), _) => Ok(code),
        (None, Some(later)) => {
            Err(said.complain(format!("{code} has no row yet: {}", later.title), "comes with a later release"))
        }
        (None, None) => {
            let known = shelf.symptoms.iter().map(|s| s.code.as_str());
            Err(said.complain(format!("there is no code {code}"), "unknown code").help(super::check::near(said.text, known)))
        }
    }
}

/// Reads an `expect` cell. The fact is written `tcp@public.manner`, or with a key to mean just one row.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn expect(cell: &Section<'_>, shelf: &Shelf) -> Result<Expect, Complaint> {
    let said = cell.need("fact")?.text()?;
    let (path, fact, field) = fact(&said)?;
    let values = cell.need("in")?.scalars()?;
    let value = |(text, item): &(String, Item<'_>)| {
        Value::parse(text, field.ty).map_err(|why| item.complain(why, format!("not a value of `{}`", field.name)))
    };
    let code = cell.need("else")?.text()?;
    let or_else: Code = code.parse()?;
    if shelf.symptom(&or_else).is_none() && !shelf.later.contains_key(&or_else) {
        let known = shelf.symptoms.iter().map(|s| &s.code).chain(shelf.later.keys()).map(Code::as_str);
        let complaint = code.complain(format!("there is no code {or_else}"), "unknown code");
        return Err(complaint.help(super::check::near(code.text, known)));
    }
    Ok(Expect {
        path,
        fact,
        values: values.iter().map(value).collect::<Result<_, _>>()?,
        or_else,
        severity: cell.need("severity")?.text()?.label(Severity::ALL)?,
    })
}

/// Takes `table@path[key=value].field` apart; the vantage stays open, because the plan fills it in.
fn fact(said: &Said<'_>) -> Result<(String, FactId, &'static Field), Complaint> {
    let shape = || said.complain("a fact is written as in `tcp@public.manner`", "not a fact of a path");
    let (table, rest) = said.text.split_once('@').ok_or_else(shape)?;
    let (place, field) = rest.rsplit_once('.').ok_or_else(shape)?;
    let (path, key) = match place.split_once('[') {
        Some((path, key)) => (path, key.strip_suffix(']').ok_or_else(shape)?),
        None => (place, ""),
    };
    let unknown = |what: &str, typed: &str, known: Vec<&'static str>| {
        said.complain(format!("there is no {what} `{typed}`"), format!("unknown {what}")).help(among(typed, known, "known:"))
    };
    let table = dictionary::table(table)
        .filter(|t| t.scope == Scope::Path)
        .ok_or_else(|| unknown("table of paths", table, paths_tables().map(|t| t.name).collect()))?;
    let kind = path.split(':').next().unwrap_or(path);
    if kind.parse::<Kind>().is_err() {
        return Err(unknown("kind of path", kind, Kind::ALL.iter().map(|l| l.name).collect()));
    }
    let field = table.field(field).ok_or_else(|| unknown("field", field, table.fields.iter().map(|f| f.name).collect()))?;
    let mut columns = Vec::new();
    for part in key.split(',').filter(|p| !p.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(shape)?;
        let column =
            table.key(name.trim()).ok_or_else(|| unknown("key column", name, table.keys.iter().map(|k| k.name).collect()))?;
        let value = Value::parse(value, column.ty).map_err(|why| said.complain(why, "in this fact"))?;
        columns.push((column.name.to_owned(), value));
    }
    let id = FactId { table: table.name.to_owned(), vantage: None, key: columns, field: field.name.to_owned() };
    Ok((path.to_owned(), id, field))
}

fn paths_tables() -> impl Iterator<Item = &'static Table> {
    dictionary::TABLES.iter().copied().filter(|t| t.scope == Scope::Path)
}
