//! The README's generated parts: sample, exit codes, confusion matrix, codes.

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
