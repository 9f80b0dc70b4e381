//! The list of how well every row is proven is made of the fault files, the scenarios that exist, and what real products were seen
//! to give.

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
    let scenarios: BTreeMap<_, _> = scenarios().into_iter().chain(cases()).collect();
    let entry = |code: &Code, own: &str| {
        let fires = |ids: &[String]| ids.iter().any(|id| id.starts_with(&format!("{code}@")));
        // Its own fault goes before others, and to be a root before to be an effect.
        let faults = faults.iter().filter(|f| fires(&f.expect.roots) || fires(&f.expect.folded));
        let fault = faults.min_by_key(|f| (f.name != own, !fires(&f.expect.roots), &f.name)).map(|f| f.name.clone());
        let scenarios = scenarios.iter().filter(|(_, [roots, folded])| fires(roots) || fires(folded));
        // A scenario that says all that is there goes before a case, which is one of many alike.
        let rank = |(name, [roots, _]): &(&String, &[Vec<String>; 2])| (!fires(roots), name.contains("::"), name.to_string());
        let scenario = scenarios.min_by_key(rank).map(|(name, _)| name.clone());
        Entry::new(fault, scenario)
    };
    let all: BTreeMap<Code, Entry> = shelf.symptoms.iter().map(|row| (row.code.clone(), entry(&row.code, &row.fault))).collect();
    let text = format!(
        "# Generated from matrices/faults, tests/scenarios and tests/edges/seen.toml; a test rewrites this file when it is stale.\n\n{}",
        toml::to_string(&all).unwrap()
    );
    assert_eq!(toml::from_str::<BTreeMap<Code, Entry>>(&text).unwrap(), all);
    fresh(&[("matrices/proof/maturity.toml", text)]);
    assert_eq!(maturity::all(), all);
}

/// Scenarios in which every part is the real thing, by name, with the ids of their roots and of what folds.
fn scenarios() -> BTreeMap<String, [Vec<String>; 2]> {
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
    let gateway = scenario.get("gateway").and_then(Value::as_table).is_some_and(|gateways| !gateways.is_empty());
    (gateway || kinds(scenario).any(|kind| kind == "nginx")) && !plays(scenario)
}

/// Whether anybody plays a part.
fn plays(scenario: &Table) -> bool {
    kinds(scenario).any(|kind| !["nginx", "relay", "closed", "product", "wall"].contains(&kind))
}

fn kinds(scenario: &Table) -> impl Iterator<Item = &str> {
    let peers = scenario.get("peer").and_then(Value::as_array).into_iter().flatten();
    peers.map(|peer| peer["kind"].as_str().unwrap())
}

/// Cases on real products that were seen to give a root, by the names of their tests, with the ids of those roots.
fn cases() -> BTreeMap<String, [Vec<String>; 2]> {
    let edges = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges");
    let table = |file: &Path| std::fs::read_to_string(file).unwrap().parse::<Table>().unwrap();
    let mut played = BTreeMap::new();
    for file in std::fs::read_dir(edges.join("cases")).unwrap().map(|entry| entry.unwrap().path()) {
        let (name, case) = (file.file_stem().unwrap().to_string_lossy().into_owned(), table(&file));
        let bands = case.get("band").and_then(Value::as_array).into_iter().flatten();
        let of_bands: Vec<String> = bands.map(|band| format!("{name}-{}", band["name"].as_str().unwrap())).collect();
        played.extend(of_bands.into_iter().chain([name]).map(|name| (name, plays(&case))));
    }
    let mut cases = BTreeMap::new();
    for (product, seen) in table(&edges.join("seen.toml")) {
        for (case, line) in seen.as_table().unwrap().iter().filter(|(case, _)| !played[*case]) {
            let roots = line["roots"].as_array().unwrap().iter().map(|code| format!("{}@", code.as_str().unwrap()));
            cases.insert(format!("edge::{product}::{case}"), [roots.collect(), Vec::new()]);
        }
    }
    cases
}

fn found(scenario: &Table) -> [Vec<String>; 2] {
    ["roots", "folded"].map(|list| {
        let runs = scenario.get("run").and_then(Value::as_array).into_iter().flatten();
        let ids = runs.filter_map(|run| run.get("expect")?.get(list)?.as_array()).flatten();
        ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect()
    })
}

#[test]
fn a_played_part_makes_no_field() {
    let scenario = |text: &str| text.parse::<Table>().unwrap();
    assert!(real(&scenario("[gateway]\ngw = 'token'")));
    assert!(real(&scenario("[[peer]]\nkind = 'nginx'")));
    assert!(!real(&scenario("[gateway]\ngw = 'token'\n[[peer]]\nkind = 'script'")));
    assert!(!real(&scenario("[[peer]]\nkind = 'closed'")));
    assert!(real(&scenario("[gateway]\ngw = 'token'\n[[peer]]\nkind = 'product'\n[[peer]]\nkind = 'wall'")));
    let cases = cases();
    assert!(cases.keys().any(|case| case.ends_with("::idle")) && !cases.keys().any(|case| case.ends_with("::idle-timed-short")));
}

#[test]
fn explain_shows_what_proves_a_row() {
    let done = Desk::new().run(&["explain", "WS-01"]);
    let flat = done.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let entry = &maturity::all()[&"WS-01".parse::<Code>().unwrap()];
    assert!(entry.scenario.is_some() && flat.contains(&format!("maturity {entry}")), "{}", done.out);
}

#[test]
fn a_row_has_a_fault_or_says_why_it_has_none() {
    let desk = Desk::new();
    let new = desk.run(&["matrix", "new", "X-EDGE-01"]).out;
    let line = new.lines().find(|line| line.starts_with("fault = ")).unwrap();
    let name = new.lines().find_map(|line| line.strip_prefix("name = \"")?.split('"').next()).unwrap();
    let file = format!("X-EDGE-01-{name}.md");
    let lint = |with: &str| {
        desk.put(&file, new.replace(line, with));
        desk.run(&["matrix", "lint", &file])
    };
    let reason = "no-fault = \"a cache cannot be made to forget\"";
    assert_eq!(lint(reason).status, 0, "{}", lint(reason).err);
    let both = lint(&format!("{line}\n{reason}"));
    assert_eq!((both.status, both.underlined()), (2, vec!["\"a cache cannot be made to forget\"".to_owned()]), "{}", both.err);
    assert!(both.err.contains("a row has a fault or a reason why it has none"), "{}", both.err);
    let neither = lint("");
    assert!(neither.status == 2 && neither.err.contains("fault"), "{}", neither.err);
    let told = desk.run(&["reproduce", "X-EDGE-01", "--overlay", {
        desk.put(&file, new.replace(line, reason));
        &file
    }]);
    assert!(told.status == 2 && told.err.contains("cannot be reproduced: a cache cannot be made to forget"), "{}", told.err);
}
