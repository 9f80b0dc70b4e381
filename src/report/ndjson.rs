//! The event stream: the recording's own lines, then one line per judged row, then the verdict.
//!
//! Each line is an object with a `type`; a reader of recordings skips the types it does not know.

use serde::Serialize;
use serde_json::Value as Json;

use super::text::tame_json;
use super::{Report, json};

/// Every line, each ended.
pub fn render(report: &Report<'_>) -> String {
    let verdict = &report.judgement.verdict;
    let mut out = report.recording.write();
    verdict.findings.iter().for_each(|f| out += &line("finding", &json::finding(f, report)));
    verdict.undecided.iter().for_each(|u| out += &line("undecided", &json::undecided(u)));
    verdict.clear.iter().for_each(|c| out += &line("clear", &json::clear(c)));
    out += &line(
        "verdict",
        &Last {
            verdict: verdict.outcome.as_str(),
            root: verdict.root.as_ref().map(|c| c.as_str()),
            roots: &verdict.roots,
            exit: report.status,
            judged_by: report.judged_by,
        },
    );
    tame_json(&out)
}

#[derive(Serialize)]
struct Last<'a> {
    verdict: &'a str,
    root: Option<&'a str>,
    roots: &'a [String],
    exit: u8,
    judged_by: &'a str,
}

fn line(kind: &str, shape: &impl Serialize) -> String {
    let mut object = serde_json::Map::from_iter([("type".to_owned(), Json::from(kind))]);
    if let Ok(Json::Object(fields)) = serde_json::to_value(shape) {
        object.extend(fields);
    }
    Json::Object(object).to_string() + "\n"
}
