//! The command line as people and scripts meet it: the real binary, an empty home, no gateway.

use std::process::Stdio;

use super::desk::{Desk, Done, closed_port};

const FORMATS: [&str; 4] = ["human", "short", "json", "ndjson"];

/// A run against a port at which nobody listens.
fn nobody(desk: &Desk, more: &[&str]) -> Done {
    let url = format!("ws://127.0.0.1:{}", closed_port());
    desk.run(&[&["preflight", "--gateway", &url][..], more].concat())
}

#[test]
fn without_a_gateway_one_screen_names_the_code_and_what_to_do_first() {
    let done = nobody(&Desk::new(), &[]);
    assert_eq!(done.status, 1, "{}\n{}", done.out, done.err);
    assert!(done.out.contains("LISTEN-01") && done.out.contains("do first"), "{}", done.out);
    assert!(done.out.contains("<- LISTEN-01@local"), "{}", done.out);
    assert!(done.out.lines().count() <= 24, "{}", done.out);
    assert!(done.out.trim_end().ends_with("exit 1"), "{}", done.out);
    assert!(!done.out.contains('\u{1b}') && done.err.is_empty(), "{}", done.err);
}

#[test]
fn a_replay_is_byte_identical_to_the_run_in_every_format() {
    for format in FORMATS {
        for share in ["public", "team"] {
            let desk = Desk::new();
            let live = nobody(&desk, &["--format", format, "--save", "run.jsonl", "--share", share, "--quiet"]);
            let replay = desk.run(&["judge", "run.jsonl", "--format", format]);
            assert_eq!((replay.out, replay.status), (live.out, live.status), "{format} {share}");
        }
    }
}

#[test]
fn flags_of_a_run_hold_for_its_replay_until_others_are_given() {
    let desk = Desk::new();
    let live = nobody(&desk, &["--only", "websocket", "--fail-on", "error", "--save", "run.jsonl", "--format", "json"]);
    let replay = desk.run(&["judge", "run.jsonl", "--format", "json"]);
    assert_eq!(replay.out, live.out);
    let other = desk.run(&["judge", "run.jsonl", "--format", "json", "--only", "LISTEN-01", "--fail-on", "notice"]);
    let json: serde_json::Value = serde_json::from_str(&other.out).unwrap();
    assert_eq!((&json["fail_on"], &json["root"]), (&"notice".into(), &"LISTEN-01".into()), "{}", other.out);
}

#[test]
fn judge_exits_by_the_verdict_and_report_exits_0() {
    let desk = Desk::new();
    nobody(&desk, &["--save", "run.jsonl"]);
    assert_eq!(desk.run(&["judge", "run.jsonl"]).status, 1);
    assert_eq!(desk.run(&["judge", "run.jsonl", "--exit-style", "nagios"]).status, 2);
    assert_eq!(desk.run(&["report", "run.jsonl"]).status, 0);
    assert_eq!(desk.run(&["report", "run.jsonl"]).out, desk.run(&["judge", "run.jsonl"]).out);
}

#[test]
fn the_event_stream_is_a_recording() {
    let desk = Desk::new();
    let live = nobody(&desk, &["--format", "ndjson", "--output", "run.ndjson", "--also", "human=run.txt"]);
    assert_eq!((live.status, live.out.as_str()), (1, ""), "{}", live.err);
    assert_eq!(desk.run(&["report", "run.ndjson"]).out, desk.read("run.txt"));
}

#[test]
fn a_plan_asks_nothing_and_is_proven_to_fit() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let desk = Desk::new();
    let human = desk.run(&["preflight", "--gateway", &url, "--plan"]);
    assert_eq!(human.status, 0, "{}", human.err);
    for part in [
        "worst case",
        "sockets at once",
        "credential attempts",
        "connections",
        "GET, connect; none writes",
        "user-agent",
        "upgrade",
    ] {
        assert!(human.out.contains(part), "no {part} in\n{}", human.out);
    }
    let json = desk.run(&["preflight", "--gateway", &url, "--plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(plan["worst_case_ms"].as_u64().unwrap() <= plan["budget_ms"].as_u64().unwrap());
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert!(desk.files().is_empty());
}

#[test]
fn a_reader_that_went_away_is_no_failure_and_hides_none() {
    for (args, status) in [(vec!["preflight"], 1), (vec!["--help"], 0), (vec!["facts"], 0), (vec!["preflight", "--plan"], 0)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let desk = Desk::new();
        let url = format!("ws://127.0.0.1:{}", closed_port());
        let mut command = desk.command(&args);
        if args[0] == "preflight" {
            command.args(["--gateway", &url]);
        }
        let done: Done = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap().into();
        assert_eq!((done.status, done.err.as_str()), (status, ""), "{args:?}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let desk = Desk::new();
    for args in [&["--help"][..], &["preflight", "--help"], &["--version"], &["help", "judge"]] {
        let done = desk.run(args);
        assert!(done.status == 0 && !done.out.is_empty() && done.err.is_empty(), "{args:?}: {}", done.err);
    }
    let lost = desk.run(&[]);
    assert!(lost.status == 2 && lost.out.is_empty() && lost.err.contains("preflight"), "{}", lost.err);
}

#[test]
fn colours_and_notes_appear_only_where_they_are_wanted() {
    let desk = Desk::new();
    let painted = |args: &[&str]| nobody(&desk, args).out.contains('\u{1b}');
    assert!(painted(&["--color", "always"]) && !painted(&["--color", "never"]) && !painted(&[]));
    assert!(nobody(&desk, &["--save", "a.jsonl"]).err.contains("a.jsonl"));
    assert_eq!(nobody(&desk, &["--save", "a.jsonl", "--quiet"]).err, "");
    nobody(&desk, &["--color", "always", "--output", "a.txt"]);
    assert!(!desk.read("a.txt").contains('\u{1b}'));
}

#[test]
fn a_public_report_shows_no_name() {
    let desk = Desk::new();
    for format in FORMATS {
        // A name of the reserved top-level domain: it resolves nowhere.
        let args = ["preflight", "--gateway", "ws://secret-host.invalid:18789", "--share", "public", "--format", format];
        let done = desk.run(&[&args[..], &["--save", "run.jsonl", "--budget", "5s"]].concat());
        let all = format!("{}{}{}", done.out, done.err, desk.read("run.jsonl"));
        assert!(!all.contains("secret-host") && !done.out.is_empty(), "{format}:\n{all}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_judged_as_far_as_it_came() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", silent.local_addr().unwrap());
    let desk = Desk::new();
    let mut command = desk.command(&["preflight", "--gateway", &url, "--save", "run.jsonl", "--format", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The run is under way as soon as it knocks.
    let _open = silent.accept().unwrap();
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let done: Done = child.wait_with_output().unwrap().into();
    assert_eq!(done.status, 130, "{}", done.err);
    let json: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(json["interrupted"], true);
    assert_eq!(desk.run(&["judge", "run.jsonl"]).status, 130);
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_told() {
    let desk = Desk::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let url = format!("ws://127.0.0.1:{}", closed_port());
    let mut command = desk.command(&["preflight", "--gateway", &url]);
    let done: Done = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap().into();
    assert_eq!(done.status, 2);
    let words = "cannot write to standard output: No space left on device";
    assert!(done.err.starts_with("error: ") && done.err.contains(words), "{}", done.err);
    for flag in ["--output", "--save"] {
        let done = nobody(&desk, &[flag, "/dev/full", "--exit-style", "nagios"]);
        assert_eq!(done.status, 3, "{flag}: {}", done.err);
        let done = nobody(&desk, &[flag, "/dev/full"]);
        assert_eq!((done.status, done.underlined()), (2, vec!["/dev/full".to_owned()]), "{flag}: {}", done.err);
        assert!(done.err.contains("cannot write /dev/full: No space left on device"), "{flag}: {}", done.err);
    }
}

#[test]
fn monitoring_is_told_unknown_and_not_critical_when_the_usage_is_wrong() {
    let desk = Desk::new();
    for wrong in [["--token-file", "none"], ["--format", "xml"], ["--only", "WS-99"], ["--no-such", "flag"]] {
        let done = desk.run(&["preflight", "--exit-style", "nagios", wrong[0], wrong[1]]);
        assert_eq!(done.status, 3, "{wrong:?}: {}", done.err);
        let done = desk.run(&["preflight", wrong[0], wrong[1], "--exit-style=nagios"]);
        assert_eq!(done.status, 3, "{wrong:?}: {}", done.err);
    }
}

#[test]
fn a_configuration_file_that_cannot_be_used_is_told_in_the_head() {
    for (content, words) in [("{ gateway: { port: ", "openclaw.json is invalid: "), ("", "openclaw.json is empty")] {
        let desk = Desk::new();
        desk.put(".openclaw/openclaw.json", content);
        let done = nobody(&desk, &[]);
        let flat = done.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(words) && flat.contains("not used"), "{words}: {}{}", done.out, done.err);
    }
    assert!(!nobody(&Desk::new(), &[]).out.contains("not used"));
}

#[test]
fn a_mute_that_ended_is_told_by_the_report_and_by_lint() {
    let desk = Desk::new();
    desk.put("o.toml", "schema = 1\n[[mute]]\ncode = \"LISTEN-01\"\nreason = \"known\"\nuntil = 2020-01-01\n");
    let line = "mute of LISTEN-01 by o.toml ended on 2020-01-01; it counts again";
    let done = nobody(&desk, &["--overlay", "o.toml"]);
    assert!(done.status == 1 && done.out.contains(line), "{}{}", done.out, done.err);
    let done = desk.run(&["matrix", "lint", "o.toml"]);
    assert!(done.status == 0 && done.out.contains(&format!("note: {line}")), "{}{}", done.out, done.err);
}

#[cfg(unix)]
#[test]
fn a_socket_that_is_not_there_is_told_in_words() {
    let done = Desk::new().run(&["preflight", "--gateway", "unix:/nope/sock"]);
    let flat = done.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(done.status == 1 && flat.contains("Connecting to /nope/sock ends as missing"), "{}", done.out);
    assert!(done.out.contains("<- LISTEN-11@local") && !flat.contains("not measured"), "{}", done.out);
}

#[test]
fn a_list_of_rows_is_their_union_wherever_it_is_given() {
    let desk = Desk::new();
    assert_eq!(nobody(&desk, &["--only", ","]).status, 2, "a comma alone names nothing");
    let live = nobody(&desk, &["--only", "AUTH, LISTEN", "--save", "run.jsonl", "--format", "json"]);
    assert_eq!(live.status, 1, "{}", live.out);
    assert!(live.out.contains("LISTEN-01") && live.out.contains("AUTH-02"), "{}", live.out);
    let saved = desk.read("run.jsonl");
    assert!(saved.contains(r#""only":["AUTH","LISTEN"]"#), "{}", saved.lines().next().unwrap_or_default());
    // A recording whose head still holds the words as one.
    desk.put("old.jsonl", saved.replace(r#""only":["AUTH","LISTEN"]"#, r#""only":["AUTH,LISTEN"]"#));
    for file in ["run.jsonl", "old.jsonl"] {
        assert!(desk.run(&["judge", file, "--format", "json"]).out.contains("LISTEN-01"), "{file}");
        let other = desk.run(&["judge", file, "--only", "AUTH,WS,LISTEN-01"]);
        assert_eq!(other.status, 1, "{}", other.out);
        let report = desk.run(&["report", file, "--skip", "listen,AUTH-02", "--format", "json"]);
        assert!(report.status == 0 && !report.out.contains("AUTH-02@"), "{}", report.out);
    }
    let skipped = nobody(&desk, &["--skip", "LISTEN,AUTH,WS", "--format", "json"]);
    for family in ["LISTEN-", "AUTH-", "WS-"] {
        assert!(!skipped.out.contains(&format!("\"id\": \"{family}")), "{}", skipped.out);
    }
}

#[test]
fn a_selection_that_applies_to_no_planned_path_is_not_healthy() {
    let desk = Desk::new();
    let done = nobody(&desk, &["--only", "WS-01", "--save", "run.jsonl"]);
    assert_eq!(done.status, 3, "{}\n{}", done.out, done.err);
    assert!(done.out.contains("WS-01") && done.out.contains("add --edge URL"), "{}", done.out);
    assert_eq!(desk.run(&["judge", "run.jsonl"]).status, 3);
    let json = nobody(&desk, &["--only", "TLS-05,EDGE", "--format", "json"]);
    assert!(json.status == 3 && json.out.contains("--gateway wss://HOST"), "{}", json.out);
    // Of two that were named, the one that cannot be judged is told as well.
    let both = nobody(&desk, &["--only", "WS-01,LISTEN-01", "--format", "json"]);
    assert!(both.status == 1 && both.out.contains("applies to no planned path"), "{}", both.out);
}
