//! `--only` and `--skip`: which rows a judgement is about.

use std::collections::BTreeSet;

use clawprobe::code::Layer;
use clawprobe::facts::Reason;

use super::made::{Made, shelf};
use crate::desk::{Desk, closed_port};

/// The codes that were judged at all, whatever came of them.
fn judged(only: &[&str], skip: &[&str]) -> BTreeSet<String> {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    made.head.only = only.iter().map(|w| w.to_string()).collect();
    made.head.skip = skip.iter().map(|w| w.to_string()).collect();
    let verdict = made.judge().judgement.verdict;
    assert!(verdict.findings.is_empty());
    let ids = verdict.clear.iter().map(|c| c.id.as_str()).chain(verdict.undecided.iter().map(|u| u.id.as_str()));
    ids.map(|id| id.split('@').next().unwrap().to_owned()).collect()
}

fn codes(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|c| c.to_string()).collect()
}

#[test]
fn rows_are_chosen_by_code_family_and_layer() {
    assert_eq!(judged(&["WS-01"], &[]), codes(&["WS-01"]));
    assert_eq!(judged(&["ws-01,auth-02"], &[]), codes(&["WS-01", "AUTH-02"]), "one value, two words, as typed");
    let auth: BTreeSet<String> = judged(&[], &[]).into_iter().filter(|code| code.starts_with("AUTH-")).collect();
    assert!(auth.len() > 2 && auth.contains("AUTH-01"), "{auth:?}");
    assert_eq!(judged(&["auth"], &[]), auth);
    let less: BTreeSet<String> = auth.into_iter().filter(|code| code != "AUTH-01" && code != "AUTH-07").collect();
    assert_eq!(judged(&["auth"], &["AUTH-01, AUTH-07"]), less);
    assert_eq!(
        judged(&["WS-01", "WS-02"], &["ws"]),
        codes(&["selection"]),
        "--skip has the last word, and nothing judged is told"
    );
    let listener = judged(&["Listener"], &[]);
    assert!(listener.contains("LISTEN-01") && !listener.contains("HEALTH-04"), "{listener:?}");
    let everything = judged(&[], &[]);
    let all: Vec<&str> = Layer::ALL.iter().map(|l| l.name).collect();
    assert_eq!(judged(&all, &[]), everything);
    assert_eq!(judged(&[], &all), codes(&["selection"]));
}

#[test]
fn a_row_that_is_left_out_neither_fails_nor_lacks() {
    let refused = "connect@here/local.outcome = refused\nconnect@here/local.detail-code = AUTH_TOKEN_MISMATCH";
    let exit = |skip: &str| {
        let mut made = Made::healthy(&["local"]);
        made.head.skip = vec![skip.to_owned()];
        let told = made.set(refused).judge();
        (told.exit, told.roots().join(" "))
    };
    assert_eq!(exit("edge"), (1, String::from("AUTH-02@here/local")));
    assert_eq!(exit("AUTH-02"), (1, String::from("HEALTH-05@here/local")), "its effect is now a root");
    assert_eq!(exit("auth,HEALTH-05"), (0, String::new()));
    let mut made = Made::healthy(&["local"]);
    made.dark("here/local", "connect", Reason::Deadline);
    made.head.only = vec![String::from("listener")];
    assert_eq!((made.judge().exit, made.judge().outcome()), (0, "healthy"));
}

#[test]
fn cells_of_the_matrix_are_chosen_by_their_code() {
    let cell = "[[expect]]\nmatrix = \"preflight\"\nfact = \"tcp@public.manner\"\nin = [\"refused\"]\nelse = \"LISTEN-04\"\nseverity = \"error\"\n";
    let exit = |only: &str, skip: &str| {
        let mut made = Made::of(shelf(cell), "preflight", &["local", "public"]);
        let words = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty()).into_iter().collect();
        (made.head.only, made.head.skip) = (words(only), words(skip));
        made.judge().exit
    };
    assert_eq!((exit("", ""), exit("ws", ""), exit("listen", ""), exit("", "listen")), (1, 0, 1, 0));
}

#[test]
fn words_joined_by_commas_choose_the_same_live_and_replayed() {
    let desk = Desk::new();
    let gateway = format!("ws://127.0.0.1:{}", closed_port());
    let run = desk.run(&["preflight", "--gateway", &gateway, "--only", "LISTEN-01,WS-01", "--save", "run.jsonl", "--quiet"]);
    assert_eq!(run.status, 1, "{}{}", run.out, run.err);
    let again = desk.run(&["judge", "run.jsonl", "--quiet"]);
    assert_eq!((again.status, &again.out), (1, &run.out));
}

#[test]
fn rows_that_the_run_left_out_are_lacking_once_they_are_asked_for() {
    let desk = Desk::new();
    let gateway = format!("ws://127.0.0.1:{}", closed_port());
    desk.run(&["preflight", "--gateway", &gateway, "--only", "LISTEN-02", "--save", "run.jsonl", "--quiet"]);
    let status = |only: &str| desk.run(&["judge", "run.jsonl", "--quiet", "--only", only]).status;
    assert_eq!((status("LISTEN-02"), status("AUTH-02"), status("LISTEN-01")), (0, 3, 1));
}
