//! The built-in files, compiled in.

use include_dir::{Dir, include_dir};

use super::page::Page;
use super::symptom_file::{self, Draft, Names};
use super::{BUILTIN, Shelf, answer, check, digest, matrix_file, pattern, probe_file};
use super::{edges, later};
use crate::complaint::Complaint;
use crate::facts::dictionary::PRIMITIVES;
use crate::record::Origin;

static MATRICES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/matrices");
static PROBES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/probes");

/// The list of codes without a row; every other file beside it is a matrix.
const CODES: &str = "codes.toml";

/// Files beside the matrices that are none.
const OTHERS: &[&str] = &[CODES, edges::FILE];

/// Loads the built-in files: codes, symptoms, probes, matrices, in this order because each refers to those before.
///
/// # Errors
/// A complaint about the first file that does not load.
pub fn load() -> Result<Shelf, Complaint> {
    let mut shelf = Shelf::default();
    let mut digests = String::new();
    if let Some(file) = MATRICES.get_file(CODES) {
        let (name, text) = open(file)?;
        shelf.later = later::read(name, text)?;
        digests += &digest(text);
    }
    let names = symptoms(&mut shelf)?;
    shelf.symptoms.iter().for_each(|s| digests += &s.digest);
    probes(&mut shelf, &mut digests)?;
    guides(&mut shelf, &mut digests)?;
    names.iter().try_for_each(|names| check::names(&shelf, names))?;
    check::circles(&shelf, &names)?;
    if let Some(file) = MATRICES.get_file(edges::FILE) {
        let (name, text) = open(file)?;
        shelf.edges = edges::read(name, text)?;
        digests += &digest(text);
    }
    for file in MATRICES.files().filter(is_matrix) {
        let (name, text) = open(file)?;
        let matrix = matrix_file::read(name, text, &shelf)?;
        shelf.matrices.push(matrix);
        digests += &digest(text);
    }
    shelf.origins.push(Origin { name: BUILTIN.to_owned(), digest: digest(&digests) });
    Ok(shelf)
}

fn is_matrix(file: &&include_dir::File<'_>) -> bool {
    file.path().extension().is_some_and(|e| e == "toml") && !OTHERS.iter().any(|other| file.path().as_os_str() == *other)
}

/// Every built-in symptom file with its path, for tests and for `matrix lint`.
pub fn symptom_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    let families = MATRICES.get_dir("symptoms").into_iter().flat_map(Dir::dirs);
    families.flat_map(Dir::files).filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

/// Every built-in file of advice with its path.
pub fn advice_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    folder("advice")
}

/// The files of a folder beside the matrices.
fn folder(name: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let files = MATRICES.get_dir(name).into_iter().flat_map(Dir::files);
    files.filter_map(|file| Some((file.path().to_str()?, file.contents_utf8()?)))
}

/// Patterns, then answers, which name patterns and codes.
fn guides(shelf: &mut Shelf, digests: &mut String) -> Result<(), Complaint> {
    for (name, text) in folder("patterns") {
        let pattern = pattern::read(name, text, BUILTIN, Page::from)?;
        *digests += &pattern.digest;
        shelf.patterns.push(pattern);
    }
    for (name, text) in folder("answers") {
        let draft = answer::read(name, text, BUILTIN, Page::from)?;
        answer::names(shelf, &draft)?;
        *digests += &draft.answer.digest;
        shelf.answers.push(draft.answer);
    }
    Ok(())
}

fn symptoms(shelf: &mut Shelf) -> Result<Vec<Names<'static>>, Complaint> {
    let mut all = Vec::new();
    for (name, text) in symptom_files() {
        let Draft { symptom, names } = symptom_file::read(name, text, BUILTIN, Page::from)?;
        shelf.symptoms.push(symptom);
        all.push(names);
    }
    shelf.sort();
    Ok(all)
}

fn probes(shelf: &mut Shelf, digests: &mut String) -> Result<(), Complaint> {
    let mut drafts = Vec::new();
    for file in PROBES.files() {
        let (name, text) = open(file)?;
        let draft = probe_file::read(name, text)?;
        shelf.probes.push(draft.probe.clone());
        drafts.push(draft);
        *digests += &digest(text);
    }
    let step = |name: &str| PRIMITIVES.iter().position(|p| p.name == name);
    shelf.probes.sort_by(|a, b| (step(&a.primitive), &a.id).cmp(&(step(&b.primitive), &b.id)));
    drafts.iter().try_for_each(|draft| probe_file::needs(shelf, draft))
}

fn open(file: &'static include_dir::File<'static>) -> Result<(&'static str, &'static str), Complaint> {
    let name = file.path().to_str();
    name.zip(file.contents_utf8()).ok_or_else(|| Complaint::new(format!("{} is not text", file.path().display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_load() {
        let shelf = load().unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(shelf.probes.len(), PROBES.files().count());
        assert_eq!(shelf.matrices.len(), MATRICES.files().filter(is_matrix).count());
        assert!(shelf.matrices.iter().any(|matrix| matrix.name == "preflight"));
    }
}
