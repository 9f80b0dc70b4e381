//! A way in which people reach a gateway from elsewhere: what the guides compare, one file each.

use std::collections::BTreeMap;

use super::page::Page;
use super::reader::{Said, Section};
use super::symptom_file::{name, sentence};
use super::{Shelf, digest, front};
use crate::complaint::{Complaint, among};

/// What every pattern says, in the order in which it is compared: the key of the front matter, and its heading.
pub const FIELDS: &[(&str, &str)] = &[
    ("trust-domain", "Trust domain"),
    ("trust-model", "Trust model"),
    ("identity-material", "Identity material"),
    ("who-can-originate", "Who can originate traffic"),
    ("primary-risk", "Primary risk"),
    ("operations", "Operations complexity"),
    ("fit-to-defaults", "Fit to the gateway's defaults"),
    ("typical-users", "Typical users"),
    ("websocket", "WebSocket notes"),
    ("best-when", "Best when…"),
];

/// Keys beside the fields.
const KEYS: &[&str] = &["pattern", "title", "advise", "compared-in", "requirements", "references"];

/// A pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it is typed behind `pattern:`.
    pub name: String,
    /// As it is told.
    pub title: String,
    /// What it says, as [`FIELDS`] orders it.
    pub said: Vec<String>,
    /// Products that `clawprobe advise` knows for it.
    pub advise: Vec<String>,
    /// The comparisons of the guides it takes part in.
    pub compared_in: Vec<String>,
    /// Seed requirement numbers.
    pub requirements: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// Prose.
    pub page: Page,
    /// The file that brought it: `builtin`, or an overlay's name.
    pub origin: String,
    /// Fields that another file set since, and which.
    pub provenance: BTreeMap<&'static str, String>,
    /// SHA-256 of the file, the first 8 hex digits.
    pub digest: String,
}

impl Pattern {
    /// What it says under a key; empty for a key that is none.
    pub fn field(&self, key: &str) -> &str {
        FIELDS.iter().position(|(k, _)| *k == key).and_then(|at| self.said.get(at)).map_or("", String::as_str)
    }
}

/// Reads a pattern file.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read<'a>(file: &'a str, text: &'a str, origin: &str, page: impl FnOnce(&'a str) -> Page) -> Result<Pattern, Complaint> {
    let (source, rest) = front::split(file, text, "see matrices/patterns for files to begin with")?;
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "a pattern");
    let keys: Vec<&str> = KEYS.iter().copied().chain(FIELDS.iter().map(|(key, _)| *key)).collect();
    section.only(&keys)?;
    let said = section.need("pattern")?.text()?;
    let name = name(&said)?;
    front::named(file, &name, &said)?;
    let texts = |key: &'static str| -> Result<Vec<String>, Complaint> {
        section.get(key).map_or(Ok(Vec::new()), |item| Ok(item.texts()?.iter().map(|s| s.text.to_owned()).collect()))
    };
    Ok(Pattern {
        name,
        title: sentence(&section.need("title")?.text()?)?,
        said: FIELDS.iter().map(|(key, _)| sentence(&section.need(key)?.text()?)).collect::<Result<_, _>>()?,
        advise: texts("advise")?,
        compared_in: texts("compared-in")?,
        requirements: texts("requirements")?,
        references: texts("references")?,
        page: page(rest),
        origin: origin.to_owned(),
        provenance: BTreeMap::new(),
        digest: digest(text),
    })
}

/// The pattern of a name somebody wrote.
///
/// # Errors
/// A complaint with the nearest name, or all of them.
pub fn known<'a>(shelf: &'a Shelf, said: &str) -> Result<&'a Pattern, String> {
    shelf
        .patterns
        .iter()
        .find(|p| p.name == said)
        .ok_or_else(|| among(said, shelf.patterns.iter().map(|p| p.name.as_str()), "there are"))
}

/// Changes words of a pattern, as an overlay's `[[alter]]` does.
///
/// # Errors
/// A complaint about a pattern that is not there, or a key that cannot be changed.
pub fn alter(shelf: &mut Shelf, section: &Section<'_>, said: &Said<'_>) -> Result<(), Complaint> {
    let keys: Vec<&str> = ["pattern", "title"].into_iter().chain(FIELDS.iter().map(|(key, _)| *key)).collect();
    section.only(&keys)?;
    known(shelf, said.text)
        .map_err(|help| said.complain(format!("there is no pattern `{}`", said.text), "unknown").help(help))?;
    let origin = section.source().name.to_owned();
    let Some(pattern) = shelf.patterns.iter_mut().find(|p| p.name == said.text) else { return Ok(()) };
    if let Some(item) = section.get("title") {
        pattern.title = sentence(&item.text()?)?;
        pattern.provenance.insert("title", origin.clone());
    }
    for (at, (key, _)) in FIELDS.iter().enumerate() {
        if let Some(item) = section.get(key) {
            pattern.said[at] = sentence(&item.text()?)?;
            pattern.provenance.insert(key, origin.clone());
        }
    }
    Ok(())
}
