//! How commands end that are interrupted, hung up on, or given too little by the system: with a report, the documented exit
//! code, and nothing left behind.

#![cfg(target_os = "linux")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::desk::{Desk, Done};
use super::machine;

/// What asks for an end: a person, a supervisor, a terminal that goes away.
const SIGNALS: [&str; 3] = ["-INT", "-TERM", "-HUP"];

/// A folder for what a command makes for the time it runs.
fn scratch(desk: &Desk) -> PathBuf {
    let folder = desk.path().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn left(scratch: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(scratch).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn spawn(desk: &Desk, args: &[&str]) -> Child {
    let mut command = desk.command(args);
    command.env("TMPDIR", scratch(desk)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The longest a busy machine may take for what ends a wait.
const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until something is so that the command brings about, and no longer than the command lives.
fn until(child: &mut Child, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        let ended = child.try_wait().unwrap();
        if ended.is_some() || begun.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("it ended before: {ended:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn send(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

/// The program in a shell that first does something to itself: a lower limit, a closed descriptor.
fn after(desk: &Desk, first: &str, args: &[&str]) -> Done {
    let script = format!("{first}; exec '{}' \"$@\"", env!("CARGO_BIN_EXE_clawprobe"));
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).args(args).current_dir(desk.path()).env_clear();
    command.envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]).env("HOME", desk.path()).env("TMPDIR", scratch(desk));
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// The same in a network of its own, where only root can go.
fn apart(test: &str, desk: &Desk, first: &str, args: &[&str]) -> Option<Done> {
    let script = format!("{first} && exec '{}' \"$@\"", env!("CARGO_BIN_EXE_clawprobe"));
    let mut command = Command::new("unshare");
    command.args(["--net", "--", "sh", "-c", &script, "sh"]).args(args).current_dir(desk.path()).env_clear();
    command.envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")]).env("HOME", desk.path()).env("TMPDIR", scratch(desk));
    let why = match command.stdin(Stdio::null()).output().map(Done::from) {
        Ok(done) if done.err.contains("Operation not permitted") => String::from("only root can make a network namespace"),
        Ok(done) => return Some(done),
        Err(error) => format!("unshare: {error}"),
    };
    machine::skipped(test, &why);
    None
}

#[test]
fn whoever_writes_to_nobody_ends_at_the_second_signal() {
    let desk = Desk::new();
    let mut child = spawn(&desk, &["preflight", "--reference", "--format", "json"]);
    // The report is longer than a pipe takes: with its first byte here, the rest waits for a reader that does not come.
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    let begun = Instant::now();
    let status = loop {
        send(&child, "-TERM");
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > Duration::from_secs(20) => {
                child.kill().unwrap();
                panic!("it does not end");
            }
            // One signal at a time: two that wait are one to the system.
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    assert_eq!(status.code(), Some(130));
    assert!(left(&scratch(&desk)).is_empty());
}

#[test]
fn a_reader_who_goes_away_does_not_make_a_symptom_a_success() {
    for (fault, status) in [("edge/upgrade-answered-403", 1), ("healthy/token", 0)] {
        for more in [&["--save", "run.jsonl"][..], &["--format", "json"]] {
            let desk = Desk::new();
            let mut child =
                spawn(&desk, &[&["preflight", "--reference", "--quiet", "--skip", "IDLE", "--fault", fault], more].concat());
            drop(child.stdout.take());
            let done: Done = child.wait_with_output().unwrap().into();
            assert_eq!((done.status, done.err.as_str()), (status, ""), "{fault} {more:?}");
            assert_eq!(desk.path().join("run.jsonl").exists(), more[0] == "--save");
        }
    }
    let desk = Desk::new();
    let mut child = spawn(&desk, &["explain", "WS-01"]);
    drop(child.stdout.take());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0), "what judges nothing has nothing else to say");
}

#[test]
fn a_standard_output_that_cannot_be_written_is_said() {
    let desk = Desk::new();
    desk.put("read-only", "");
    for (to, words) in [("/dev/full", "cannot write to standard output"), ("read-only", "cannot write to standard output")] {
        let how = if to == "/dev/full" { format!("exec >{to}") } else { format!("exec 1<{to}") };
        for args in [&["preflight", "--reference", "--quiet", "--skip", "IDLE"][..], &["explain", "WS-01"], &["--help"]] {
            let done = after(&desk, &how, args);
            assert!(done.status == 2 && done.err.contains(words), "{how} {args:?}: {} {}", done.status, done.err);
        }
    }
}

#[test]
fn a_self_test_that_is_interrupted_tells_what_it_has_and_leaves_nothing() {
    for signal in SIGNALS {
        let desk = Desk::new();
        let mut child = spawn(&desk, &["self-test", "--format", "json"]);
        // The right world stands alone; two worlds at once are worlds of faults.
        until(&mut child, || left(&scratch(&desk)).len() >= 2);
        send(&child, signal);
        let done: Done = child.wait_with_output().unwrap().into();
        assert_eq!((done.status, done.err.as_str()), (130, ""), "{signal}: {}", done.out);
        let told: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!((&told["interrupted"], &told["passed"]), (&Value::Bool(true), &Value::Bool(false)), "{signal}");
        let schema = serde_json::from_str(include_str!("../../reports/schema/self-test-1.json")).unwrap();
        assert!(jsonschema::is_valid(&schema, &told), "{}", done.out);
        let unshown = told["rows"].as_array().unwrap().iter().filter(|row| !row["not_shown"].is_null()).count();
        assert!(unshown > 0, "{signal}: the rows of what was not tried are not shown");
        assert_eq!(left(&scratch(&desk)), Vec::<PathBuf>::new(), "{signal}");
    }
}

#[test]
fn what_stands_until_it_is_interrupted_leaves_neither_file_nor_socket() {
    for signal in SIGNALS {
        for args in [&["reference", "--port", "0", "--listen", "unix:gw.sock"][..], &["reproduce", "LISTEN-01", "--hold"]] {
            let desk = Desk::new();
            let mut child = spawn(&desk, args);
            let mut said = String::new();
            match args[0] {
                "reference" => BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said),
                _ => BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said),
            }
            .unwrap();
            assert_eq!(left(&scratch(&desk)).len(), 1, "{said}");
            send(&child, signal);
            let mut rest = String::new();
            child.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
            assert_eq!(child.wait().unwrap().code(), Some(0), "{signal} {args:?}: {said}{rest}");
            assert!(desk.files().is_empty() && left(&scratch(&desk)).is_empty(), "{signal} {args:?}: {:?}", desk.files());
        }
    }
}

#[test]
fn a_run_that_is_interrupted_judges_what_there_is() {
    for signal in SIGNALS {
        let desk = Desk::new();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let gateway = format!("ws://{}", silent.local_addr().unwrap());
        let child = spawn(&desk, &["preflight", "--gateway", &gateway, "--format", "json"]);
        let _open = silent.accept().unwrap();
        send(&child, signal);
        let done: Done = child.wait_with_output().unwrap().into();
        let report: Value = serde_json::from_str(&done.out).unwrap_or_else(|why| panic!("{why}: {}{}", done.out, done.err));
        assert_eq!((done.status, &report["interrupted"]), (130, &Value::Bool(true)), "{signal}: {}", done.err);
    }
    // In a world of our own, which is up before the run begins and goes with it.
    for signal in SIGNALS {
        let desk = Desk::new();
        let mut child = spawn(&desk, &["preflight", "--reference", "--fault", "hostile/never-answers", "--quiet"]);
        until(&mut child, || !left(&scratch(&desk)).is_empty());
        send(&child, signal);
        let done: Done = child.wait_with_output().unwrap().into();
        assert!(done.status == 130 && left(&scratch(&desk)).is_empty(), "{signal}: {} {}{}", done.status, done.out, done.err);
    }
}

#[test]
fn a_hold_that_is_interrupted_tells_what_lived_until_then_and_what_it_does_not_exclude() {
    let desk = Desk::new();
    let mut world = spawn(&desk, &["reference", "--port", "0"]);
    let mut said = String::new();
    let mut lines = BufReader::new(world.stdout.as_mut().unwrap());
    while !said.contains("ws://") {
        assert!(lines.read_line(&mut said).unwrap() > 0, "{said}");
    }
    let gateway = said.split_whitespace().find(|word| word.starts_with("ws://")).unwrap();
    // The progress line is for terminals, and `script` is one.
    let hold =
        format!("echo $$ >pid; exec '{}' run hold --gateway {gateway} --format json >told", env!("CARGO_BIN_EXE_clawprobe"));
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &hold, "/dev/null"]).current_dir(desk.path()).env_clear().env("HOME", desk.path());
    terminal.envs([("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh")]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut terminal = terminal.spawn().unwrap();
    let (mut out, mut shown) = (terminal.stdout.take().unwrap(), String::new());
    let mut byte = [0];
    while !shown.contains("to live or die") || !shown.contains(" 2 s so far") {
        assert_eq!(out.read(&mut byte).unwrap(), 1, "it ended before: {shown}{}", desk.read("told"));
        shown.push(char::from(byte[0]));
    }
    assert!(Command::new("kill").args(["-INT", desk.read("pid").trim()]).status().unwrap().success());
    std::io::copy(&mut out, &mut std::io::sink()).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(130), "{shown}");
    send(&world, "-TERM");
    world.wait().unwrap();
    let report: Value = serde_json::from_str(&desk.read("told")).unwrap();
    assert_eq!(report["interrupted"], Value::Bool(true));
    let facts: Vec<&Value> = report["facts"].as_array().unwrap().iter().collect();
    let cells = |table, field| facts.iter().filter(move |fact| fact["table"] == table && fact["field"] == field);
    let fates: Vec<&Value> = cells("hold", "fate").map(|fact| &fact["value"]).collect();
    // Four that are not let in are open at once.
    assert!(fates.len() >= 4 && fates.iter().all(|fate| *fate == "survived"), "{fates:?}");
    let survived = cells("timer", "survived").next().unwrap();
    assert!(survived["value"].as_f64().is_some_and(|ms| ms > 1_000.0), "{survived}");
    // Nothing rang so far, which is not to say that nothing does.
    assert_eq!(cells("timer", "clock").next().unwrap()["reason"], "interrupted");
}

#[test]
fn a_hangup_that_is_ignored_from_the_start_stays_ignored() {
    let desk = Desk::new();
    let mut command = Command::new("sh");
    let script = format!("trap '' HUP; exec '{}' reference --port 0", env!("CARGO_BIN_EXE_clawprobe"));
    command.args(["-c", &script]).current_dir(desk.path()).env("TMPDIR", scratch(&desk)).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut said).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let hangup = |mask: &str| {
        let bits = status.lines().find_map(|line| line.strip_prefix(mask)).unwrap();
        u64::from_str_radix(bits.trim(), 16).unwrap() & 1 == 1
    };
    assert!(hangup("SigIgn:") && !hangup("SigCgt:"), "{status}");
    send(&child, "-TERM");
    out.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
}

#[test]
fn what_this_machine_lacks_is_said_before_a_world_is_raised() {
    let (desk, test) = (Desk::new(), "ends::what_this_machine_lacks_is_said_before_a_world_is_raised");
    let without_v6 = "ip link set lo up && sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1";
    for (fault, need) in [("gateway/one-family", "ipv6"), ("gateway/address-by-flag", "address")] {
        for command in [&["preflight", "--reference", "--fault", fault][..], &["reference", "--port", "0", "--fault", fault]] {
            let Some(done) = apart(test, &desk, without_v6, command) else {
                return;
            };
            let words = format!("{fault} cannot be made here: this machine lacks {need}");
            assert!(done.status == 2 && done.err.contains(&words), "{command:?}: {} {}{}", done.status, done.out, done.err);
        }
    }
    desk.put("mine.toml", "summary = 'x'\n[expect]\nneeds = ['ipv6']\n");
    let done = apart(test, &desk, without_v6, &["preflight", "--scenario", "mine.toml"]).unwrap();
    assert_eq!((done.status, done.underlined()), (2, vec!["mine.toml".to_owned()]), "{}", done.err);
}

#[test]
fn a_machine_without_loopback_gets_one_sentence() {
    let (desk, test) = (Desk::new(), "ends::a_machine_without_loopback_gets_one_sentence");
    let Some(done) = apart(test, &desk, "true", &["self-test"]) else { return };
    assert!(done.out.lines().count() == 1 && done.out.contains("loopback is down"), "{}", done.out);
    assert_eq!((done.status, done.err.as_str()), (3, ""));
    let done = apart(test, &desk, "true", &["self-test", "--format", "json"]).unwrap();
    let told: Value = serde_json::from_str(&done.out).unwrap();
    assert!(told["unsound"].as_str().is_some_and(|why| why.contains("loopback")) && told["passed"] == false, "{told}");
}

#[test]
fn few_descriptors_are_a_limit_of_the_system_and_said_so() {
    let desk = Desk::new();
    for args in [&["preflight", "--reference"][..], &["preflight", "--gateway", "ws://127.0.0.1:1"], &["self-test"]] {
        let done = after(&desk, "ulimit -n 16", args);
        assert!(done.status == 2 && done.err.contains("ulimit -n"), "{args:?}: {} {}{}", done.status, done.out, done.err);
    }
    assert!(left(&scratch(&desk)).is_empty());
}

#[test]
fn few_descriptors_make_for_few_worlds_at_once_and_nothing_is_absent_for_that() {
    let desk = Desk::new();
    let script = format!("ulimit -n 64; exec '{}' self-test --format json", env!("CARGO_BIN_EXE_clawprobe"));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("TMPDIR", scratch(&desk)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Time for some worlds: each that ended has left its place to the next.
    let (seen, most) = (RefCell::new(BTreeSet::new()), Cell::new(0));
    until(&mut child, || {
        let now = left(&scratch(&desk));
        most.set(most.get().max(now.len()));
        seen.borrow_mut().extend(now);
        seen.borrow().len() >= 40
    });
    let most = most.get();
    send(&child, "-INT");
    let done: Done = child.wait_with_output().unwrap().into();
    let told: Value = serde_json::from_str(&done.out).unwrap_or_else(|why| panic!("{why}: {}{}", done.out, done.err));
    let worlds = told["worlds"].as_array().unwrap();
    let wrong: Vec<&Value> = worlds.iter().filter(|world| world["objections"] != Value::Array(vec![])).collect();
    // Whatever this machine lacks it lacks for a reason of its own, which no limit changes.
    let ground = clawprobe::reference::ground::Ground::new().unwrap();
    for world in worlds.iter().filter(|world| world["skipped"].is_string()) {
        let fault = clawprobe::reference::fault::named(world["name"].as_str().unwrap()).unwrap();
        assert!(ground.lacks(&fault).unwrap().is_some(), "{world}");
    }
    assert!(done.status == 130 && wrong.is_empty() && most <= 3, "{most} at once: {wrong:#?}");
    assert!(left(&scratch(&desk)).is_empty());
}

#[test]
fn a_temporary_folder_too_deep_for_a_socket_is_told_once_and_with_advice() {
    let desk = Desk::new();
    let deep = desk.path().join("d".repeat(120));
    std::fs::create_dir(&deep).unwrap();
    let mut command = desk.command(&["preflight", "--reference", "--fault", "healthy/unix-socket"]);
    let done: Done = command.env("TMPDIR", &deep).output().unwrap().into();
    assert_eq!(done.status, 2, "{}{}", done.out, done.err);
    assert!(done.err.contains("TMPDIR") && done.err.matches("gateway.sock").count() == 1, "{}", done.err);
    assert!(left(&deep).is_empty());
}
