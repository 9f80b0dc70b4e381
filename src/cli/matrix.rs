//! `matrix list|show|new|lint|diff`: the shelf itself.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::args::Matrix as What;
use super::end::{self, End};
use super::listing::{GAP, line, listing};
use super::{look::look, sink};
use crate::clock;
use crate::code::Code;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::facts::value::{Value, show_ms};
use crate::settings;
use crate::shelf::lint;
use crate::shelf::matrix::{Expect, Matrix};
use crate::shelf::symptom::{KEYS, Symptom};
use crate::shelf::{BUILTIN, Shelf};

/// Does what `matrix …` says.
///
/// # Errors
/// A file or a name that cannot be used; of several complaints the last, the others have been printed.
pub(super) fn run(what: &What) -> Result<u8, End> {
    match what {
        What::List { look: by } => look(by, |shelf, width| Ok(list(shelf, width))),
        What::Show { what, origin, look: by } => look(by, |shelf, width| show(shelf, what, *origin, width)),
        What::Diff { look: by } => look(by, diff),
        What::New { code } => print(&new(&Shelf::builtin()?, code)?),
        What::Lint { files } => {
            let read = |file: &PathBuf| Ok((file.display().to_string(), settings::files::named("lint", file)?));
            let files = files.iter().map(read).collect::<Result<Vec<_>, Complaint>>()?;
            print(&lint(&files).map_err(last)?)
        }
    }
}

fn print(text: &str) -> Result<u8, End> {
    Ok(sink::print(text).map(|()| Exit::Healthy.number())?)
}

/// Prints all complaints but the last, which is the command's end.
fn last(mut complaints: Vec<Complaint>) -> Complaint {
    let last = complaints.pop().unwrap_or_else(|| Complaint::new("this cannot be used"));
    complaints.iter().for_each(|complaint| end::note(&format!("{complaint}\n")));
    last
}

/// Every matrix that `run` knows.
pub fn list(shelf: &Shelf, width: u16) -> String {
    let rows = shelf.matrices.iter().map(|m| line(&[&m.name, &budget(m), &m.require.len().to_string(), &m.summary]));
    let table = listing(&["matrix", "budget", "rows", "what it is for"], rows).wrapped(width, GAP);
    table + "\n`clawprobe run MATRIX` runs one; `clawprobe matrix show MATRIX` shows it.\n"
}

/// A matrix, or a row with every field; with `origin`, each field beside the file that set it.
///
/// # Errors
/// A complaint about a name that is neither.
pub fn show(shelf: &Shelf, what: &str, origin: bool, width: u16) -> Result<String, Complaint> {
    if let Some(matrix) = shelf.matrix(what) {
        return Ok(matrix_page(matrix, width));
    }
    let code = what.to_ascii_uppercase().parse::<Code>().ok();
    if let Some(symptom) = code.as_ref().and_then(|code| shelf.symptom(code)) {
        return Ok(row_page(symptom, origin, width));
    }
    let known = shelf.matrices.iter().map(|m| m.name.as_str()).chain(shelf.symptoms.iter().map(|s| s.code.as_str()));
    let complaint = Complaint::new(format!("there is neither a matrix nor a code `{what}`")).flag("show", what, "unknown");
    let otherwise = "`clawprobe matrix list` lists matrices, `clawprobe explain` codes";
    Err(complaint.help(crate::complaint::meant(what, known, otherwise)))
}

fn matrix_page(matrix: &Matrix, width: u16) -> String {
    let join = |words: Vec<&str>| words.join(", ");
    let mut rows = vec![
        line(&["budget", &budget(matrix)]),
        line(&["probes", &join(matrix.probes.iter().map(String::as_str).collect())]),
        line(&["requires", &join(matrix.require.iter().map(Code::as_str).collect())]),
    ];
    if !matrix.needs.is_empty() {
        rows.push(line(&["needs", &join(matrix.needs.iter().map(|k| k.as_str()).collect())]));
    }
    rows.extend(matrix.expect.iter().map(|e| line(&["expects", &expectation(e)])));
    format!("{}\n{}\n\n{}", matrix.name, matrix.summary, listing(&[], rows).wrapped(width, GAP))
}

/// An expect cell in words.
fn expectation(expect: &Expect) -> String {
    let key: Vec<String> = expect.fact.key.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let key = if key.is_empty() { String::new() } else { format!("[{}]", key.join(",")) };
    let values: Vec<String> = expect.values.iter().map(Value::to_string).collect();
    let (table, field) = (&expect.fact.table, &expect.fact.field);
    let (path, code, severity) = (&expect.path, &expect.or_else, expect.severity);
    format!("{table}@{path}{key}.{field} in [{}], else {code} ({severity})", values.join(", "))
}

fn budget(matrix: &Matrix) -> String {
    show_ms(matrix.budget.as_secs_f64() * 1_000.0)
}

fn row_page(symptom: &Symptom, origin: bool, width: u16) -> String {
    let filled = KEYS.iter().map(|key| (*key, symptom.field(key))).filter(|(_, text)| !text.is_empty());
    let cells = |key: &str, text: &str| match origin {
        true => line(&[key, if key.is_empty() { "" } else { symptom.origin_of(key) }, text]),
        false => line(&[key, text]),
    };
    let rows = filled.flat_map(|(key, text)| {
        let lines = text.lines().enumerate();
        lines.map(|(i, text)| cells(if i == 0 { key } else { "" }, text)).collect::<Vec<_>>()
    });
    let table = listing(&[], rows).wrapped(width, GAP);
    format!("{} {}\n\n{table}", symptom.origin, symptom.digest)
}

/// A symptom file to begin with: it is complete, and lints.
///
/// # Errors
/// A complaint about what is no code, or about a code that is taken.
pub fn new(shelf: &Shelf, typed: &str) -> Result<String, Complaint> {
    let complain = |title: String, label: &str| Complaint::new(title).flag("new", typed, label);
    let code: Code = typed.parse().map_err(|why: String| complain(why, "not a code"))?;
    match (shelf.symptom(&code), shelf.later.get(&code)) {
        (Some(row), _) => Err(complain(format!("{code} is there already: {}", row.title), "taken")),
        (None, Some(later)) => Err(complain(format!("{code} is kept for: {}", later.title), "taken")),
        (None, None) => Ok(SKELETON.replace("X-EDGE-01", code.as_str())),
    }
}

/// What `new` prints. A test lints it.
const SKELETON: &str = include_str!("skeleton.md");

/// Checks symptom files and overlays beyond what loading checks: runs their evidence and looks for evidence that is lacking.
/// Files are pairs of name and content.
///
/// # Errors
/// Every complaint; the files are then not fit for use.
pub fn lint(files: &[(String, String)]) -> Result<String, Vec<Complaint>> {
    let mut out = String::new();
    let mut complaints = Vec::new();
    let now = clock::wall_text();
    for (name, text) in files {
        match lint::file(name, text, &now) {
            Ok(checked) => {
                let _ = writeln!(out, "{name}: {checked}");
            }
            Err(found) => complaints.extend(found),
        }
    }
    if complaints.is_empty() { Ok(out) } else { Err(complaints) }
}

/// How the shelf with its overlays differs from the built-in one.
///
/// # Errors
/// A complaint when the built-in shelf does not load, which is a defect.
pub fn diff(shelf: &Shelf, width: u16) -> Result<String, Complaint> {
    let builtin = Shelf::builtin()?;
    let mut rows = Vec::new();
    for symptom in &shelf.symptoms {
        match builtin.symptom(&symptom.code) {
            None => rows.push(line(&[symptom.code.as_str(), "row", &symptom.origin, "", &symptom.title])),
            Some(before) => rows.extend(KEYS.iter().filter(|key| before.field(key) != symptom.field(key)).map(|key| {
                let flat = |row: &Symptom| row.field(key).lines().collect::<Vec<_>>().join(" ");
                line(&[symptom.code.as_str(), key, symptom.origin_of(key), &flat(before), &flat(symptom)])
            })),
        }
    }
    for mute in &shelf.mutes {
        let until = mute.until.as_deref().map(|day| format!(" until {day}")).unwrap_or_default();
        rows.push(line(&[mute.code.as_str(), "mute", &mute.origin, "", &format!("{}{until}", mute.reason)]));
    }
    for (code, ticket) in &shelf.site.tickets {
        rows.push(line(&[code.as_str(), "ticket", shelf.site.name.as_deref().unwrap_or_default(), "", ticket]));
    }
    for matrix in &shelf.matrices {
        let old: Vec<String> =
            builtin.matrix(&matrix.name).map(|m| m.expect.iter().map(expectation).collect()).unwrap_or_default();
        let new = matrix.expect.iter().map(expectation).filter(|cell| !old.contains(cell));
        rows.extend(new.map(|cell| line(&[&matrix.name, "expect", "", "", &cell])));
    }
    if rows.is_empty() {
        return Ok(format!("No difference from {BUILTIN}.\n"));
    }
    Ok(listing(&["what", "field", "set by", BUILTIN, "here"], rows).wrapped(width, GAP))
}
