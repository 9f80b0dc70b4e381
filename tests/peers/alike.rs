//! Two reports of one scenario, fact by fact and row by row: one with real gateways, one with the reference gateway in their
//! place.

use std::collections::{BTreeMap, BTreeSet};

use clawprobe::facts::dictionary;
use clawprobe::facts::schema::Print;
use serde_json::{Value, json};

use crate::again;
use crate::cast::Cast;
use crate::play::play;
use crate::scenario::Scenario;
use crate::stage::Stage;

/// Plays a scenario with the reference gateway and compares every run with the same run on real ones: what the scenario
/// expects, every fact that a fingerprint keeps, and what became of every row.
pub fn hold(stage: &Stage, scenario: &Scenario) -> Result<(), String> {
    let real = stage.real(scenario)?;
    again::patiently(&scenario.name, scenario.measures_time(), || {
        let reference = play(stage, scenario, Cast::Reference)?;
        let pairs = real.iter().zip(&reference).enumerate();
        let wrong: Vec<String> =
            pairs.flat_map(|(n, (a, b))| differences(a, b).into_iter().map(move |d| format!("run {n}: {d}"))).collect();
        if real.len() == reference.len() && wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    })
}

/// The report with every port, folder and secret of the scene called by its name, and placeholders of secrets numbered as they
/// come: two scenes differ in those.
pub fn in_names_of(holes: &BTreeMap<String, String>, mut report: Value) -> Value {
    let mut holes: Vec<(&str, &str)> = holes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A longer value may hold a shorter one.
    holes.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
    change(&mut report, &mut |text| *text = renamed(&holes, text), &|number| {
        holes.iter().find(|(_, value)| *value == number).map(|(name, _)| format!("{{{name}}}"))
    });
    let mut seen = Vec::new();
    change(&mut report, &mut |text| number_placeholders(&mut seen, text), &|_| None);
    report
}

/// Changes every text of a report, and numbers that are to be a text.
fn change(value: &mut Value, texts: &mut dyn FnMut(&mut String), numbers: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::String(text) => texts(text),
        Value::Number(number) => *value = numbers(&number.to_string()).map_or_else(|| value.clone(), Value::from),
        Value::Array(list) => list.iter_mut().for_each(|value| change(value, texts, numbers)),
        Value::Object(map) => map.iter_mut().for_each(|(_, value)| change(value, texts, numbers)),
        _ => {}
    }
}

/// Placeholders are keyed anew in every run; which of them are the same is not.
fn number_placeholders(seen: &mut Vec<String>, text: &mut String) {
    const WORD: &str = "secret:";
    let places: Vec<usize> = text.match_indices(WORD).map(|(at, _)| at + WORD.len()).collect();
    for digits in places.into_iter().filter_map(|at| at.checked_add(8).map(|end| at..end)) {
        let Some(key) = text.get(digits.clone()).map(str::to_owned) else { continue };
        if key.bytes().all(|b| b.is_ascii_hexdigit()) {
            let number = seen.iter().position(|s| *s == key).unwrap_or_else(|| {
                seen.push(key);
                seen.len() - 1
            });
            text.replace_range(digits, &format!("{number:08}"));
        }
    }
}

fn renamed(holes: &[(&str, &str)], text: &str) -> String {
    holes.iter().fold(text.to_owned(), |text, (name, value)| {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(value) {
            let (before, after) = (&rest[..at], &rest[at + value.len()..]);
            let inside = before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
            out += before;
            if inside {
                out += value
            } else {
                out += &format!("{{{name}}}")
            };
            rest = after;
        }
        out + rest
    })
}

/// Every difference between two runs, one line each.
fn differences(real: &Value, reference: &Value) -> Vec<String> {
    let (a, b) = (kept(real), kept(reference));
    let ids: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differ = ids.into_iter().filter(|id| a.get(*id) != b.get(*id));
    let text = |value: Option<&Value>| value.map_or_else(|| String::from("no fact"), Value::to_string);
    differ.map(|id| format!("{id} is {} of the real one, {} of the reference", text(a.get(id)), text(b.get(id)))).collect()
}

/// What a fingerprint keeps of a report's facts, and whether each was there at all, by id.
fn kept(report: &Value) -> BTreeMap<String, Value> {
    let facts = report["facts"].as_array().into_iter().flatten();
    let mut kept: BTreeMap<String, Value> = facts.filter_map(keep).collect();
    for table in report["tables"].as_array().into_iter().flatten() {
        // How many sockets listen depends on the other scenarios' gateways, see below.
        let rows = if table["table"] == "listener" { &Value::Null } else { &table["rows"] };
        let name = format!("table {} {} {}", table["table"], table["site"], table["path"]);
        kept.insert(name, json!([table["state"], table["reason"], rows]));
    }
    kept.extend(["findings", "undecided", "clear"].into_iter().flat_map(|list| judged(report, list)));
    kept
}

/// The rows of a list of the judgement: what became of each, and which facts it rests on or lacks.
fn judged<'a>(report: &'a Value, list: &'a str) -> impl Iterator<Item = (String, Value)> + 'a {
    let ids = |list: &Value| {
        let ids = list.as_array().into_iter().flatten().filter_map(|item| item["id"].as_str());
        // Their order is that of looking, which a bystander's row may change.
        let ids: BTreeSet<&str> = ids.filter(|id| !bystander(id)).collect();
        ids.into_iter().map(Value::from).collect::<Value>()
    };
    report[list].as_array().into_iter().flatten().map(move |row| {
        let rest = [&row["certainty"], &row["severity"], &row["explained_by"], &row["reason"], &row["beneath"]];
        (format!("{list} {}", row["id"]), json!([rest, ids(&row["evidence"]), ids(&row["lacks"])]))
    })
}

fn keep(fact: &Value) -> Option<(String, Value)> {
    let id = fact["id"].as_str()?;
    if bystander(id) {
        return None;
    }
    let (table, field) = (id.split(['@', '[', '.']).next()?, id.rsplit('.').next()?);
    if (table, field) == BUSY {
        return None;
    }
    let print = dictionary::table(table)?.field(field)?.print;
    let value = match print {
        Print::Exact => fact["value"].clone(),
        #[expect(clippy::cast_possible_truncation, reason = "an order of magnitude")]
        Print::Bucket => json!(fact["value"].as_f64().map(|n| n.abs().log10().floor() as i64)),
        Print::Presence | Print::Omit => Value::Null,
    };
    Some((id.to_owned(), json!([fact["state"], fact["reason"], value])))
}

/// Whether there is such a fact tells how busy this machine was, whoever is asked.
const BUSY: (&str, &str) = ("timer", "late");

/// A listening socket of a gateway that another scenario started: its port has no name in this scene.
fn bystander(id: &str) -> bool {
    let port = id.strip_prefix("listener@").and_then(|id| id.split_once("port="));
    port.is_some_and(|(_, port)| !port.starts_with('{'))
}

/// The comparison itself: it passes over what differs from run to run, and finds every other change.
pub fn control() -> Result<(), String> {
    let fact = |id: &str, value: Value| json!({"id": id, "state": "value", "reason": null, "value": value});
    let run = |port: &str, key: &str, status: u16, after: f64| {
        let holes = BTreeMap::from([("gw.port".to_owned(), port.to_owned())]);
        let facts = [
            fact(&format!("tcp@here/local[address=127.0.0.1,port={port}].connected"), json!("accepted")),
            fact(&format!("listener@here[address=127.0.0.1,port=5{port}].dialled"), json!(false)),
            fact("path@here/local.port", json!(port.parse::<u16>().unwrap_or_default())),
            fact("setting@here[source=environment,key=token].value", json!(format!("secret:{key}"))),
            fact("upgrade@here/local[offer=http1,as=plain].status", json!(status)),
            fact("connect@here/local.after", json!(after)),
            json!({"id": "timer@here/local.late", "state": if after > 5.0 { "value" } else { "absent" }, "reason": null, "value": null}),
        ];
        let table =
            |name: &str, rows: usize| json!({"table": name, "site": "here", "path": null, "state": "complete", "rows": rows});
        let tables = [table("tcp", if status == 101 { 1 } else { 2 }), table("listener", port.parse().unwrap_or_default())];
        let cause = json!({"id": "WS-01@here/local", "certainty": "proven", "evidence": [{"id": format!("x.{status}")}]});
        in_names_of(&holes, json!({"facts": facts, "tables": tables, "findings": [cause]}))
    };
    let real = run("4001", "0123abcd", 101, 1.5);
    let same = differences(&real, &run("4002", "abcd0123", 101, 7.5));
    let other = differences(&real, &run("4002", "abcd0123", 426, 7.5));
    let absent = differences(&real, &json!({"facts": []}));
    match (same.len(), other.len(), absent.len()) {
        (0, 3, 8) => Ok(()),
        _ => Err(format!("{same:?}\n{other:?}\n{absent:?}")),
    }
}
