//! Writes down what came: everything that varies from gateway to gateway becomes a placeholder of its kind, long lists are cut.

use serde_json::{Map, Number, Value};

use crate::exchanges::compare::{MORE, masked, same_shape};
use crate::exchanges::{Answer, Exchange, Step, folder};

/// Members whose numbers are the same on every gateway; all others are frozen as 0, which stands for any.
const FIXED: &[&str] = &[
    "protocol",
    "expectedProtocol",
    "minimumProbeProtocol",
    "clientMinProtocol",
    "clientMaxProtocol",
    "maxPayload",
    "maxBufferedBytes",
    "tickIntervalMs",
    "maxBytes",
    "maxImageBytes",
    "heartbeatSeconds",
];

/// Members that differ from gateway to gateway or from moment to moment, and what stands for them.
const VARYING: &[(&str, &str)] = &[
    ("degraded", "<boolean>"),
    ("degradedSinceMs", "<number or null>"),
    ("reasons", "<list>"),
    ("recoveryScope", "<key>"),
    ("publicKey", "<key>"),
    ("deviceToken", "<token>"),
    ("canvas", "<url>"),
    ("raw", "<file>"),
    ("release", "<kernel>"),
    ("osLabel", "<system>"),
    ("cpuModel", "<model>"),
];

/// Members that the sampler leaves out at times.
const SAMPLED: &[&str] = &["workerCoreRatio", "otherThreadsCoreRatio"];
/// Members that a gateway leaves out just after its start.
const LATE: &[&str] = &["updateSchedule"];

/// Header lines whose value varies.
const HEADERS: &[(&str, &str)] =
    &[("Date", "<date>"), ("Content-Length", "<length>"), ("ETag", "<tag>"), ("Last-Modified", "<date>")];

/// How many elements of a longer list are kept.
const KEPT: usize = 3;
/// The longest text that is kept as it is.
const LONGEST: usize = 200;

/// Writes an exchange with the steps that came.
pub fn write(exchange: &Exchange, steps: Vec<Step>, own: &[&str]) -> Result<(), String> {
    let steps = steps.into_iter().map(|step| frozen(step, own)).collect();
    let text = serde_json::to_string_pretty(&Exchange { steps, ..exchange.clone() }).map_err(|e| e.to_string())?;
    std::fs::write(folder().join(format!("{}.json", exchange.name)), text + "\n").map_err(|e| e.to_string())
}

fn frozen(step: Step, own: &[&str]) -> Step {
    match step {
        Step::Frame(frame) => Step::Frame(value("", frame, own)),
        Step::Answer(Answer { status, headers, body }) => {
            let headers = headers.into_iter().map(|(name, value)| header(name, value)).collect();
            Step::Answer(Answer { status, headers, body: value("", body, own) })
        }
        Step::Close(Some((code, reason))) => Step::Close(Some((code, masked(&reason)))),
        other => other,
    }
}

fn header(name: String, value: String) -> (String, String) {
    let varies = HEADERS.iter().find(|(n, _)| n.eq_ignore_ascii_case(&name));
    (name, varies.map_or(value, |(_, stands)| (*stands).to_owned()))
}

fn value(name: &str, seen: Value, own: &[&str]) -> Value {
    if let Some((_, stands)) = VARYING.iter().find(|(n, _)| *n == name) {
        return (*stands).into();
    }
    match seen {
        Value::Number(number) if FIXED.contains(&name) => Value::Number(number),
        Value::Number(_) => Value::Number(Number::from(0)),
        Value::String(text) => text_of(text, own).into(),
        Value::Array(list) => cut(list.into_iter().map(|seen| value("", seen, own)).collect()),
        Value::Object(members) => {
            let cpu = name == "cpuBreakdown";
            let always = members.into_iter().filter(|(name, _)| !SAMPLED.contains(&name.as_str()));
            let mut all: Map<_, _> = always.map(|(name, seen)| (spelt(&name), value(&name, seen, own))).collect();
            all.extend(SAMPLED.iter().filter(|_| cpu).map(|name| (format!("{name}?"), 0.into())));
            Value::Object(all)
        }
        other => other,
    }
}

/// A member's name as it is frozen: with a `?` if it may be missing.
fn spelt(name: &str) -> String {
    format!("{name}{}", if LATE.contains(&name) { "?" } else { "" })
}

/// Cuts a list: of objects one of each shape is kept, of others a few.
fn cut(list: Vec<Value>) -> Value {
    let length = list.len();
    let mut kept: Vec<Value> = Vec::new();
    for element in list {
        if if element.is_object() { !kept.iter().any(|k| same_shape(k, &element)) } else { kept.len() < KEPT } {
            kept.push(element);
        }
    }
    if kept.len() < length {
        kept.push(MORE.into());
    }
    kept.into()
}

/// A placeholder if the text is one of this gateway, this start or this moment.
fn text_of(text: String, own: &[&str]) -> String {
    let stands = match text.as_str() {
        t if own.iter().any(|own| t.contains(own)) => "<own>",
        t if uuid(t) => "<uuid>",
        t if t.len() >= 32 && t.bytes().all(|b| b.is_ascii_hexdigit()) => "<hex>",
        t if t.starts_with("hmac-sha256:") => "<hash>",
        t if t.starts_with("2026.9.6-release-") => "<build>",
        t if t.len() >= 20 && t.as_bytes().get(4) == Some(&b'-') && t.contains('T') && t.ends_with('Z') => "<time>",
        t if t.starts_with("linux ") => "<system>",
        t if t.len() > LONGEST => "<text>",
        _ => return text,
    };
    stands.to_owned()
}

fn uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| if [8, 13, 18, 23].contains(&i) { b == b'-' } else { b.is_ascii_hexdigit() })
}
