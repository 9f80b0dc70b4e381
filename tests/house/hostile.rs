//! Every hostile peer, asked by the real program: it ends in time, in little memory, and says what the peer did.

#![cfg(target_os = "linux")]

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clawprobe::reference::fault::{self, Fault};
use clawprobe::reference::ground::{Ground, Standing};
use serde_json::Value;

/// What the report must say, by fault: in a sentence of a finding, or in the reason why something could not be decided.
const NAMED: &[(&str, &str)] = &[
    ("bad-text", "flaw: not-utf8"),
    ("bomb", "flaw: compressed"),
    ("byte-a-second", "flaw: trickled"),
    ("deep-frame", "flaw: deep-json"),
    ("deep-json", "flaw: deep-json"),
    ("drops-packets", "connection silent"),
    ("endless-body", "flaw: long-body"),
    ("endless-fragments", "flaw: unfinished"),
    ("endless-headers", "flaw: endless-head"),
    ("endless-hints", "flaw: only-hints"),
    ("heavy-json", "flaw: foreign"),
    ("heavy-json-as-answer", "connect: refused"),
    ("huge-certificate", "too-long"),
    ("huge-frame", "flaw: too-long"),
    ("masked-frames", "flaw: masked"),
    ("never-answers", "health request: silent"),
    ("ping-flood", "flaw: only-pings"),
    ("port-closes", "refused, unlike the one before"),
    ("redirect-loop", "flaw: leads-to-itself"),
    ("slow-close", "flaw: stalled"),
    ("tls-garbage", "broken"),
    ("too-late", "health request: silent"),
];

/// The most resident memory, bytes.
const MEMORY: u64 = 32 << 20;
/// The resident pages of a program that is built to be used, bytes: up to 10 MiB in `benches/preflight.rs`, own memory among them.
const PROGRAM: u64 = 10 << 20;
/// The time a run has unless it is told otherwise.
const DEFAULT: Duration = Duration::from_secs(60);
/// What a run may take beyond its budget before its report begins: the start of the program on a busy machine.
const SLACK: Duration = Duration::from_secs(15);
/// How many run at once: each waits most of its time.
const AT_ONCE: usize = 8;

/// One run of the program.
struct Ran {
    report: Value,
    exit: Option<i32>,
    took: Duration,
    /// The peak of resident memory, bytes.
    memory: u64,
    /// Of it what is mapped from files, which in a build for tests is tens of MiB of program.
    files: u64,
    err: String,
}

impl Ran {
    /// What counts. A build for tests is tens of MiB of program: what it has written to counts, and the pages of a program that is
    /// built to be used.
    fn counted(&self) -> u64 {
        if cfg!(debug_assertions) { self.memory - self.files + PROGRAM } else { self.memory }
    }
}

fn flags(standing: &Standing) -> Vec<String> {
    let client = &standing.client;
    let one = |flag: &str, value: &Option<String>| value.iter().flat_map(|v| [flag.to_owned(), v.clone()]).collect::<Vec<_>>();
    [one("--gateway", &client.gateway), one("--config", &client.config), one("--ca", &client.ca)].concat()
}

/// Runs a preflight. The report is longer than a pipe takes, so that the program still stands when its first byte is here: its
/// peak of memory is read then.
fn preflight(standing: &Standing, more: &[String], budget: Duration) -> Ran {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_clawprobe"))
        .args(["preflight", "--format", "json"])
        .args(flags(standing))
        .args(more)
        .env_clear()
        .env("HOME", standing.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut text = vec![0];
    let (begins, begun_telling) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let read = out.read_exact(&mut text).is_ok();
        let _ = begins.send(());
        read.then_some((out, text))
    });
    if begun_telling.recv_timeout(budget + SLACK).is_err() {
        child.kill().unwrap();
    }
    let (mut out, mut text) = reading.join().unwrap().unwrap_or_else(|| panic!("no report within {budget:?}: {more:?}"));
    let took = begun.elapsed();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    out.read_to_end(&mut text).unwrap();
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("it has ended: {status}"));
        line.trim_end_matches("kB").trim().parse::<u64>().unwrap() << 10
    };
    let (memory, files) = (bytes("VmHWM:"), bytes("RssFile:"));
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    Ran { report: serde_json::from_slice(&text).unwrap(), exit: child.wait().unwrap().code(), took, memory, files, err }
}

fn hostile() -> Vec<Fault> {
    fault::all().unwrap_or_else(|c| panic!("{c}")).into_iter().filter(|fault| fault.place() == "hostile").collect()
}

/// Does something with every hostile fault, several at once; every objection is told.
fn each(work: impl Fn(&Fault, &Standing) -> Vec<String> + Sync) {
    let ground = Ground::new().unwrap();
    let (left, wrong) = (Mutex::new(hostile()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = { left.lock().unwrap().pop() } {
                    let standing = ground.raise(fault.world().unwrap()).unwrap_or_else(|c| panic!("{c}"));
                    let told = work(&fault, &standing);
                    wrong.lock().unwrap().extend(told.into_iter().map(|line| format!("{}: {line}", fault.name)));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What no run may do, whatever it meets.
fn objections(ran: &Ran, memory: u64, budget: Duration) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = ran.report["duration_ms"].as_f64().unwrap_or(f64::MAX);
    if own > budget.as_secs_f64() * 1_000.0 || ran.took > budget + SLACK {
        wrong.push(format!("took {own} ms by its own clock and {:?} by ours, of {budget:?}", ran.took));
    }
    if memory >= MEMORY {
        wrong.push(format!("{} KiB of memory", memory >> 10));
    }
    if !matches!(ran.exit, Some(1 | 3)) || !ran.report["defect"].is_null() {
        wrong.push(format!("exit {:?}, defect {}: {}", ran.exit, ran.report["defect"], ran.err));
    }
    wrong
}

/// Every sentence in which a report says what happened.
fn sentences(report: &Value) -> String {
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let observed = list("findings").iter().map(|f| f["observed"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    let lacks = list("undecided").iter().map(|u| u["lacks"].to_string()).collect::<Vec<_>>();
    let blocked = list("facts")
        .iter()
        .filter(|f| f["id"].as_str().is_some_and(|id| id.starts_with("tls@")))
        .map(|f| f["value"].to_string())
        .collect::<Vec<_>>();
    [observed, lacks, blocked].concat().join("\n")
}

#[test]
fn every_hostile_peer_is_named_in_time_and_in_little_memory() {
    each(|fault, standing| {
        let ran = preflight(standing, &[], DEFAULT);
        let mut wrong = objections(&ran, ran.counted(), DEFAULT);
        let name = fault.name.trim_start_matches("hostile/");
        let by_name = |name: &str| NAMED.iter().find(|(of, _)| *of == name).map(|(_, words)| *words);
        let told = sentences(&ran.report);
        match by_name(name).or_else(|| by_name(name.trim_end_matches("-as-answer"))) {
            Some(words) if told.contains(words) => {}
            words => wrong.push(format!("nobody says {words:?}:\n{told}")),
        }
        if ran.exit != Some(fault.expect.exit.into()) || ran.report["roots"] != serde_json::json!(fault.expect.roots) {
            wrong.push(format!("exit {:?}, roots {}, but {:?}", ran.exit, ran.report["roots"], fault.expect));
        }
        println!("{}: {} KiB, {} of them from files, {:?}", fault.name, ran.memory >> 10, ran.files >> 10, ran.took);
        wrong
    });
}

#[test]
fn a_short_budget_is_kept_with_every_hostile_peer() {
    each(|fault, standing| {
        let ran = preflight(standing, &["--budget".into(), "5s".into()], Duration::from_secs(5));
        println!("{}: {} KiB, {} of them from files, {:?}", fault.name, ran.memory >> 10, ran.files >> 10, ran.took);
        objections(&ran, ran.counted(), Duration::from_secs(5))
    });
}

#[test]
fn a_hostile_peer_behind_every_path_takes_no_more() {
    each(|fault, standing| {
        let gateway = standing.client.gateway.as_deref().unwrap();
        let edges: Vec<String> = (1..=5).flat_map(|n| ["--edge".to_owned(), format!("e{n}={gateway}")]).collect();
        let ran = preflight(standing, &edges, DEFAULT);
        println!("{}: {} KiB, {} of them from files, {:?}", fault.name, ran.memory >> 10, ran.files >> 10, ran.took);
        // Four of the six are asked at once, and each may send 4 MiB.
        objections(&ran, ran.memory - ran.files, DEFAULT)
    });
}
