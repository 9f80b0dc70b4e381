//! The list of how well every row is proven is made of the fault files and scenarios that exist.

use std::collections::BTreeMap;
use std::path::Path;

use clawprobe::code::Code;
use clawprobe::proof::maturity::{self, Entry};
use clawprobe::reference::fault;
use clawprobe::shelf::Shelf;
use toml::{Table, Value};

use crate::desk::Desk;
use crate::fresh::fresh;

#[test]
fn the_maturity_of_every_row_is_fresh() {
    let shelf = Shelf::builtin().unwrap();
    let faults = fault::all().unwrap_or_else(|complaint| panic!("{complaint}"));
    let scenarios = scenarios();
    let entry = |code: &Code, own: &str| {
        let fires = |ids: &[String]| ids.iter().any(|id| id.starts_with(&format!("{code}@")));
        let fired = faults.iter().filter(|f| fires(&f.expect.roots) || fires(&f.expect.folded)).map(|f| f.name.clone());
        let fault = fired.min_by_key(|name| (name != own, name.clone()));
        let scenario = scenarios.iter().find(|(_, ids)| fires(ids)).map(|(name, _)| name.clone());
        Entry::new(fault, scenario)
    };
    let all: BTreeMap<Code, Entry> = shelf.symptoms.iter().map(|row| (row.code.clone(), entry(&row.code, &row.fault))).collect();
    let text = format!(
        "# Generated from matrices/faults and tests/scenarios; a test rewrites this file when it is stale.\n\n{}",
        toml::to_string(&all).unwrap()
    );
    assert_eq!(toml::from_str::<BTreeMap<Code, Entry>>(&text).unwrap(), all);
    fresh(&[("matrices/proof/maturity.toml", text)]);
    assert_eq!(maturity::all(), all);
}

/// Scenarios in which every part is the real thing, by name, with the ids of what they find.
fn scenarios() -> BTreeMap<String, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |file: std::path::PathBuf| {
        let scenario: Table = std::fs::read_to_string(&file).unwrap().parse().unwrap();
        real(&scenario).then(|| (file.file_stem().unwrap().to_string_lossy().into_owned(), found(&scenario)))
    };
    files.filter(|file| file.extension().is_some_and(|ending| ending == "toml")).filter_map(read).collect()
}

/// Real gateways or nginx stand there, and nobody plays a part: a relay and a closed port are what they are anywhere.
fn real(scenario: &Table) -> bool {
    let kind = |peer: &Value| peer["kind"].as_str().unwrap().to_owned();
    let peers: Vec<String> = scenario.get("peer").and_then(Value::as_array).into_iter().flatten().map(kind).collect();
    let gateway = scenario.get("gateway").and_then(Value::as_table).is_some_and(|gateways| !gateways.is_empty());
    let plays = |kind: &String| !["nginx", "relay", "closed"].contains(&kind.as_str());
    (gateway || peers.iter().any(|kind| kind == "nginx")) && !peers.iter().any(plays)
}

fn found(scenario: &Table) -> Vec<String> {
    let runs = scenario.get("run").and_then(Value::as_array).into_iter().flatten();
    let lists =
        runs.filter_map(|run| run.get("expect")?.as_table()).flat_map(|expect| [expect.get("roots"), expect.get("folded")]);
    let ids = lists.flatten().filter_map(Value::as_array).flatten();
    ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect()
}

#[test]
fn a_played_part_makes_no_field() {
    let scenario = |text: &str| text.parse::<Table>().unwrap();
    assert!(real(&scenario("[gateway]\ngw = 'token'")));
    assert!(real(&scenario("[[peer]]\nkind = 'nginx'")));
    assert!(!real(&scenario("[gateway]\ngw = 'token'\n[[peer]]\nkind = 'script'")));
    assert!(!real(&scenario("[[peer]]\nkind = 'closed'")));
}

#[test]
fn explain_shows_what_proves_a_row() {
    let done = Desk::new().run(&["explain", "WS-01"]);
    let line = done.out.lines().find(|line| line.starts_with("maturity")).unwrap_or_else(|| panic!("{}", done.out));
    let entry = &maturity::all()[&"WS-01".parse::<Code>().unwrap()];
    assert!(line.ends_with(&entry.to_string()) && line.contains("nginx"), "{line}");
}
