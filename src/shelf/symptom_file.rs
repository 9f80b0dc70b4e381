//! From a symptom file, or a row of an overlay, to a symptom.

use std::collections::BTreeMap;
use std::ops::Range;

use super::page::Page;
use super::reader::{Said, Section, Source};
use super::symptom::{Case, KEYS, Symptom, Written};
use super::{digest, front};
use crate::code::{Code, Layer, Plane, Severity};
use crate::complaint::Complaint;
use crate::judge::condition::{Condition, Each, Template};

/// A symptom, and what can only be checked with the whole shelf at hand.
pub struct Draft<'a> {
    /// The row.
    pub symptom: Symptom,
    /// The codes it names.
    pub names: Names<'a>,
}

/// The codes a row names.
pub struct Names<'a> {
    /// The row's own code.
    pub of: Code,
    /// The file the row stands in.
    pub source: Source<'a>,
    /// Every code it names, with its place.
    pub named: Vec<(Code, Range<usize>)>,
}

/// How to begin a symptom file.
const FIRST: &str = "`clawprobe matrix new X-EDGE-01` prints a file to begin with";

/// Reads a symptom file: front matter between `+++` lines, then Markdown. `page` makes a page of the Markdown, borrowed or owned.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read<'a>(name: &'a str, text: &'a str, origin: &str, page: impl FnOnce(&'a str) -> Page) -> Result<Draft<'a>, Complaint> {
    let (source, rest) = front::split(name, text, FIRST)?;
    let tree = source.parse()?;
    let section = Section::root(source, &tree, "a symptom");
    section.only(KEYS)?;
    let draft = row(&section, source, page(rest), origin, digest(text))?;
    check_name(&section, &draft.symptom)?;
    Ok(draft)
}

/// Reads the fields of a row. Keys are the caller's to check, because an overlay's rows have some of their own.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn row<'a>(
    section: &Section<'_>,
    source: Source<'a>,
    page: Page,
    origin: &str,
    digest: String,
) -> Result<Draft<'a>, Complaint> {
    let text = |key: &'static str| section.need(key).and_then(|item| item.text());
    let each_said = text("each")?;
    let each = written(&each_said, Each::parse)?;
    let condition = |said: Said<'_>| written(&said, |src| Condition::parse(src, &each.parsed));
    let template = |said: &Said<'_>| written(said, |src| Template::parse(src, &each.parsed));
    let (explained_by, mut named) = codes(section, "explained-by")?;
    let (lookalikes, more) = codes(section, "lookalikes")?;
    named.extend(more);
    let commands = match section.get("commands") {
        Some(item) => item.texts()?.iter().map(template).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let in_case = match section.get("in-case") {
        Some(item) => item.sections("a case")?.iter().map(|case| one_case(case, &each)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    let (fault, no_fault) = fault(section)?;
    let symptom = Symptom {
        code: text("code")?.parse()?,
        name: name(&text("name")?)?,
        title: sentence(&text("title")?)?,
        layer: text("layer")?.label(Layer::ALL)?,
        plane: text("plane")?.label(Plane::ALL)?,
        severity: text("severity")?.label(Severity::ALL)?,
        since: text("since")?.text.to_owned(),
        when: condition(text("when")?)?,
        lead: section.get("lead").map(|item| item.text().and_then(condition)).transpose()?,
        explained_by,
        lookalikes,
        observed: template(&text("observed")?)?,
        expected: template(&text("expected")?)?,
        therefore: template(&text("therefore")?)?,
        first_response: sentence(&text("first-response")?)?,
        in_case,
        commands,
        fault,
        no_fault,
        requirements: strings(section, "requirements")?,
        references: strings(section, "references")?,
        page,
        origin: origin.to_owned(),
        provenance: BTreeMap::new(),
        digest,
        each,
    };
    let names = Names { of: symptom.code.clone(), source, named };
    Ok(Draft { symptom, names })
}

/// A case: when it is one, and what to do first then.
fn one_case(section: &Section<'_>, each: &Each) -> Result<Case, Complaint> {
    section.only(&["when", "first"])?;
    let first = section.need("first")?.text()?;
    sentence(&first)?;
    Ok(Case {
        when: written(&section.need("when")?.text()?, |src| Condition::parse(src, each))?,
        first: written(&first, |src| Template::parse(src, each))?,
    })
}

/// The fault that reproduces the row, or why there is none: one of the two.
fn fault(section: &Section<'_>) -> Result<(String, String), Complaint> {
    match (section.get("fault"), section.get("no-fault")) {
        (Some(_), Some(none)) => {
            let complaint = none.text()?.complain("a row has a fault or a reason why it has none", "it has a fault");
            Err(complaint.help("take one of the two keys out"))
        }
        (None, Some(none)) => Ok((String::new(), sentence(&none.text()?)?)),
        _ => Ok((section.need("fault")?.text()?.text.to_owned(), String::new())),
    }
}

fn written<T>(
    said: &Said<'_>,
    parse: impl FnOnce(&str) -> Result<T, Vec<crate::judge::condition::Mistake>>,
) -> Result<Written<T>, Complaint> {
    Ok(Written { parsed: said.language(parse)?, text: said.text.to_owned() })
}

pub(super) fn strings(section: &Section<'_>, key: &'static str) -> Result<Vec<String>, Complaint> {
    Ok(section.need(key)?.texts()?.iter().map(|said| said.text.to_owned()).collect())
}

/// Codes, and each with its place.
pub(super) type Named = (Vec<Code>, Vec<(Code, Range<usize>)>);

pub(super) fn codes(section: &Section<'_>, key: &'static str) -> Result<Named, Complaint> {
    let said = section.need(key)?.texts()?;
    let names = said.iter().map(|s| Ok((s.parse::<Code, _>()?, s.span.clone()))).collect::<Result<Vec<_>, Complaint>>()?;
    Ok((names.iter().map(|(code, _)| code.clone()).collect(), names))
}

/// A row's name: words joined by hyphens, because it stands in a file name.
pub(super) fn name(said: &Said<'_>) -> Result<String, Complaint> {
    let fits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if said.text.split('-').all(fits) {
        Ok(said.text.to_owned())
    } else {
        Err(said.complain("a name is lower-case words joined by hyphens", "as in `upgrade-refused`"))
    }
}

/// A text that people read: it may not be empty.
pub(super) fn sentence(said: &Said<'_>) -> Result<String, Complaint> {
    match said.text.trim() {
        "" => Err(said.complain("this is empty", "a sentence belongs here")),
        text => Ok(text.to_owned()),
    }
}

/// The file is named after code and name; in a tree of symptoms its folder is the family.
fn check_name(section: &Section<'_>, symptom: &Symptom) -> Result<(), Complaint> {
    let path = section.source().name;
    let mut parts = path.rsplit(['/', '\\']);
    let (file, folder, above) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let wanted = format!("{}-{}.md", symptom.code, symptom.name);
    let code = section.need("code")?.text()?;
    if file != wanted {
        return Err(code.complain(format!("this file is to be named {wanted}"), format!("the file is named {file}")));
    }
    let family = symptom.code.family();
    match folder {
        Some(folder) if above == Some("symptoms") && folder != family => {
            Err(code.complain(format!("this file is to lie in the folder {family}"), format!("it lies in {folder}")))
        }
        _ => Ok(()),
    }
}
