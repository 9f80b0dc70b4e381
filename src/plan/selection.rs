//! Which rows a run is about: `--only` and `--skip` by code, family or layer. The plan and the judgement both ask here.

use crate::code::{Code, Layer};
use crate::complaint::{Complaint, meant};
use crate::shelf::Shelf;
use crate::shelf::symptom::Symptom;

/// The rows `--only` and `--skip` leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// Reads both flags; each value may hold several words, separated by commas.
    ///
    /// # Errors
    /// A word that is no code, family or layer of the shelf, or words that leave no row.
    pub fn parse(shelf: &Shelf, only: &[String], skip: &[String]) -> Result<Self, Complaint> {
        check(shelf, "--only", only)?;
        check(shelf, "--skip", skip)?;
        let chosen = Self::of(only, skip);
        if !chosen.is_everything() && !shelf.symptoms.iter().any(|row| chosen.takes(row)) {
            let (flag, typed) = if skip.is_empty() { ("--only", only) } else { ("--skip", skip) };
            return Err(Complaint::new("no row is left to judge")
                .flag(flag, &typed.join(","), "this leaves nothing")
                .help("`clawprobe explain` lists every code with its family and layer"));
        }
        Ok(chosen)
    }

    /// Both flags as a recording's head keeps them. A word that this shelf does not know names no row.
    pub fn of(only: &[String], skip: &[String]) -> Self {
        Self { only: split(only), skip: split(skip) }
    }

    /// Whether neither flag was given.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    /// Whether `--only` names this very code.
    pub fn names(&self, code: &Code) -> bool {
        self.only.iter().any(|word| word.eq_ignore_ascii_case(code.as_str()))
    }

    /// Whether a row is to be judged.
    pub fn takes(&self, row: &Symptom) -> bool {
        self.takes_code(&row.code, Some(row.layer))
    }

    /// Whether a code is to be judged, which may have no row and so no layer: no words of `--only` mean every code, and
    /// `--skip` has the last word.
    pub fn takes_code(&self, code: &Code, layer: Option<Layer>) -> bool {
        let known = [code.as_str(), &code.family(), layer.map_or("", Layer::as_str)];
        let among = |words: &[String]| words.iter().any(|word| known.iter().any(|name| name.eq_ignore_ascii_case(word)));
        (self.only.is_empty() || among(&self.only)) && !among(&self.skip)
    }
}

/// The words of a flag's values, one by one, as a recording's head keeps them.
pub fn split(typed: &[String]) -> Vec<String> {
    typed.iter().flat_map(|value| words(value)).map(str::to_owned).collect()
}

/// The words of one value of a flag.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// Checks every word of a flag against the shelf.
fn check(shelf: &Shelf, flag: &str, typed: &[String]) -> Result<(), Complaint> {
    let mut known: Vec<String> = Vec::new();
    for row in &shelf.symptoms {
        known.extend([row.code.as_str().to_owned(), row.code.family(), row.layer.as_str().to_owned()]);
    }
    for value in typed {
        if let Some(word) = words(value).find(|word| !known.iter().any(|k| k.eq_ignore_ascii_case(word))) {
            return Err(unknown(flag, value, word, &known));
        }
    }
    if !typed.is_empty() && typed.iter().all(|value| words(value).next().is_none()) {
        return Err(Complaint::new(format!("{flag} names nothing")).flag(flag, &typed.join(","), "a code, a family or a layer"));
    }
    Ok(())
}

fn unknown(flag: &str, value: &str, word: &str, known: &[String]) -> Complaint {
    let text = format!("{flag} {value}");
    let start = text.len() - value.len() + value.find(word).unwrap_or(0);
    let complaint = Complaint::new(format!("`{word}` is no code, family or layer")).at(
        "command line",
        text,
        start..start + word.len(),
        "matches no row",
    );
    let otherwise = "a code looks like WS-01, a family like ws, a layer like websocket; `clawprobe explain` lists them";
    complaint.help(meant(word, known.iter().map(String::as_str), otherwise))
}
