//! Self-test as a test: it passes as root and as nobody, and what is not as declared is told to the letter.

use std::sync::Mutex;

use clawprobe::proof::confusion::expected;
use clawprobe::proof::hall::PAIRED;
use clawprobe::proof::self_test;
use clawprobe::reference::fault::{self, read};
use clawprobe::run::stop::Stop;
use clawprobe::shelf::Shelf;
use serde_json::Value;

use super::desk::{Desk, Done};
use super::machine;

/// The longest it may take, in milliseconds: a minute. A build that is not optimised gets five.
const LONGEST_MS: f64 = if cfg!(debug_assertions) { 300_000.0 } else { 60_000.0 };

/// One at a time: each stands for a machine with nothing else to do.
static ALONE: Mutex<()> = Mutex::new(());

fn alone(run: impl FnOnce() -> Done) -> Done {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    run()
}

fn passes(done: &Done) {
    let told: Value = serde_json::from_str(&done.out).unwrap_or_else(|why| panic!("{why}: {}{}", done.out, done.err));
    let schema = serde_json::from_str(include_str!("../../reports/schema/self-test-1.json")).unwrap();
    assert!(jsonschema::is_valid(&schema, &told), "{}", done.out);
    let objections: Vec<&Value> =
        told["worlds"].as_array().unwrap().iter().filter(|w| w["objections"] != Value::Array(vec![])).collect();
    assert!(objections.is_empty(), "{objections:#?}");
    let rows: Vec<&Value> = told["rows"].as_array().unwrap().iter().filter(|row| !row["objection"].is_null()).collect();
    assert!(rows.is_empty(), "{rows:#?}");
    assert_eq!((&told["passed"], done.status), (&Value::Bool(true), 0));
    let pairs = told["worlds"].as_array().unwrap().iter().filter(|w| w["place"] == PAIRED).count();
    assert!(pairs >= 30, "{pairs} pairs");
    assert!(told["duration_ms"].as_f64().unwrap() < LONGEST_MS, "{}", told["duration_ms"]);
    as_on_the_page(&told["confusion"]);
}

/// What fired is what the generated page shows; faults that this machine cannot make are not among them.
fn as_on_the_page(confusion: &Value) {
    let declared = expected(&Shelf::builtin().unwrap(), &fault::all().unwrap_or_else(|c| panic!("{c}")));
    let declared = serde_json::to_value(declared).unwrap();
    for line in confusion.as_array().unwrap() {
        let wanted = declared.as_array().unwrap().iter().find(|d| d["fault"] == line["fault"]);
        assert_eq!(Some(line), wanted);
    }
}

#[test]
fn it_passes() {
    passes(&alone(|| Desk::new().run(&["self-test", "--format", "json"])));
}

#[cfg(target_os = "linux")]
#[test]
fn it_passes_as_nobody() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let desk = Desk::new();
    if std::fs::metadata(desk.path()).unwrap().uid() != 0 {
        return machine::skipped("self_test::it_passes_as_nobody", "only root can become nobody");
    }
    std::fs::set_permissions(desk.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = desk.path().join("clawprobe");
    // Nobody may be shut out of the place where the program was built. A link also spares writing a program that is about to run.
    let built = env!("CARGO_BIN_EXE_clawprobe");
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).unwrap();
    let mut command = std::process::Command::new(machine::AS_NOBODY[0]);
    command.args(&machine::AS_NOBODY[1..]).arg(&program).args(["self-test", "--format", "json"]);
    passes(&alone(|| command.env_clear().env("HOME", "/").current_dir("/").output().unwrap().into()));
}

#[test]
fn what_is_not_as_declared_is_told_to_the_letter() {
    let faults = [
        (
            "edge/upgrade-dropped",
            "[edge]\nupgrade = 'dropped'\n[expect]\nexit = 0\nroots = ['WS-02@here/edge']\nfolded = ['HEALTH-05@here/edge']",
        ),
        ("healthy/not", "[gateway]\nstopped = true"),
    ];
    let faults: Vec<_> = faults.iter().map(|(name, text)| read(name, &format!("summary = 'x'\n{text}")).unwrap()).collect();
    let told = self_test::run(&Shelf::builtin().unwrap(), &faults, &Stop::never(), &|_| {}).unwrap_or_else(|c| panic!("{c}"));
    let objections: Vec<String> = told.objections().collect();
    for wanted in [
        "edge/upgrade-dropped: exit: expected 0, was 1",
        "edge/upgrade-dropped: roots: expected WS-02@here/edge, which is not there",
        "edge/upgrade-dropped: roots: WS-01@here/edge was not expected",
        "healthy/not: exit: expected 0, was 1",
        "healthy/not: roots: LISTEN-01@here/local was not expected",
        "WS-02: its fault edge/upgrade-mangled does not exist",
    ] {
        assert!(objections.iter().any(|line| line == wanted), "no `{wanted}` in {objections:#?}");
    }
    assert!(!told.passed() && !objections.iter().any(|line| line.starts_with("WS-01:")), "{objections:#?}");
}
