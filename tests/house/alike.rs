//! How many scenarios are played alike, with real gateways and with the reference gateway in their place.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// What the issue asks for.
const LEAST: usize = 25;

/// The names of the trials of a scenario file, as `tests/peers` makes them.
pub fn trials(file: &Path) -> Vec<String> {
    let scenario: Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    let name = file.file_stem().unwrap().to_string_lossy();
    let mut trials = vec![format!("scenario::{name}")];
    if gateways(&scenario).next().is_some() && !scenario.contains_key("real-only") {
        trials.push(format!("alike::{name}"));
    }
    trials
}

fn gateways(scenario: &Table) -> impl Iterator<Item = &str> {
    let gateways = scenario.get("gateway").and_then(Value::as_table);
    gateways.into_iter().flat_map(|gateways| gateways.values()).filter_map(Value::as_str)
}

fn scenarios() -> impl Iterator<Item = PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|ending| ending == "toml"))
}

#[test]
fn enough_scenarios_of_the_current_release_are_played_alike() {
    let current = |file: &PathBuf| {
        let scenario: Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        trials(file).len() == 2 && gateways(&scenario).all(|config| !config.contains('@'))
    };
    let number = scenarios().filter(current).count();
    assert!(number >= LEAST, "{number} scenarios are played alike");
}

#[test]
fn what_is_not_played_alike_says_why() {
    for file in scenarios() {
        let scenario: Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        if let Some(why) = scenario.get("real-only") {
            assert!(why.as_str().unwrap().len() > 20, "{}: {why}", file.display());
        }
    }
}
