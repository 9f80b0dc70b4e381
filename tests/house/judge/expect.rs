//! Expected cells, through the loader: a refusal that is right is green, its opposite is a finding.

use std::sync::Arc;

use clawprobe::facts::{Because, Reason};
use clawprobe::shelf::{Shelf, matrix_file};

use super::made::{Made, shelf};

const REFUSED: &str =
    "fact = \"tcp@public.manner\"\nin = [\"refused\", \"silent\"]\nelse = \"LISTEN-07\"\nseverity = \"error\"\n";

/// A run of `preflight` under an overlay with this cell.
fn expecting(cell: &str, paths: &[&str]) -> Made {
    Made::of(shelf(&format!("[[expect]]\nmatrix = \"preflight\"\n{cell}")), "preflight", paths)
}

#[test]
fn a_matrix_with_an_expected_refusal_from_its_file_to_the_verdict() {
    let mut own = Shelf::builtin().unwrap();
    let text = format!(
        "name = \"private\"\nsummary = \"The gateway is not public.\"\nbudget = \"30s\"\nneeds = [\"public\"]\n\
         probes = [\"site\", \"listener\", \"dns\", \"tcp\", \"health\", \"upgrade\", \"challenge\"]\n\
         require = [\"LISTEN-01\", \"EDGE-01\", \"WS-01\", \"WS-04\"]\n[[expect]]\n{REFUSED}"
    );
    let matrix = matrix_file::read("private.toml", &text, &own).unwrap_or_else(|complaint| panic!("{complaint}"));
    own.matrices.push(matrix);
    let own = Arc::new(own);
    let made = |paths: &[&str]| Made::of(own.clone(), "private", paths);

    let told = made(&["local", "public"]).refuses("here/public").judge();
    assert_eq!((told.found(), told.required_open(), told.outcome(), told.exit), (vec![], vec![], "healthy", 0));
    for (id, expected) in
        [("EDGE-01@here/public", true), ("WS-01@here/public", true), ("WS-04@here/public", true), ("WS-04@here/local", false)]
    {
        assert_eq!(told.clear(id), Some(expected), "{id}");
    }

    let told = made(&["local", "public"]).judge();
    assert_eq!((told.roots(), told.exit), (vec!["LISTEN-07@here/public"], 1));
    let finding = told.finding("LISTEN-07@here/public");
    assert_eq!((finding.severity.as_str(), finding.certainty.as_str()), ("error", "proven"));
    assert_eq!(finding.observed, "tcp@here/public[address=203.0.113.9,port=18789].manner is accepted.");
    assert_eq!(finding.expected, "The matrix expects refused or silent.");
    assert_eq!(finding.evidence[0].value, "accepted");

    assert_eq!(made(&["local"]).judge().required_open(), ["needs public"], "nobody named a public path");
}

#[test]
fn the_same_cell_may_come_with_an_overlay() {
    let mut made = expecting(REFUSED, &["local", "public"]);
    assert_eq!(made.judge().roots(), ["LISTEN-07@here/public"]);
    let told = made.refuses("here/public").judge();
    assert_eq!((told.exit, told.found()), (0, vec![]));
    assert_eq!(told.clear("EDGE-01@here/public"), Some(true));
    // Without the cell the same recording is a finding.
    made.shelf = shelf("");
    assert_eq!((made.judge().exit, made.judge().roots()), (1, vec!["EDGE-01@here/public"]));
}

#[test]
fn a_lighter_cell_is_a_lighter_finding() {
    let told = expecting(&REFUSED.replace("error", "notice"), &["local", "public"]).judge();
    assert_eq!((told.exit, told.outcome(), told.roots()), (0, "symptoms", vec!["LISTEN-07@here/public"]));
    let row = REFUSED.replace("LISTEN-07", "LISTEN-10");
    let told = expecting(&row, &["local", "public"]).judge();
    let finding = told.finding("LISTEN-10@here/public");
    assert_eq!(finding.name, "another-product", "a code with a row speaks in the row's words");
}

#[test]
fn an_expected_cell_that_was_not_measured_is_required_and_open() {
    let mut made = expecting(REFUSED, &["local", "public"]);
    made.head.plan.require.clear();
    made.dark("here/public", "tcp", Because::new(Reason::Blocked, "dns@here")).blocks("here/public", "tcp");
    let told = made.judge();
    assert_eq!((told.exit, told.outcome(), told.required_open()), (3, "inconclusive", vec!["LISTEN-07@here/public"]));
    assert_eq!(told.open("LISTEN-07@here/public").reason.to_string(), "blocked: dns@here");
    let row = "tcp@here/public[address=203.0.113.9,port=18789].connected = not measured: deadline";
    let mut made = expecting(REFUSED, &["local", "public"]);
    made.head.plan.require.clear();
    assert_eq!(made.set(row).judge().required_open(), ["LISTEN-07@here/public"]);
    // A row that nobody asked for is not measured either.
    let browser = REFUSED.replace("tcp@public.manner", "upgrade@public[as=browser].outcome").replace("\"refused\", ", "");
    let mut made = expecting(&browser, &["local", "public"]);
    made.head.plan.require.clear();
    let told = made.judge();
    assert_eq!((told.exit, told.required_open()), (3, vec!["LISTEN-07@here/public"]));
    // No such path, no question.
    assert_eq!(expecting(REFUSED, &["local", "edge:corp"]).judge().exit, 0);
}

#[test]
fn one_row_of_many_that_is_not_as_expected_is_enough() {
    let mut made = expecting(REFUSED, &["local", "public"]);
    made.set("tcp@here/public[address=203.0.113.9,port=18789].connected = refused");
    made.set("tcp@here/public[address=2001:db8::9,port=18789].named = true");
    made.set("tcp@here/public[address=2001:db8::9,port=18789].connected = accepted");
    let told = made.judge();
    let finding = told.finding("LISTEN-07@here/public");
    assert_eq!(finding.evidence.len(), 1, "{:?}", finding.evidence);
    assert!(finding.observed.contains("2001:db8::9"));
    // A cell with a key means that row alone.
    let keyed = REFUSED.replace("public.", "public[address=203.0.113.9].");
    made.shelf = shelf(&format!("[[expect]]\nmatrix = \"preflight\"\n{keyed}"));
    assert!(!made.judge().found().contains(&"LISTEN-07@here/public"));
}

#[test]
fn an_expected_fact_clears_rows_of_its_own_path_only() {
    let cell = "fact = \"upgrade@local.outcome\"\nin = [\"switched\"]\nelse = \"WS-07\"\nseverity = \"error\"\n";
    let mut made = expecting(cell, &["local", "edge:corp"]);
    let told = made.drops_upgrade("here/edge:corp").judge();
    assert_eq!(
        (told.roots(), told.exit),
        (vec!["WS-01@here/edge:corp"], 1),
        "it rests on local's upgrade, and is another path's"
    );
}

#[test]
fn what_lacks_for_another_reason_stays_open_beside_an_expected_refusal() {
    let mut made = expecting(REFUSED, &["local", "public"]);
    made.refuses("here/public").dark("here/public", "upgrade", Reason::Deadline);
    let told = made.judge();
    assert!(told.required_open().contains(&"WS-04@here/public"), "{:?}", told.required_open());
    assert_eq!(told.exit, 3);
}
