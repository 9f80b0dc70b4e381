//! A row counts as delivered when a live run fires it: some scenario, or some case of a real edge, names it among what it must
//! find.

use std::path::Path;

use clawprobe::shelf::Shelf;

/// What is played against real parts.
const LIVE: &[&str] = &["tests/scenarios", "tests/edges/cases"];

#[test]
fn every_row_is_fired_by_a_live_run() {
    let texts: Vec<String> = LIVE.iter().flat_map(|folder| texts(folder)).collect();
    let lists = |line: &&str| ["roots", "folded"].iter().any(|key| line.starts_with(key));
    // A case says `CODE` of its edge, a scenario `CODE@PATH`.
    let fires = |code: &str| {
        let found = [format!("\"{code}@"), format!("\"{code}\"")];
        texts.iter().any(|text| text.lines().filter(lists).any(|line| found.iter().any(|id| line.contains(id))))
    };
    let shelf = Shelf::builtin().unwrap();
    assert!(shelf.symptoms.len() >= 32, "the rows of the road are on the shelf");
    assert!(!fires("EDGE-99"), "a code that is nowhere is not fired");
    let silent: Vec<&str> = shelf.symptoms.iter().map(|s| s.code.as_str()).filter(|c| !fires(c)).collect();
    assert!(silent.is_empty(), "no live run fires {silent:?}");
}

/// The products that are to stand in front of a real gateway.
const PRODUCTS: &[&str] = &["apache", "caddy", "envoy", "haproxy", "nginx", "ssh", "stunnel", "traefik"];

#[test]
fn every_product_was_seen_right_and_wrong_in_five_ways() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges/seen.toml");
    let seen: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    for product in PRODUCTS {
        let roots = |case: &toml::Value| case["roots"].as_array().map_or(0, Vec::len);
        let cases = seen[*product].as_table().unwrap();
        let wrong = cases.values().filter(|case| roots(case) > 0).count();
        assert!(wrong >= 5, "{product}: {wrong} mistakes");
        let right = |(name, case): &(&String, &toml::Value)| name.contains("right") && roots(case) == 0;
        assert!(cases.iter().any(|case| right(&case)), "{product} was never right");
    }
}

fn texts(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read_dir(folder).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap()).collect()
}

#[test]
fn the_missions_matrices_that_are_delivered_run_by_name() {
    let shelf = Shelf::builtin().unwrap();
    let names: Vec<&str> = shelf.matrices.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["ci", "edge", "hold", "listen", "preflight"]);
    for name in ["loopback-tailnet", "dns", "fanout"] {
        assert!(shelf.named_matrix(name).unwrap_err().to_string().contains(name), "{name} comes with a later issue");
    }
}
