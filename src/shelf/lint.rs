//! Runs a row's evidence: every fence says what it says it says, and no small falsification of the condition goes unnoticed.

use std::ops::Range;

use super::page::Page;
use super::reader::{Section, Source};
use super::symptom::{Case, Symptom};
use super::symptom_file::{self, Draft};
use super::{Shelf, answer, check, edges, front, matrix_file, overlay, pattern, probe_file};
use crate::complaint::Complaint;
use crate::judge::condition::fence::{self, Expect, Fence};
use crate::judge::condition::{Mistake, Mutant};

/// Checks a file of any kind the shelf knows and says what was checked, and which mutes are over `now` (RFC 3339).
///
/// # Errors
/// Every complaint that can be made at once.
pub fn file(name: &str, text: &str, now: &str) -> Result<String, Vec<Complaint>> {
    let shelf = Shelf::builtin().map_err(|c| vec![c])?;
    match kind(name, text).map_err(|c| vec![c])? {
        Kind::Symptom => symptom(shelf, name, text).map_err(|c| vec![c]).and_then(|row| rows(&[row], name, text)),
        Kind::Matrix => matrix_file::read(name, text, &shelf).map(|m| format!("matrix {}", m.name)).map_err(|c| vec![c]),
        Kind::Probe => {
            let probe = probe_file::read(name, text).and_then(|d| probe_file::needs(&shelf, &d).map(|()| d.probe.id));
            probe.map(|id| format!("probe {id}")).map_err(|c| vec![c])
        }
        Kind::Pattern => {
            let pattern = pattern::read(name, text, name, |page| Page::from(page.to_owned()));
            pattern.map(|p| format!("pattern {}", p.name)).map_err(|c| vec![c])
        }
        Kind::Answer => {
            let draft = answer::read(name, text, name, |page| Page::from(page.to_owned()));
            let checked = draft.and_then(|draft| answer::names(&shelf, &draft).map(|()| draft.answer.name));
            checked.map(|answer| format!("answer {answer}")).map_err(|c| vec![c])
        }
        Kind::Edges => edges::read(name, text).map(|all| format!("{} edges", all.len())).map_err(|c| vec![c]),
        Kind::Overlay => {
            let mut shelf = shelf;
            overlay::apply(&mut shelf, name, text).map_err(|c| vec![c])?;
            let notes: String = shelf.mutes.iter().filter_map(|m| m.ended(now)).map(|note| format!("\nnote: {note}")).collect();
            let own: Vec<Symptom> = shelf.symptoms.into_iter().filter(|s| s.origin == name).collect();
            rows(&own, name, text).map(|checked| format!("overlay, {checked}{notes}"))
        }
    }
}

enum Kind {
    Symptom,
    Pattern,
    Answer,
    Matrix,
    Edges,
    Probe,
    Overlay,
}

/// What a file is, by its name and by the keys that only one kind has.
fn kind(name: &str, text: &str) -> Result<Kind, Complaint> {
    if name.ends_with(".md") {
        return Ok(match front::kind(name, text) {
            front::Kind::Symptom => Kind::Symptom,
            front::Kind::Pattern => Kind::Pattern,
            front::Kind::Answer => Kind::Answer,
        });
    }
    if name.rsplit(['/', '\\']).next() == Some(edges::FILE) {
        return Ok(Kind::Edges);
    }
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let root = Section::root(source, &tree, "a file");
    Ok(match (root.get("probes"), root.get("primitive")) {
        (Some(_), _) => Kind::Matrix,
        (_, Some(_)) => Kind::Probe,
        _ => Kind::Overlay,
    })
}

/// Loads a symptom file into the shelf, in the place of the row of the same code if there is one.
fn symptom(mut shelf: Shelf, name: &str, text: &str) -> Result<Symptom, Complaint> {
    let Draft { symptom, names } = symptom_file::read(name, text, name, |page| Page::from(page.to_owned()))?;
    shelf.symptoms.retain(|s| s.code != symptom.code);
    shelf.symptoms.push(symptom.clone());
    check::names(&shelf, &names)?;
    check::circles(&shelf, std::slice::from_ref(&names))?;
    Ok(symptom)
}

fn rows(rows: &[Symptom], name: &str, text: &str) -> Result<String, Vec<Complaint>> {
    let mut complaints = Vec::new();
    for row in rows {
        match evidence(row, name, text) {
            Ok(fences) => complaints.extend(survivors(row, &fences, name, text)),
            Err(found) => complaints.extend(found),
        }
    }
    let fences: usize = rows.iter().map(|row| row.page.fences().len()).sum();
    let words = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    if complaints.is_empty() {
        Ok(format!("{}, {} of evidence", words(rows.len(), "row"), words(fences, "fence")))
    } else {
        Err(complaints)
    }
}

/// Runs the fences of a row; `name` and `text` are the file it stands in.
///
/// # Errors
/// A complaint for each mistake, for each fence that comes to another verdict, and for each kind of evidence that is lacking.
pub fn evidence(row: &Symptom, name: &str, text: &str) -> Result<Vec<Fence>, Vec<Complaint>> {
    let mut complaints = Vec::new();
    let mut fences = Vec::new();
    for (_, written) in row.page.fences() {
        let start = text.find(written).unwrap_or(0);
        let judged = fence::parse(written).and_then(|fence| {
            let verdict = fence.judge(&row.each, &row.when, row.lead.as_deref()).map_err(|mistake| vec![mistake])?;
            if verdict == fence.expect { Ok(fence) } else { Err(vec![other(row, &fence, verdict, written)]) }
        });
        match judged {
            Ok(fence) => fences.push(fence),
            Err(mistakes) => complaints.extend(mistakes.into_iter().map(|m| m.shifted(start).complaint(name, text))),
        }
    }
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let wanted =
        [Expect::Present, Expect::Clear, Expect::Unknown].into_iter().chain(row.lead.as_ref().map(|_| Expect::Suspected));
    for kind in wanted.filter(|kind| fences.iter().all(|f| f.expect != *kind)) {
        let title = format!("{} has no evidence of `{kind}`", row.code);
        complaints.push(Complaint::new(title).at(name, text, place(text, row.code.as_str()), "this row"));
    }
    complaints.extend(unshown(row, &fences).map(|case| {
        let title = format!("{}: no evidence comes to this case", row.code);
        let complaint = Complaint::new(title).at(name, text, place(text, &case.when.text), "this can be wrong unseen");
        complaint.help("add a fence in which the row holds, and this case before every other")
    }));
    if complaints.is_empty() { Ok(fences) } else { Err(complaints) }
}

/// The cases of a row that none of its findings in these fences is.
fn unshown<'r>(row: &'r Symptom, fences: &[Fence]) -> impl Iterator<Item = &'r Case> {
    let holding = fences.iter().filter(|fence| matches!(fence.expect, Expect::Present | Expect::Suspected));
    let shown: Vec<*const Case> = holding
        .flat_map(|fence| {
            let instances = fence.instances(&row.each).unwrap_or_default();
            instances.into_iter().filter_map(|at| row.case(&fence.world(), &at).map(std::ptr::from_ref)).collect::<Vec<_>>()
        })
        .collect();
    row.in_case.iter().filter(move |case| !shown.contains(&std::ptr::from_ref(*case)))
}

/// The mistake of a fence that comes to another verdict, with what each part of the condition came to.
fn other(row: &Symptom, fence: &Fence, verdict: Expect, written: &str) -> Mistake {
    let title = format!("{}: this is said to be {} and comes to {verdict}", row.code, fence.expect);
    let instances = fence.instances(&row.each).unwrap_or_default();
    let outcome = instances.first().map(|instance| row.when.eval(&fence.world(), instance));
    let steps = outcome.iter().flat_map(|o| o.trace()).map(|step| format!("`{}` is {}", step.text, step.truth));
    let trace = steps.collect::<Vec<_>>().join("; ");
    let help = if trace.is_empty() { "the row has no instance here".to_owned() } else { trace };
    Mistake::new(title, 0..written.lines().next().unwrap_or_default().len(), format!("comes to {verdict}")).help(help)
}

/// Small falsifications of the condition and of the lead that no fence notices.
pub fn survivors(row: &Symptom, fences: &[Fence], name: &str, text: &str) -> Vec<Complaint> {
    let lead = row.lead.as_deref();
    let unnoticed = |changed: &dyn Fn(&Fence) -> Result<Expect, Mistake>| {
        fences.iter().all(|fence| changed(fence).is_ok_and(|verdict| verdict == fence.expect))
    };
    let complaint = |mutant: &Mutant, place: Range<usize>| {
        Complaint::new(format!("{}: no evidence notices {}", row.code, mutant.what))
            .at(name, text, place, "this can be wrong unseen")
            .help("add a fence that would come to another verdict with this change")
    };
    let of_when = row.when.mutants().into_iter().filter(|m| unnoticed(&|f| f.judge(&row.each, &m.condition, lead)));
    let mut found: Vec<_> = of_when.map(|m| complaint(&m, place(text, &row.when.text))).collect();
    if let Some(lead) = &row.lead {
        let of_lead = lead.mutants().into_iter().filter(|m| unnoticed(&|f| f.judge(&row.each, &row.when, Some(&m.condition))));
        found.extend(of_lead.map(|m| complaint(&m, place(text, &lead.text))));
    }
    found
}

/// Where a piece of a row stands in its file; nowhere in particular when the file writes it with escapes.
fn place(text: &str, piece: &str) -> Range<usize> {
    let start = text.find(piece).unwrap_or(0);
    let piece = piece.trim_end();
    let lead = piece.len() - piece.trim_start().len();
    start + lead..start + piece.len()
}
