//! Which rows a run is about: `--only` and `--skip` by code, family or layer.

use crate::complaint::{Complaint, did_you_mean};
use crate::judge::select::takes_part;
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
        let chosen = Self { only: words(shelf, "--only", only)?, skip: words(shelf, "--skip", skip)? };
        if !chosen.is_everything() && !shelf.symptoms.iter().any(|row| chosen.takes(row)) {
            let (flag, typed) = if skip.is_empty() { ("--only", only) } else { ("--skip", skip) };
            return Err(Complaint::new("no row is left to judge")
                .flag(flag, &typed.join(","), "this leaves nothing")
                .help("`clawprobe explain` lists every code with its family and layer"));
        }
        Ok(chosen)
    }

    /// Whether neither flag was given.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    /// Whether a row is to be judged.
    pub fn takes(&self, row: &Symptom) -> bool {
        takes_part(row, &self.only, &self.skip)
    }
}

/// The words of a flag, each checked against the shelf.
fn words(shelf: &Shelf, flag: &str, typed: &[String]) -> Result<Vec<String>, Complaint> {
    let mut known: Vec<String> = Vec::new();
    for row in &shelf.symptoms {
        known.extend([row.code.as_str().to_owned(), row.code.family(), row.layer.as_str().to_owned()]);
    }
    let mut words = Vec::new();
    for value in typed {
        for word in value.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            if !known.iter().any(|k| k.eq_ignore_ascii_case(word)) {
                return Err(unknown(flag, value, word, &known));
            }
            words.push(word.to_owned());
        }
    }
    if words.is_empty() && !typed.is_empty() {
        return Err(Complaint::new(format!("{flag} names nothing")).flag(flag, &typed.join(","), "a code, a family or a layer"));
    }
    Ok(words)
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
    match did_you_mean(word, known.iter().map(String::as_str)) {
        Some(near) => complaint.help(format!("did you mean `{near}`?")),
        None => {
            complaint.help("a code looks like WS-01, a family like ws, a layer like websocket; `clawprobe explain` lists them")
        }
    }
}
