//! How a site changes the shelf: weight, words, mutes, whole rows and rows of its own. Never by accident the condition.

use super::matrix_file::{self, EXPECT_KEYS, delivered};
use super::page::Page;
use super::reader::{Section, Source};
use super::symptom::{KEYS, Symptom, Written};
use super::symptom_file::{self, Draft, Names};
use super::{Mute, Shelf, answer, check, digest, front, pattern};
use crate::code::{Code, Severity};
use crate::complaint::Complaint;
use crate::judge::condition::Template;
use crate::record::Origin;

/// The tables of an overlay.
const TABLES: &[&str] = &["schema", "site", "alter", "mute", "replace", "symptom", "expect"];

/// What `[[alter]]` may change: weight and words.
const ALTERABLE: &[&str] =
    &["severity", "title", "observed", "expected", "therefore", "first-response", "commands", "references"];

/// Applies an overlay. A file named `….md` is one symptom file of the site's own; anything else is TOML.
///
/// # Errors
/// A complaint at the first thing that is wrong; the shelf is then not to be used.
pub fn apply(shelf: &mut Shelf, name: &str, text: &str) -> Result<(), Complaint> {
    let names = match front::kind(name, text) {
        _ if !name.ends_with(".md") => tables(shelf, name, text)?,
        front::Kind::Symptom => vec![own_file(shelf, name, text)?],
        front::Kind::Pattern => own_pattern(shelf, name, text).map(|()| Vec::new())?,
        front::Kind::Answer => own_answer(shelf, name, text).map(|()| Vec::new())?,
    };
    shelf.sort();
    names.iter().try_for_each(|names| check::names(shelf, names))?;
    check::circles(shelf, &names)?;
    shelf.origins.push(Origin { name: name.to_owned(), digest: digest(text) });
    Ok(())
}

fn own_file<'a>(shelf: &mut Shelf, name: &'a str, text: &'a str) -> Result<Names<'a>, Complaint> {
    let Draft { symptom, names } = symptom_file::read(name, text, name, |page| Page::from(page.to_owned()))?;
    let code = &symptom.code;
    let at = names.source.toml().find(code.as_str()).map_or(0..0, |start| start..start + code.as_str().len());
    free(shelf, code, |title, label| names.source.complain(title, at, label))?;
    shelf.symptoms.push(symptom);
    Ok(names)
}

fn own_pattern(shelf: &mut Shelf, name: &str, text: &str) -> Result<(), Complaint> {
    let pattern = pattern::read(name, text, name, |page| Page::from(page.to_owned()))?;
    own_name(name, text, "pattern", &pattern.name, shelf.patterns.iter().any(|p| p.name == pattern.name))?;
    shelf.patterns.push(pattern);
    shelf.patterns.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

fn own_answer(shelf: &mut Shelf, name: &str, text: &str) -> Result<(), Complaint> {
    let draft = answer::read(name, text, name, |page| Page::from(page.to_owned()))?;
    answer::names(shelf, &draft)?;
    own_name(name, text, "answer", &draft.answer.name, shelf.answers.iter().any(|a| a.name == draft.answer.name))?;
    shelf.answers.push(draft.answer);
    shelf.answers.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(())
}

/// A site's own pattern or answer begins with `x-` and is not taken.
fn own_name(file: &str, text: &str, what: &str, own: &str, taken: bool) -> Result<(), Complaint> {
    let at = text.find(own).map_or(0..0, |start| start..start + own.len());
    if taken {
        Err(Complaint::new(format!("the {what} {own} is there already")).at(file, text, at, "taken"))
    } else if own.starts_with("x-") {
        Ok(())
    } else {
        let complaint = Complaint::new(format!("{own} is not a name of the site's own")).at(file, text, at, "begins without x-");
        Err(complaint.help("call it x-… ; to change a built-in one use [[alter]]"))
    }
}

/// A site's own code begins with `X-` and is not taken.
fn free(shelf: &Shelf, code: &Code, complain: impl FnOnce(String, &str) -> Complaint) -> Result<(), Complaint> {
    if !code.as_str().starts_with("X-") {
        let complaint = complain(format!("{code} is not a code of the site's own"), "begins without X-");
        Err(complaint.help("call it X-… ; to change a built-in row use [[alter]] or [[replace]]"))
    } else if shelf.symptom(code).is_some() {
        Err(complain(format!("{code} is there already"), "taken"))
    } else {
        Ok(())
    }
}

fn tables<'a>(shelf: &mut Shelf, name: &'a str, text: &'a str) -> Result<Vec<Names<'a>>, Complaint> {
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let root = Section::root(source, &tree, "an overlay");
    root.only(TABLES)?;
    if let Some(item) = root.get("schema")
        && item.count()? != 1
    {
        return Err(item.complain("this clawprobe reads overlays of schema 1", "another schema"));
    }
    let each = |key: &'static str, what: &'static str| match root.get(key) {
        Some(item) => item.sections(what),
        None => Ok(Vec::new()),
    };
    let mut names = Vec::new();
    for section in each("symptom", "a row")? {
        names.push(own_row(shelf, &section, source)?);
    }
    for section in each("replace", "a replacement")? {
        names.push(replace(shelf, &section, source)?);
    }
    each("alter", "an alteration")?.iter().try_for_each(|section| alter(shelf, section))?;
    each("mute", "a mute")?.iter().try_for_each(|section| mute(shelf, section))?;
    each("expect", "an expect cell")?.iter().try_for_each(|section| expect(shelf, section))?;
    if let Some(item) = root.get("site") {
        site(shelf, &item.section("[site]")?)?;
    }
    Ok(names)
}

fn own_row<'a>(shelf: &mut Shelf, section: &Section<'_>, source: Source<'a>) -> Result<Names<'a>, Complaint> {
    section.only(&[KEYS, &["page"]].concat())?;
    let Draft { symptom, names } = symptom_file::row(section, source, page(section)?, source.name, digest(source.text))?;
    let said = section.need("code")?.text()?;
    free(shelf, &symptom.code, |title, label| said.complain(title, label))?;
    shelf.symptoms.push(symptom);
    Ok(names)
}

fn replace<'a>(shelf: &mut Shelf, section: &Section<'_>, source: Source<'a>) -> Result<Names<'a>, Complaint> {
    section.only(&[KEYS, &["page", "based-on"]].concat())?;
    let said = section.need("code")?.text()?;
    let code = delivered(&said, shelf)?;
    let based = section.need("based-on")?.text()?;
    let Draft { symptom, names } = symptom_file::row(section, source, page(section)?, source.name, digest(source.text))?;
    if let Some(old) = shelf.symptoms.iter_mut().find(|s| s.code == code) {
        if old.digest != based.text {
            let complaint = based.complain(format!("{code} has changed since this was written"), format!("now {}", old.digest));
            return Err(complaint.help(format!("read `clawprobe matrix show {code}`, adapt the row, then name the new digest")));
        }
        *old = symptom;
    }
    Ok(names)
}

/// The Markdown of a row that stands in an overlay: with evidence, as in a file of its own.
fn page(section: &Section<'_>) -> Result<Page, Complaint> {
    let said = section.need("page")?.text()?;
    let page = Page::from(said.text.to_owned());
    for kind in ["present", "clear"] {
        if !page.fences().iter().any(|(_, fence)| fence.lines().next().map(str::trim) == Some(kind)) {
            let complaint = said.complain(format!("a row needs evidence of `{kind}`"), format!("no ```evidence {kind} in here"));
            return Err(complaint.help("`clawprobe matrix new X-EDGE-01` shows how evidence is written"));
        }
    }
    Ok(page)
}

fn alter(shelf: &mut Shelf, section: &Section<'_>) -> Result<(), Complaint> {
    if let Some(item) = section.get("pattern") {
        return pattern::alter(shelf, section, &item.text()?);
    }
    if let Some(item) = section.get("answer") {
        return answer::alter(shelf, section, &item.text()?);
    }
    let said = section.need("code")?.text()?;
    let code = delivered(&said, shelf)?;
    for (key, _) in section.items() {
        if KEYS.contains(&key.text) && key.text != "code" && !ALTERABLE.contains(&key.text) {
            let complaint = key.complain(format!("[[alter]] cannot change `{}`", key.text), "not weight, not words");
            return Err(complaint.help("[[replace]] replaces a whole row, evidence included"));
        }
    }
    section.only(&[ALTERABLE, &["code"]].concat())?;
    let Some(symptom) = shelf.symptoms.iter_mut().find(|s| s.code == code) else { return Ok(()) };
    for key in ALTERABLE {
        if section.get(key).is_some() {
            set(symptom, section, key)?;
            symptom.provenance.insert(key, section.source().name.to_owned());
        }
    }
    Ok(())
}

/// Sets one alterable field from a section that has it.
fn set(symptom: &mut Symptom, section: &Section<'_>, key: &'static str) -> Result<(), Complaint> {
    let item = section.need(key)?;
    let template = |said: &super::reader::Said<'_>| {
        let parsed = said.language(|src| Template::parse(src, &symptom.each.parsed))?;
        Ok::<_, Complaint>(Written { text: said.text.to_owned(), parsed })
    };
    match key {
        "severity" => symptom.severity = item.text()?.label(Severity::ALL)?,
        "observed" => symptom.observed = template(&item.text()?)?,
        "expected" => symptom.expected = template(&item.text()?)?,
        "therefore" => symptom.therefore = template(&item.text()?)?,
        "commands" => symptom.commands = item.texts()?.iter().map(template).collect::<Result<_, _>>()?,
        "references" => symptom.references = item.texts()?.iter().map(|said| said.text.to_owned()).collect(),
        // A site that says what to do first says it for every case.
        "first-response" => {
            symptom.first_response = item.text()?.text.to_owned();
            symptom.in_case.clear();
        }
        _ => symptom.title = item.text()?.text.to_owned(),
    }
    Ok(())
}

fn mute(shelf: &mut Shelf, section: &Section<'_>) -> Result<(), Complaint> {
    section.only(&["code", "reason", "until"])?;
    let reason = section.need("reason")?.text()?;
    if reason.text.trim().is_empty() {
        return Err(reason.complain("a mute needs a reason", "empty"));
    }
    let mute = Mute {
        code: delivered(&section.need("code")?.text()?, shelf)?,
        reason: reason.text.to_owned(),
        until: section.get("until").map(|item| item.day()).transpose()?,
        origin: section.source().name.to_owned(),
    };
    shelf.mutes.retain(|m| m.code != mute.code);
    shelf.mutes.push(mute);
    Ok(())
}

fn expect(shelf: &mut Shelf, section: &Section<'_>) -> Result<(), Complaint> {
    section.only(&[EXPECT_KEYS, &["matrix"]].concat())?;
    let said = section.need("matrix")?.text()?;
    let cell = matrix_file::expect(section, shelf)?;
    let known: Vec<String> = shelf.matrices.iter().map(|m| m.name.clone()).collect();
    match shelf.matrices.iter_mut().find(|m| m.name == said.text) {
        Some(matrix) => {
            matrix.expect.retain(|old| old.fact != cell.fact || old.path != cell.path);
            matrix.expect.push(cell);
            Ok(())
        }
        None => {
            let complaint = said.complain(format!("there is no matrix `{}`", said.text), "unknown matrix");
            Err(complaint.help(crate::complaint::among(said.text, known.iter().map(String::as_str), "known:")))
        }
    }
}

fn site(shelf: &mut Shelf, section: &Section<'_>) -> Result<(), Complaint> {
    section.only(&["name", "ticket"])?;
    if let Some(item) = section.get("name") {
        shelf.site.name = Some(item.text()?.text.to_owned());
    }
    if let Some(item) = section.get("ticket") {
        for (code, ticket) in item.section("[site.ticket]")?.items() {
            shelf.site.tickets.insert(delivered(&code, shelf)?, ticket.text()?.text.to_owned());
        }
    }
    Ok(())
}
