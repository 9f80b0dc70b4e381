//! A row counts as delivered when a live run fires it: some scenario names it among what it must find.

use std::path::Path;

use clawprobe::shelf::Shelf;

/// Rows that no scenario can fire yet, and why; five at most.
const CANNOT: &[(&str, &str)] = &[
    ("EDGE-04", "an edge and a gateway on another address of one host: in the reference world alone"),
    ("EDGE-06", "a page that names a socket: in the reference world alone"),
    ("EDGE-10", "a name of the tailnet needs a name server: in the reference world alone"),
    ("EDGE-11", "two products in a row that both show themselves: by its evidence alone"),
    ("TLS-03", "a public name needs a name server: in the reference world alone"),
];

#[test]
fn every_row_is_fired_by_a_live_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let texts: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| std::fs::read_to_string(e.unwrap().path()).unwrap()).collect();
    let fires = |code: &str| {
        let found = format!("\"{code}@");
        let lists = |line: &&str| ["roots", "folded"].iter().any(|key| line.starts_with(key));
        texts.iter().any(|text| text.lines().filter(lists).any(|line| line.contains(&found)))
    };
    let shelf = Shelf::builtin().unwrap();
    assert!(shelf.symptoms.len() >= 32, "the rows of the road are on the shelf");
    assert!(CANNOT.len() <= 5);
    let cannot = |code: &str| CANNOT.iter().any(|(c, _)| *c == code);
    for (code, why) in CANNOT {
        println!("{code} cannot be fired yet: {why}");
        assert!(!fires(code), "{code} is fired after all");
    }
    let silent: Vec<&str> = shelf.symptoms.iter().map(|s| s.code.as_str()).filter(|c| !fires(c) && !cannot(c)).collect();
    assert!(silent.is_empty(), "no scenario fires {silent:?}");
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
