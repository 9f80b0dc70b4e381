//! The README's generated parts: sample, exit codes, confusion matrix, codes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use clawprobe::cli::confusion;
use clawprobe::exit::EXITS;
use clawprobe::shelf::Shelf;

use crate::fresh::fresh;

#[test]
fn the_readme_is_fresh() {
    let file = |name: &str| std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let mut text = file("README.md");
    let parts = [
        ("sample", format!("```text\n{}```", file("reports/samples/human.txt"))),
        ("confusion", confusion::brief(&Shelf::builtin().unwrap())),
        ("edges", edges()),
        ("exits", exits()),
        ("codes", codes()),
    ];
    for (name, part) in parts {
        let begin = format!("<!-- generated: {name} -->\n");
        let at = text.find(&begin).unwrap_or_else(|| panic!("README.md has no part {name}")) + begin.len();
        let end = at + text[at..].find("<!-- end -->").unwrap();
        text.replace_range(at..end, &format!("{part}\n"));
    }
    fresh(&[("README.md", text)]);
}

#[test]
fn the_first_command_needs_neither_gateway_nor_network() {
    let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let first = text.lines().find(|line| line.starts_with("$ ")).unwrap();
    assert!(first.starts_with("$ cargo run --release -- preflight --reference "), "{first}");
}

/// What `tests/peers` saw a case give on a product.
#[derive(serde::Deserialize)]
struct Seen {
    row: String,
    roots: Vec<String>,
}

/// The real products, in the order and by the names of the table.
const PRODUCTS: &[(&str, &str)] = &[
    ("nginx", "nginx"),
    ("caddy", "Caddy"),
    ("haproxy", "HAProxy"),
    ("apache", "Apache"),
    ("envoy", "Envoy"),
    ("traefik", "Traefik"),
    ("lighttpd", "lighttpd"),
    ("stunnel", "stunnel"),
    ("ssh", "ssh -L"),
];

/// A line for each mistake, right configurations first, and a column for each product.
fn edges() -> String {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges/seen.toml");
    let seen: BTreeMap<String, BTreeMap<String, Seen>> = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(
        seen.keys().all(|name| PRODUCTS.iter().any(|(known, _)| known == name)),
        "a product has no column: {:?}",
        seen.keys()
    );
    let rows: BTreeSet<(bool, &str)> =
        seen.values().flat_map(BTreeMap::values).map(|line| (line.row != "right", line.row.as_str())).collect();
    let names = PRODUCTS.iter().map(|(_, title)| *title).collect::<Vec<_>>().join(" | ");
    let mut out = format!("| | {names} |\n|{}\n", " --- |".repeat(PRODUCTS.len() + 1));
    for (_, row) in rows {
        let cells = PRODUCTS.iter().map(|(name, _)| cell(seen.get(*name).into_iter().flat_map(BTreeMap::values), row));
        let _ = writeln!(out, "| {row} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    out.trim_end().to_owned()
}

/// The codes of all cases of a row, or how many there are if none has any.
fn cell<'a>(lines: impl Iterator<Item = &'a Seen>, row: &str) -> String {
    let lines: Vec<&Seen> = lines.filter(|line| line.row == row).collect();
    let codes: BTreeSet<&str> = lines.iter().flat_map(|line| line.roots.iter().map(String::as_str)).collect();
    match lines.len() {
        0 => String::new(),
        count if codes.is_empty() => format!("healthy in {count}"),
        _ => codes.into_iter().collect::<Vec<_>>().join(", "),
    }
}

fn exits() -> String {
    let line = |mut out: String, l: &clawprobe::exit::ExitLine| {
        let _ = writeln!(out, "| {} | {} |", l.number, l.doc);
        out
    };
    EXITS.iter().fold("| exit | meaning |\n| --- | --- |\n".to_owned(), line).trim_end().to_owned()
}

fn codes() -> String {
    let shelf = Shelf::builtin().unwrap();
    let line = |mut out: String, s: &clawprobe::shelf::symptom::Symptom| {
        let file = format!("matrices/symptoms/{}/{}-{}.md", s.code.family(), s.code, s.name);
        let _ = writeln!(out, "| [{}]({file}) | {} | {} | {} |", s.code, s.layer, s.severity, s.title);
        out
    };
    shelf
        .symptoms
        .iter()
        .fold("| code | layer | severity | the trouble |\n| --- | --- | --- | --- |\n".to_owned(), line)
        .trim_end()
        .to_owned()
}
