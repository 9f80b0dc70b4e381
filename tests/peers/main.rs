//! clawprobe against real parts: every file of `tests/scenarios` is one test.
//!
//! A part that is not installed skips its scenarios with one line on a person's machine, and fails them where
//! `CLAWPROBE_PEERS=required` is set (an older release of the gateway: where `CLAWPROBE_RELEASE` names it). As root the
//! whole run moves into a network namespace without a way out, whose processes end with the run.

#![expect(clippy::disallowed_methods, reason = "tests read the environment and time; the walls are for the product")]

mod address;
mod advise;
mod again;
mod alike;
mod bare;
mod case;
mod cast;
mod client;
mod contract;
mod deed;
mod door;
mod edges;
#[path = "../frames/mod.rs"]
mod exchanges;
mod frames;
#[path = "../frames/freeze.rs"]
mod freeze;
mod gateway;
#[path = "../house/machine.rs"]
#[allow(dead_code, reason = "the house needs more of it")]
mod machine;
mod namespace;
mod nginx;
mod parts;
mod play;
mod product;
mod scenario;
mod seen;
mod stage;
mod stand_in;
mod wall;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

use case::Played;
use cast::Cast;
use scenario::Scenario;
use stage::Stage;

/// How many scenarios of a lane run at once. A gateway that starts takes both cores for seconds, so those that start one of
/// their own go first and alone; waiting costs nothing, so many may wait, more where no gateway is shared; timings want the machine alone.
const LANES: &[(&str, usize)] =
    &[("start", 1), ("main", 2), ("edge", 4), ("wait", 8), ("quiet", 24), ("release", 1), ("timing", 1)];

fn main() -> ExitCode {
    if let Some(status) = stand_in::enter() {
        return status;
    }
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
    let products = product::load_all().and_then(|products| Ok((case::load_all(&products)?, products)));
    let (cases, products) = match products {
        Ok(both) => both,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let stage = Arc::new(Stage::new(products));
    let asked = |name: &str| args.filter.as_ref().is_none_or(|f| name.contains(f.as_str()));
    for scenario in scenarios.iter().filter(|s| parts::absent(s, &|name| stage.has(name)).is_none() && s.lane != "release") {
        let (played, alike) = (asked(&format!("scenario::{}", scenario.name)), asked(&format!("alike::{}", scenario.name)));
        if played || alike {
            stage.prepare(scenario, Cast::Real);
        }
        if alike && scenario.has_counterpart() {
            stage.prepare(scenario, Cast::Reference);
        }
    }
    for case in cases.iter().filter(|c| asked(&format!("edge::{}", c.scenario.name))) {
        if parts::absent(&case.scenario, &|name| stage.has(name)).is_none() {
            stage.prepare(&case.scenario, Cast::Real);
        }
    }
    frames::prepare(&stage, asked);
    client::prepare(&stage, asked);
    advise::prepare(&stage, asked);
    let mut failed = false;
    for (lane, at_once) in LANES {
        let control = match *lane {
            "main" => Some(parts::trial("control::alike".into(), None, alike::control)),
            "timing" => Some(parts::checked("control::again".into(), None, false, again::control)),
            _ => None,
        };
        let scenarios = scenarios.iter().filter(|s| s.lane == *lane).flat_map(|s| trials(&stage, s));
        let others = frames::trials(&stage, lane)
            .into_iter()
            .chain(edges::trials(lane))
            .chain(contract::trials(lane))
            .chain(control)
            .chain(address::trials(lane));
        let clients = if *lane == "main" { client::trials(&stage) } else { Vec::new() };
        let advised = if *lane == "main" { advise::trials(&stage) } else { Vec::new() };
        let played = cases.iter().filter(|case| case.scenario.lane == *lane).map(|case| edge_trial(&stage, case));
        let trials: Vec<Trial> = scenarios.chain(played).chain(others).chain(clients).chain(advised).collect();
        args.test_threads = Some(*at_once);
        failed |= libtest_mimic::run(&args, trials).has_failed();
    }
    let (keeper, all) = (Arc::clone(&stage), cases.clone());
    // Whatever was asked for by name: what was seen is kept.
    args.filter = args.filter.filter(|_| !stage.seen.any());
    let kept = parts::trial("edge::seen".into(), None, move || keeper.seen.compare(&all));
    failed |= libtest_mimic::run(&args, vec![kept]).has_failed();
    stage.end();
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The trials of a scenario: with real parts, and with the reference gateway in the place of real ones.
fn trials(stage: &Arc<Stage>, scenario: &Scenario) -> Vec<Trial> {
    let trial = |kind: &str, run: fn(&Stage, &Scenario) -> Result<(), String>| {
        let (absent, required) = (parts::absent(scenario, &|name| stage.has(name)), parts::required(scenario));
        let (name, stage, scenario) = (format!("{kind}::{}", scenario.name), Arc::clone(stage), scenario.clone());
        parts::checked(name, absent, required, move || run(&stage, &scenario))
    };
    let mut trials = vec![trial("scenario", |stage, scenario| stage.real(scenario).map(drop))];
    if scenario.has_counterpart() {
        trials.push(trial("alike", alike::hold));
    }
    trials
}

/// The trial of a case on a product.
fn edge_trial(stage: &Arc<Stage>, case: &Played) -> Trial {
    let (name, stage, case) = (format!("edge::{}", case.scenario.name), Arc::clone(stage), case.clone());
    let (absent, required) = (parts::absent(&case.scenario, &|name| stage.has(name)), parts::required(&case.scenario));
    let run = move || stage.seen.note(&case, &stage.real(&case.scenario)?);
    parts::checked(name, absent, required, run)
}
