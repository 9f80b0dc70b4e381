//! What reports promise: schemas that hold for real output, generated pages, one sample per format.

use clawprobe::exit::EXITS;
use clawprobe::report::table::{Cell, Table};
use clawprobe::shelf::Shelf;
use serde_json::Value;

use super::desk::{Desk, closed_port};
use super::fresh::fresh;

fn validator(schema: &str) -> jsonschema::Validator {
    jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap()
}

fn objections(validator: &jsonschema::Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path)).collect()
}

const REPORT: &str = include_str!("../../reports/schema/report-1.json");
const RECORDING: &str = include_str!("../../reports/schema/recording-1.json");

/// Real output of runs that differ: nobody there, an edge beside it, names that resolve nowhere, nothing to be judged.
fn outputs(format: &str) -> Vec<String> {
    let gateway = format!("ws://127.0.0.1:{}", closed_port());
    let edge = format!("corp=ws://127.0.0.1:{}", closed_port());
    let runs: [&[&str]; 4] = [
        &["--gateway", &gateway],
        &["--gateway", &gateway, "--edge", &edge, "--edge", "https://gw.invalid", "--budget", "9s"],
        &["--public", "https://gw.invalid/x?y=z", "--budget", "2s", "--share", "public"],
        &["--gateway", &gateway, "--only", "auth"],
    ];
    let run = |more: &&[&str]| {
        let done = Desk::new().run(&[&["preflight", "--format", format][..], more].concat());
        assert!(!done.out.is_empty(), "{}", done.err);
        done.out
    };
    runs.iter().map(run).collect()
}

#[test]
fn json_reports_keep_their_schema() {
    let schema = validator(REPORT);
    for text in outputs("json") {
        let report: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(objections(&schema, &report), Vec::<String>::new());
    }
}

#[test]
fn every_line_of_a_recording_and_of_the_event_stream_keeps_its_schema() {
    let schema = validator(RECORDING);
    for text in outputs("ndjson") {
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(objections(&schema, &line), Vec::<String>::new(), "{line}");
        }
    }
}

#[test]
fn the_schemas_refuse_what_is_wrong_and_leave_room_for_later() {
    let (report, line) = (validator(REPORT), validator(RECORDING));
    let mut real: Value = serde_json::from_str(&outputs("json")[0]).unwrap();
    real["a_later_field"] = 1.into();
    real["findings"][0]["severity"] = "a-later-word".into();
    assert_eq!(objections(&report, &real), Vec::<String>::new());
    for (field, wrong) in [("duration_ms", Value::from("1 s")), ("roots", "WS-01".into()), ("verdict", Value::Null)] {
        let mut broken = real.clone();
        broken[field] = wrong;
        assert!(!report.is_valid(&broken), "{field}");
        broken.as_object_mut().unwrap().remove(field);
        assert!(!report.is_valid(&broken), "{field}");
    }
    assert!(line.is_valid(&serde_json::json!({"type": "a-later-line"})));
    assert!(!line.is_valid(&serde_json::json!({"type": "end"})));
    assert!(!line.is_valid(&serde_json::json!({})));
}

#[test]
fn the_exit_code_page_is_fresh() {
    let rows = EXITS
        .iter()
        .map(|line| vec![Cell::plain(line.number.to_string()), Cell::plain(line.nagios.to_string()), Cell::plain(line.doc)]);
    let header = ["exit", "`--exit-style nagios`", "meaning"].map(String::from).into();
    let table = Table { header, rows: rows.collect() }.markdown();
    let head = "# Exit codes\n\nA public contract: the numbers never change meaning. `judge` exits by the verdict; `report` \
                exits 0 once the report is written.\n\n";
    fresh(&[("reports/EXIT-CODES.md", format!("{head}{table}"))]);
}

/// The recording the samples are made of: an edge that drops the upgrade beside one that does not.
const SAMPLE: &str = "tests/recordings/nginx-upgrade.jsonl";

#[test]
fn the_samples_are_fresh() {
    let desk = Desk::new();
    let recording = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE);
    desk.put("run.jsonl", std::fs::read(recording).unwrap());
    let samples = [
        ("human", "reports/samples/human.txt"),
        ("short", "reports/samples/short.txt"),
        ("json", "reports/samples/report.json"),
        ("ndjson", "reports/samples/events.ndjson"),
    ];
    let digests: Vec<String> = Shelf::builtin().unwrap().origins.into_iter().map(|origin| origin.digest).collect();
    fresh(&samples.map(|(format, file)| {
        let done = desk.run(&["report", "run.jsonl", "--format", format]);
        assert_eq!(done.status, 0, "{}", done.err);
        // The shelf's digest changes with every word of every row; a sample shows its shape.
        (file, digests.iter().fold(done.out, |text, digest| text.replace(digest.as_str(), "0a1b2c3d")))
    }));
}
