//! `--only` and `--skip`: which rows take part.

use crate::code::Layer;
use crate::shelf::symptom::Symptom;

/// Whether a row is among the words given: its code, its family or its layer; no words means every row.
pub fn takes_part(symptom: &Symptom, only: &[String], skip: &[String]) -> bool {
    let among = |words: &[String]| words.iter().any(|word| is_named(symptom, word));
    (only.is_empty() || among(only)) && !among(skip)
}

fn is_named(symptom: &Symptom, word: &str) -> bool {
    word.eq_ignore_ascii_case(symptom.code.as_str())
        || word.eq_ignore_ascii_case(&symptom.code.family())
        || word.parse::<Layer>().is_ok_and(|layer| layer == symptom.layer)
}
