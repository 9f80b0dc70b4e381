//! clawprobe against real parts: every file of `tests/scenarios` is one test.
//!
//! A part that is not installed skips its scenarios with one line on a person's machine, and fails them where
//! `CLAWPROBE_PEERS=required` is set (an older release of the gateway: where `CLAWPROBE_RELEASE` names it). As root the
//! whole run moves into a network namespace without a way out.

#![expect(clippy::disallowed_methods, reason = "tests read the environment and time; the walls are for the product")]

mod edges;
#[path = "../frames/mod.rs"]
mod exchanges;
mod frames;
#[path = "../frames/freeze.rs"]
mod freeze;
mod gateway;
mod namespace;
mod nginx;
mod parts;
mod play;
mod scenario;
mod stage;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

/// How many scenarios of a lane run at once. A gateway that starts takes both cores for seconds, so those that start one of
/// their own go first and alone; waiting costs nothing, so many may wait; timings want the machine alone.
const LANES: &[(&str, usize)] = &[("start", 1), ("main", 2), ("wait", 8), ("release", 1), ("timing", 1)];

fn main() -> ExitCode {
    if let Some(status) = namespace::enter() {
        return status;
    }
    let mut args = Arguments::from_args();
    let scenarios = match scenario::load_all() {
        Ok(scenarios) => scenarios,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let stage = Arc::new(stage::Stage::new());
    let asked = |name: &str| args.filter.as_ref().is_none_or(|f| name.contains(f.as_str()));
    frames::prepare(&stage, asked);
    for scenario in scenarios
        .iter()
        .filter(|s| asked(&format!("scenario::{}", s.name)))
        .filter(|s| parts::absent(s).is_none() && s.lane != "release")
    {
        stage.prepare(scenario);
    }
    let mut failed = false;
    for (lane, at_once) in LANES {
        let trials: Vec<Trial> = scenarios
            .iter()
            .filter(|s| s.lane == *lane)
            .map(|scenario| {
                let (absent, required) = (parts::absent(scenario), parts::required(scenario));
                let (stage, scenario) = (Arc::clone(&stage), scenario.clone());
                let name = format!("scenario::{}", scenario.name);
                parts::checked(name, absent, required, move || play::play(&stage, &scenario))
            })
            .chain(frames::trials(&stage, lane))
            .chain(edges::trials(lane))
            .collect();
        args.test_threads = Some(*at_once);
        failed |= libtest_mimic::run(&args, trials).has_failed();
    }
    stage.end();
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
