//! Codes that have a name but no row yet: rows may already name them as look-alikes.

use std::collections::BTreeMap;

use super::reader::{Section, Source};
use crate::code::Code;
use crate::complaint::Complaint;

/// A code without a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// One line for people.
    pub title: String,
    /// The group of rows it comes with, such as `tailnet`.
    pub group: String,
}

/// Reads `matrices/codes.toml`: a table per group, in it a title per code.
///
/// # Errors
/// A complaint at the first thing that is no code or no title.
pub fn read(name: &str, text: &str) -> Result<BTreeMap<Code, Later>, Complaint> {
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let mut codes = BTreeMap::new();
    for (group, item) in Section::root(source, &tree, "the list of codes").items() {
        for (code, title) in item.section("a group of codes")?.items() {
            let later = Later { title: title.text()?.text.to_owned(), group: group.text.to_owned() };
            if codes.insert(code.parse()?, later).is_some() {
                return Err(code.complain(format!("{} is listed twice", code.text), "the second time"));
            }
        }
    }
    Ok(codes)
}
