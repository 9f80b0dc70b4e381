//! Whether what came is like what is frozen. What varies is frozen as a placeholder; everything else must be equal.

use serde_json::Value;

use super::{Answer, Step};

/// The last element of a frozen list that stands for any number of elements, each of the shape of one before it.
pub const MORE: &str = "<more>";

/// Compares a step.
pub fn step(frozen: &Step, seen: &Step, at: &str, differs: &mut Vec<String>) {
    match (frozen, seen) {
        (Step::Answer(frozen), Step::Answer(seen)) => answer(frozen, seen, at, differs),
        (Step::Frame(frozen), Step::Frame(seen)) => value(frozen, seen, at, differs),
        (Step::Close(Some(frozen)), Step::Close(Some((code, reason)))) if *frozen == (*code, masked(reason)) => {}
        (frozen, seen) if frozen == seen => {}
        _ => differs.push(format!("{at}: frozen {}, came {}", short(frozen), short(seen))),
    }
}

/// A close reason whose request id, which may be cut off, is one of no request.
pub fn masked(reason: &str) -> String {
    let Some((before, id)) = reason.split_once(REQUEST) else { return reason.to_owned() };
    let id: String = id.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
    format!("{before}{REQUEST}{id}")
}

const REQUEST: &str = "(requestId: ";

fn short(step: &Step) -> String {
    serde_json::to_string(step).unwrap_or_default()
}

fn answer(frozen: &Answer, seen: &Answer, at: &str, differs: &mut Vec<String>) {
    if frozen.status != seen.status {
        differs.push(format!("{at}: frozen {}, came {} with {}", frozen.status, seen.status, seen.body));
    }
    let names = |answer: &Answer| answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    if names(frozen) != names(seen) {
        differs.push(format!("{at}: headers frozen {:?}, came {:?}", names(frozen), names(seen)));
    } else {
        for ((name, frozen), (_, seen)) in frozen.headers.iter().zip(&seen.headers) {
            if !stands_for_text(frozen) && frozen != seen {
                differs.push(format!("{at}: {name} frozen `{frozen}`, came `{seen}`"));
            }
        }
    }
    value(&frozen.body, &seen.body, &format!("{at} body"), differs);
}

/// Compares JSON: same members, same types, and the same values but for placeholders. A frozen member whose name ends in `?` may
/// be missing.
pub fn value(frozen: &Value, seen: &Value, at: &str, differs: &mut Vec<String>) {
    weigh(frozen, seen, true, at, differs);
}

/// Compares members and types, and, where it is to be `exact`, values.
fn weigh(frozen: &Value, seen: &Value, exact: bool, at: &str, differs: &mut Vec<String>) {
    match (frozen, seen) {
        (Value::Object(frozen), Value::Object(seen)) => {
            for (name, frozen) in frozen {
                let (name, optional) = name.strip_suffix('?').map_or((name.as_str(), false), |name| (name, true));
                match seen.get(name) {
                    Some(seen) => weigh(frozen, seen, exact, &format!("{at}/{name}"), differs),
                    None if optional => {}
                    None => differs.push(format!("{at}/{name}: missing")),
                }
            }
            let known = |name: &str| frozen.contains_key(name) || frozen.contains_key(&format!("{name}?"));
            let more = seen.iter().filter(|(name, _)| !known(name));
            differs.extend(more.map(|(name, seen)| format!("{at}/{name}: not frozen, came {seen}")));
        }
        (Value::Array(frozen), Value::Array(seen)) => list(frozen, seen, exact, at, differs),
        (Value::String(word), seen) if fits(word, seen) => {}
        (Value::Number(zero), Value::Number(_)) if zero.as_f64() == Some(0.0) => {}
        (frozen, seen) if frozen == seen => {}
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_))
            if !exact => {}
        (frozen, seen) => differs.push(format!("{at}: frozen {frozen}, came {seen}")),
    }
}

fn list(frozen: &[Value], seen: &[Value], exact: bool, at: &str, differs: &mut Vec<String>) {
    if let [kinds @ .., Value::String(last)] = frozen
        && last == MORE
    {
        let like = |seen: &Value| kinds.iter().any(|kind| same_shape(kind, seen));
        differs.extend(seen.iter().enumerate().filter(|(_, s)| !like(s)).map(|(i, s)| format!("{at}/{i}: no such kind: {s}")));
        if seen.is_empty() {
            differs.push(format!("{at}: empty"));
        }
    } else if frozen.len() == seen.len() {
        frozen.iter().zip(seen).enumerate().for_each(|(i, (a, b))| weigh(a, b, exact, &format!("{at}/{i}"), differs));
    } else {
        differs.push(format!("{at}: frozen {} elements, came {}", frozen.len(), seen.len()));
    }
}

/// Whether two values have the same members and types throughout.
pub fn same_shape(frozen: &Value, seen: &Value) -> bool {
    let mut differs = Vec::new();
    weigh(frozen, seen, false, "", &mut differs);
    differs.is_empty()
}

/// Whether a placeholder stands for this value: `<list>`, `<boolean>` and `<number or null>` for theirs, any other for a text.
fn fits(word: &str, seen: &Value) -> bool {
    match word {
        "<list>" => seen.is_array(),
        "<boolean>" => seen.is_boolean(),
        "<number or null>" => seen.is_number() || seen.is_null(),
        word => stands_for_text(word) && seen.is_string(),
    }
}

fn stands_for_text(word: &str) -> bool {
    word.starts_with('<') && word.ends_with('>')
}
