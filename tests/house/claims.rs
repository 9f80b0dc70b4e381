//! `tests/claims.toml`: every promise is kept by a test that exists and, in CI, ran.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    issue: Vec<Issue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Issue {
    title: String,
    /// `done`: every claim must be kept. `begun`: claims are listed while they are worked on. `open`: nothing yet.
    state: State,
    #[serde(default)]
    claim: Vec<Claim>,
}

#[derive(Deserialize, PartialEq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum State {
    Done,
    Begun,
    Open,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    says: String,
    /// Names of tests as the runner prints them; one that ends with `::` stands for every test below it.
    #[serde(default)]
    tests: Vec<String>,
    /// A speed claim's command.
    bench: Option<String>,
}

#[test]
fn every_claim_of_a_finished_issue_was_kept() {
    let claims = claims();
    let ran = std::env::var("CLAWPROBE_TEST_LOG").ok().map(|file| outcomes(&std::fs::read_to_string(file).unwrap()));
    let known = known_tests();
    let mut broken = Vec::new();
    for issue in claims.issue.iter().filter(|i| i.state == State::Done) {
        assert!(!issue.claim.is_empty(), "{}: a finished issue without claims", issue.title);
        for claim in &issue.claim {
            assert!(!claim.tests.is_empty() || claim.bench.is_some(), "{}: neither test nor bench", claim.says);
            broken.extend(claim.bench.as_deref().and_then(no_bench).map(|why| format!("{why} ({})", claim.says)));
            for test in &claim.tests {
                broken.extend(fault(test, &known, ran.as_ref()).map(|why| format!("{test}: {why} ({})", claim.says)));
            }
        }
    }
    for issue in claims.issue.iter().filter(|i| i.state != State::Done) {
        println!("{}: {}", if issue.state == State::Open { "open" } else { "begun" }, issue.title);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_missing_a_skipped_and_a_failed_test_break_a_claim() {
    let log = "test a::b ... ok\ntest a::c ... ignored\ntest scenario::x  ... FAILED\n";
    let (ran, known) = (outcomes(log), ["a::b", "a::c", "a::d", "scenario::x"].map(String::from).to_vec());
    assert_eq!(fault("a::b", &known, Some(&ran)), None);
    assert!(fault("a::c", &known, Some(&ran)).is_some());
    assert!(fault("a::d", &known, Some(&ran)).is_some());
    assert!(fault("a::e", &known, None).is_some());
    assert!(fault("scenario::x", &known, Some(&ran)).is_some());
    assert!(fault("a::", &known, Some(&ran)).is_some(), "one below it was skipped");
    let ran = outcomes("test a::made ... FAILED\ntest a::b ... ok");
    assert!(fault("a::", &["a::b".into()], Some(&ran)).is_some(), "one that no source names failed");
    assert!(fault("z::", &known, Some(&ran)).is_some(), "nothing below it");
    let twice = |first: &str, second: &str, more: &str| {
        let ran = outcomes(&format!("test a::b ... {first}\n{more}\ntest a::b ... {second}\n"));
        fault("a::b", &known, Some(&ran)).is_none()
    };
    assert!(
        twice("ignored", "ok", "") && twice("ok", "ignored", "") && twice("FAILED", "ok", "repeated a::b alone; it was late")
    );
    assert!(
        !twice("FAILED", "ok", "") && !twice("ok", "FAILED", "") && !twice("FAILED", "ok", "repeated a::c alone; it was late")
    );
}

#[test]
fn a_test_is_known_by_the_modules_around_it() {
    let text = "#[test]\nfn first() {\n}\nmod tests {\n    mod random {\n        #[test]\n        #[ignore]\n        \
                pub fn second(\n        ) {\n        }\n    }\n    #[tokio::test]\n    async fn third() {\n    }\n}\nfn none() {\n}\n";
    assert_eq!(tests_of(text), ["first", "tests::random::second", "tests::third"]);
}

#[test]
fn a_bench_that_a_claim_names_must_exist() {
    assert_eq!(no_bench("cargo bench --bench preflight"), None);
    for wrong in
        ["cargo bench --bench prefligth", "cargo bench", "cargo test --bench preflight", "cargo bench --bench preflight --no-run"]
    {
        assert!(no_bench(wrong).is_some(), "{wrong}");
    }
}

/// Why a command is no bench of this package, if so.
fn no_bench(command: &str) -> Option<String> {
    let Some(name) = command.strip_prefix("cargo bench --bench ") else {
        return Some(String::from("is not `cargo bench --bench NAME`"));
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest: toml::Table = std::fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let named = manifest["bench"].as_array().unwrap().iter().any(|bench| bench["name"].as_str() == Some(name));
    (!named || !root.join(format!("benches/{name}.rs")).is_file()).then(|| format!("there is no bench `{name}`"))
}

/// Why a claim's test does not keep it, if so. Without a log only its existence can be told.
fn fault(test: &str, known: &[String], ran: Option<&BTreeMap<String, String>>) -> Option<String> {
    let below = ran.into_iter().flat_map(BTreeMap::keys).filter(|name| test.ends_with("::") && name.starts_with(test));
    let listed = known.iter().filter(|k| *k == test || (test.ends_with("::") && k.starts_with(test)));
    let meant: BTreeSet<&String> = listed.chain(below).collect();
    if meant.is_empty() {
        return Some("no such test".into());
    }
    let ran = ran?;
    meant.into_iter().find_map(|name| match ran.get(name).map(String::as_str) {
        Some("ok") => None,
        Some(other) => Some(format!("{name} ended {other}")),
        None => Some(format!("{name} did not run")),
    })
}

/// Name and outcome of every `test NAME ... OUTCOME` line. A test that is skipped in one run may be run by another, as those of
/// older releases are; of one that ran twice the worse counts, unless a line says that it was repeated: `repeated NAME alone`.
fn outcomes(log: &str) -> BTreeMap<String, String> {
    let again = |line: &str| line.trim_start().strip_prefix("repeated ")?.split_once(" alone").map(|(name, _)| name.to_owned());
    let repeated: BTreeSet<String> = log.lines().filter_map(again).collect();
    let mut found = BTreeMap::new();
    for line in log.lines() {
        let Some((name, outcome)) = line.trim_start().strip_prefix("test ").and_then(|l| l.split_once(" ... ")) else { continue };
        let outcome = outcome.split([' ', ',']).next().unwrap_or_default();
        let name = name.trim();
        let old = found.entry(name.to_owned()).or_insert_with(|| outcome.to_owned());
        let better = outcome == "ok" && (*old == "ignored" || repeated.contains(name));
        if better || outcome != "ok" && outcome != "ignored" {
            outcome.clone_into(old);
        }
    }
    found
}

fn claims() -> Claims {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/claims.toml");
    toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap_or_else(|e| panic!("tests/claims.toml: {e}"))
}

/// Every test there is: those of the scenario files, frozen exchanges, trials named in `tests/peers`, and functions marked
/// `#[test]` under `src`, `tests/alone` and `tests/house`.
fn known_tests() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = Vec::new();
    for file in files(&root.join("tests/scenarios"), "toml") {
        names.extend(crate::alike::trials(&file));
    }
    names.extend(super::exchanges::all().iter().map(|exchange| format!("frozen::{}", exchange.name)));
    for file in files(&root.join("tests/edges/advised"), "toml") {
        names.extend(file.file_stem().map(|product| format!("advise::{}::outer", product.to_string_lossy())));
    }
    // Of products and cases, those that go together are the ones that a run has seen.
    let seen = std::fs::read_to_string(root.join("tests/edges/seen.toml")).unwrap();
    for (product, cases) in &seen.parse::<toml::Table>().unwrap() {
        names.extend(cases.as_table().into_iter().flatten().map(|(case, _)| format!("edge::{product}::{case}")));
    }
    for file in files(&root.join("tests/peers"), "rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        names.extend(text.split('"').skip(1).step_by(2).filter(|literal| is_trial(literal)).map(str::to_owned));
    }
    for base in ["src", "tests/alone", "tests/house"] {
        for file in files(&root.join(base), "rs") {
            let relative = file.strip_prefix(root.join(base)).unwrap().with_extension("");
            let parts: Vec<_> =
                relative.iter().map(|p| p.to_string_lossy().into_owned()).filter(|p| p != "mod" && p != "main").collect();
            let text = std::fs::read_to_string(&file).unwrap();
            names.extend(tests_of(&text).into_iter().map(|test| format!("{}::{test}", parts.join("::"))));
        }
    }
    names
}

/// The tests that a source file has, each below the modules that stand around it in the file: `tests::random::name`.
fn tests_of(text: &str) -> Vec<String> {
    let (mut names, mut around, mut marked) = (Vec::new(), Vec::new(), false);
    for line in text.lines() {
        let (indent, words) = (line.len() - line.trim_start().len(), line.trim());
        if let Some(module) = words.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(" {")) {
            around.push((indent, module));
        } else if words == "}" && around.last().is_some_and(|(at, _)| *at == indent) {
            around.pop();
        } else if words.starts_with("#[test]") || words.starts_with("#[tokio::test") {
            marked = true;
        } else if let Some((_, signature)) = words.split_once("fn ").filter(|_| marked) {
            marked = false;
            let name = signature.split('(').next().unwrap_or_default();
            // The name of one that a macro writes stands where the macro is called; the log of a run has it.
            if !name.starts_with('$') {
                let modules = around.iter().map(|(_, module)| format!("{module}::"));
                names.push(modules.chain([name.to_owned()]).collect());
            }
        }
    }
    names
}

/// Whether a literal is a trial's whole name: `edges::nginx`.
fn is_trial(literal: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    literal.split_once("::").is_some_and(|(module, name)| word(module) && word(name))
}

fn files(folder: &Path, ending: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for path in std::fs::read_dir(at).unwrap().map(|e| e.unwrap().path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|x| x == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
