//! Replays the kept corpus of the fuzz targets: whatever was found once is tried in every run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[path = "../fuzz/targets/mod.rs"]
mod targets;

/// All corpora together stay below this, bytes: they are cloned with the project.
const MOST_BYTES: u64 = 400 * 1024;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz")
}

/// The inputs of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fuzz().join("corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut all: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

fn replay(target: &str) {
    let inputs = corpus(target);
    assert!(inputs.len() >= 5, "{target} has next to no corpus");
    for (name, data) in inputs {
        let tried = std::panic::catch_unwind(|| targets::run(target, &data));
        assert!(tried.is_ok(), "corpus/{target}/{name} breaks its target");
    }
}

macro_rules! replays {
    ($($name:ident = $target:literal),+ $(,)?) => {
        $(
            #[test]
            fn $name() {
                replay($target);
            }
        )+

        #[test]
        fn every_target_is_replayed_and_every_folder_has_a_target() {
            let known: BTreeSet<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(known, BTreeSet::from([$($target),+]));
            let folders = std::fs::read_dir(fuzz().join("corpus")).unwrap();
            let folders: BTreeSet<String> = folders.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
            assert_eq!(folders, known.iter().map(|name| (*name).to_owned()).collect());
            let manifest: toml::Table = std::fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
            let bins = manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned());
            assert_eq!(bins.collect::<BTreeSet<_>>(), folders, "the fuzzer's targets are those of the corpus");
        }
    };
}

replays! {
    addresses_read_and_print = "address",
    answers_are_told_within_bounds = "answer",
    conditions_obey_their_laws = "condition",
    configurations_keep_their_secrets = "config",
    faults_make_worlds = "fault",
    frames_read_and_print = "frame",
    heads_read_and_print = "head",
    overlays_are_refused_with_a_place = "overlay",
    recordings_read_print_and_are_judged = "recording",
    symptoms_are_refused_with_a_place = "symptom",
    websockets_come_to_an_end = "websocket",
}

#[test]
fn the_corpus_is_small() {
    let bytes: usize = targets::TARGETS.iter().flat_map(|(name, _)| corpus(name)).map(|(_, data)| data.len()).sum();
    assert!(bytes as u64 <= MOST_BYTES, "{bytes} bytes; `cargo fuzz cmin` each target");
}

/// Set for the process that replays everything alone.
#[cfg(target_os = "linux")]
const ALONE: &str = "CLAWPROBE_TEST_FUZZ_ALONE";

/// What a process may take at most that reads the whole corpus, KiB. It takes 28 MiB, most of it the program itself.
#[cfg(target_os = "linux")]
const MOST_KIB: u64 = 64 * 1024;

/// The peak of the process that runs it; not a test unless asked for.
#[cfg(target_os = "linux")]
#[test]
fn replayed_alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    targets::TARGETS.iter().for_each(|(name, _)| replay(name));
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM:")).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn no_input_takes_much_memory() {
    let own = std::env::current_exe().unwrap();
    let args = ["--exact", "fuzz::replayed_alone", "--nocapture", "--test-threads=1"];
    let out = std::process::Command::new(own).args(args).env(ALONE, "1").output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    let peak = text.split("VmHWM:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let kib: u64 = peak.and_then(|peak| peak.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    println!("{kib} KiB");
    assert!(kib < MOST_KIB, "{kib} KiB");
}
