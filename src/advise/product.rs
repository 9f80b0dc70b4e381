//! A product as `matrices/advice` describes it: front matter, then the template of its configuration.

use std::collections::BTreeMap;

use super::syntax::Syntax;
use crate::complaint::{Complaint, among};
use crate::labels;
use crate::shelf::builtin;
use crate::shelf::front;
use crate::shelf::reader::{Section, Source};

labels! {
    /// By which flag a run is told of what was set up.
    pub enum Way {
        Edge = "edge": "`--edge`.",
        Tunnel = "tunnel": "`--tunnel`.",
    }
}

/// A product that can be advised on.
#[derive(Debug, Clone)]
pub struct Product {
    /// As it is typed.
    pub product: String,
    /// As it is told.
    pub title: String,
    /// The language of its configuration.
    pub syntax: Syntax,
    /// Where the configuration usually stands.
    pub file: String,
    /// The host name that stands for one nobody named.
    pub name: String,
    /// Where the certificate chain usually stands; a template. Empty when the product gets its own.
    pub cert: String,
    /// Where its key usually stands; a template.
    pub key: String,
    /// Whether it can be the first of several hops, the last, or is always alone.
    pub hops: bool,
    /// Whether it reaches a gateway behind a Unix socket.
    pub unix: bool,
    /// Whether the gateway sees it as a proxy that `gateway.trustedProxies` has to name.
    pub proxy: bool,
    /// Whether a gateway's certificate that is checked has to be made out to the gateway's host, too.
    pub names: bool,
    /// How a run is told of it.
    pub way: Way,
    /// Why nobody has started it with this configuration; empty when a test does.
    pub untested: String,
    /// Commands that start it or take the configuration over; templates.
    pub start: Vec<String>,
    /// Sentences that belong to it; templates, an empty one is left out.
    pub notes: Vec<String>,
    /// Sources.
    pub references: Vec<String>,
    /// The configuration's template.
    pub template: &'static str,
}

const KEYS: &[&str] = &[
    "product",
    "title",
    "syntax",
    "file",
    "name",
    "cert",
    "key",
    "hops",
    "unix",
    "proxy",
    "names",
    "way",
    "untested",
    "start",
    "notes",
    "references",
];

/// Every product, by name.
///
/// # Errors
/// A complaint about a built-in file that does not load, which is a defect that the tests exclude.
pub fn all() -> Result<Vec<Product>, Complaint> {
    let mut all = builtin::advice_files()
        .filter(|(name, _)| name.ends_with(".jinja"))
        .map(|(name, text)| read(name, text))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.product.cmp(&b.product));
    Ok(all)
}

/// The sentences that more than one product says, by name.
///
/// # Errors
/// A complaint about the built-in file.
pub fn words() -> Result<BTreeMap<String, String>, Complaint> {
    let mut words = BTreeMap::new();
    for (name, text) in builtin::advice_files().filter(|(name, _)| name.ends_with("words.toml")) {
        let source = Source::whole(name, text);
        let tree = source.parse()?;
        for (key, item) in Section::root(source, &tree, "the sentences").items() {
            words.insert(key.text.to_owned(), item.text()?.text.to_owned());
        }
    }
    Ok(words)
}

/// Reads one file.
fn read(name: &'static str, text: &'static str) -> Result<Product, Complaint> {
    let (source, template) = front::split(name, text, "see the other files of this folder")?;
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "a product");
    section.only(KEYS)?;
    let need = |key: &'static str| Ok::<_, Complaint>(section.need(key)?.text()?.text.to_owned());
    let text =
        |key: &'static str| section.get(key).map_or(Ok(String::new()), |item| Ok::<_, Complaint>(item.text()?.text.to_owned()));
    let texts = |key: &'static str| match section.get(key) {
        Some(item) => Ok::<_, Complaint>(item.texts()?.iter().map(|said| said.text.to_owned()).collect()),
        None => Ok(Vec::new()),
    };
    Ok(Product {
        product: need("product")?,
        title: need("title")?,
        syntax: section.need("syntax")?.text()?.label(Syntax::ALL)?,
        file: need("file")?,
        name: text("name")?,
        cert: text("cert")?,
        key: text("key")?,
        hops: section.need("hops")?.flag()?,
        unix: section.need("unix")?.flag()?,
        proxy: section.need("proxy")?.flag()?,
        names: section.get("names").map(|item| item.flag()).transpose()?.unwrap_or(false),
        way: section.need("way")?.text()?.label(Way::ALL)?,
        untested: text("untested")?,
        start: texts("start")?,
        notes: texts("notes")?,
        references: texts("references")?,
        template: template.trim_start_matches(['\r', '\n']),
    })
}

/// The product that was typed.
///
/// # Errors
/// A complaint with the nearest name, or all of them.
pub fn named<'a>(all: &'a [Product], typed: &str) -> Result<&'a Product, Complaint> {
    let known = all.iter().map(|p| p.product.as_str());
    all.iter().find(|p| p.product.eq_ignore_ascii_case(typed)).ok_or_else(|| {
        let complaint = Complaint::new(format!("there is no advice on `{typed}`")).flag("advise", typed, "unknown product");
        complaint.help(among(typed, known, "there is advice on"))
    })
}
