//! The machine a test runs on: what it lacks, and how busy it is.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::sync::Once;
use std::time::Instant;

/// Says that this machine cannot tell what a test asks, and why; where the real peers are required it must be able to.
///
/// What a passing test prints is kept by the harness, so the line goes past it.
pub fn skipped(test: &str, why: &str) {
    assert!(!all_required(), "{test} must not be skipped here: {why}");
    let _ = writeln!(std::io::stderr(), "skipped {test}: {why}");
}

/// Whether nothing may be skipped here: so in CI.
pub fn all_required() -> bool {
    std::env::var("CLAWPROBE_PEERS").is_ok_and(|value| value == "required")
}

/// The words before a command that make it run as nobody.
pub const AS_NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// Runs a test of this binary as nobody, and nothing else of it, for the one that needs it; whoever cannot become nobody skips that.
pub fn as_nobody(needs: &str, test: &str, env: &[(&str, String)]) -> Option<Output> {
    if !Command::new(AS_NOBODY[0]).args(&AS_NOBODY[1..]).arg("true").output().is_ok_and(|out| out.status.success()) {
        skipped(needs, "only root can become nobody, with util-linux");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (own, copy) = (std::env::current_exe().unwrap(), dir.path().join("tests"));
    // Nobody may be shut out of the place where the program was built. A link also spares writing a program that is about to run.
    std::fs::hard_link(&own, &copy).or_else(|_| std::fs::copy(&own, &copy).map(drop)).unwrap();
    let mut command = Command::new(AS_NOBODY[0]);
    command.args(&AS_NOBODY[1..]).arg(copy).args(["--exact", test, "--nocapture"]).current_dir("/");
    Some(command.envs(env.iter().map(|(name, value)| (*name, value.as_str()))).output().unwrap())
}

/// From now on a test that falls tells how busy the machine was.
pub fn watch() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let (begun, told) = (Instant::now(), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |panic| {
            told(panic);
            // Printed, and not written past the harness: it belongs to what the test said.
            eprintln!("{:.1} s after the first test began; {}", begun.elapsed().as_secs_f64(), load());
        }));
    });
}

/// The load averages, as the system tells them.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<&str> = text.split(' ').take(3).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("load average {} on {cores} cores", averages.join(" "))
}

#[test]
fn a_skipped_test_is_told_to_whoever_looks_and_fails_where_nothing_may_be_skipped() {
    const CHILD: &str = "CLAWPROBE_TEST_SKIPS";
    let name = "machine::a_skipped_test_is_told_to_whoever_looks_and_fails_where_nothing_may_be_skipped";
    if std::env::var_os(CHILD).is_some() {
        return skipped(name, "there is no moon");
    }
    let run = |peers: &str| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", name]).env(CHILD, "1").env("CLAWPROBE_PEERS", peers).output().unwrap()
    };
    let told = run("");
    assert!(told.status.success(), "{told:?}");
    assert_eq!(String::from_utf8_lossy(&told.stderr).lines().collect::<Vec<_>>(), [format!("skipped {name}: there is no moon")]);
    let failed = run("required");
    assert!(!failed.status.success() && String::from_utf8_lossy(&failed.stdout).contains("there is no moon"), "{failed:?}");
}
