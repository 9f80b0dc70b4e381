//! Rows that somebody chose and that apply to nothing planned: whoever asks for a row is not told "healthy" without it.

use super::rows::Ruled;
use super::verdict::{Lacking, Undecided};
use crate::code::Layer;
use crate::facts::{Because, Reason};
use crate::plan::Selection;
use crate::shelf::symptom::Symptom;

/// What an `each` asks for, and the flag that names such a path.
const FLAGS: &[(&str, &str)] = &[
    ("edge", "--edge URL"),
    ("tunnel", "--tunnel URL"),
    ("tailnet", "--tailnet HOST"),
    ("public", "--public URL"),
    ("unix", "--gateway unix:PATH"),
    ("wss", "--gateway wss://HOST"),
    ("direct", "--gateway URL"),
    ("local", "--gateway URL"),
    ("gateway-host", "--gateway URL"),
];

/// A required entry for each row that applies to no planned path: for those `--only` names by their code always, for the
/// others when nothing at all was judged.
pub fn undecided(chosen: &Selection, taking_part: &[&Symptom], rulings: &[Ruled<'_>]) -> Vec<Undecided> {
    if chosen.is_everything() {
        return Vec::new();
    }
    let ruled = |row: &Symptom| rulings.iter().any(|r| r.symptom.code == row.code);
    if taking_part.is_empty() {
        return vec![entry("selection", "The selection names no row", None, "no row is left to judge; change --only or --skip")];
    }
    // A row of a table whose every row was seen, and there is none, is judged: nothing is the matter.
    let idle = taking_part.iter().filter(|row| !ruled(row) && !row.each.walks_a_table());
    idle.filter(|row| rulings.is_empty() || chosen.names(&row.code)).map(|row| lacking(row)).collect()
}

fn lacking(row: &Symptom) -> Undecided {
    let mut words = row.each.text.split(|c: char| !c.is_alphanumeric() && c != '-');
    let flag = words.find_map(|word| FLAGS.iter().find(|(asked, _)| *asked == word)).map_or("a path", |(_, flag)| flag);
    let because = format!("applies to no planned path; add {flag}");
    entry(row.code.as_str(), &row.title, Some(row.layer), &because)
}

fn entry(code: &str, title: &str, layer: Option<Layer>, because: &str) -> Undecided {
    let reason = Because::new(Reason::NotPlanned, because);
    Undecided {
        code: code.to_owned(),
        id: code.to_owned(),
        title: title.to_owned(),
        layer,
        vantages: Vec::new(),
        required: true,
        lacks: vec![Lacking { id: "path".to_owned(), because: reason.clone() }],
        reason,
        beneath: None,
    }
}
