//! What real products were seen to give: `tests/edges/seen.toml`, from which the README's table is made.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;

use crate::case::Played;

/// What one case gave on one product.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Line {
    row: String,
    roots: Vec<String>,
}

/// Lines by product and case.
type Table = BTreeMap<String, BTreeMap<String, Line>>;

/// What this run has seen so far.
#[derive(Default)]
pub struct Seen(Mutex<Table>);

const HEAD: &str =
    "# The roots that each case showed on each product, as the last run of `cargo test --test peers -- edge::` saw them from
# the gateway's host: written by that run, and never by hand. The README's table is made of it.
";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges/seen.toml")
}

impl Seen {
    /// Keeps the roots of a case's first run.
    pub fn note(&self, case: &Played, reports: &[Value]) -> Result<(), String> {
        let findings = reports.first().and_then(|report| report["findings"].as_array());
        let roots = findings.into_iter().flatten().filter(|f| f["explained_by"].as_array().is_none_or(Vec::is_empty));
        let codes = roots.filter_map(|f| f["id"].as_str()?.split('@').next().map(str::to_owned)).collect();
        let line = Line { row: case.row.clone(), roots: codes };
        self.0.lock().map_err(|e| e.to_string())?.entry(case.product.clone()).or_default().insert(case.name().into(), line);
        Ok(())
    }

    /// Whether anything was seen.
    pub fn any(&self) -> bool {
        self.0.lock().is_ok_and(|table| !table.is_empty())
    }

    /// Whether the file says what was seen, and nothing of cases that are gone; a file that does not is rewritten.
    pub fn compare(&self, cases: &[Played]) -> Result<(), String> {
        let before = std::fs::read_to_string(file()).unwrap_or_default();
        let mut table: Table = toml::from_str(&before).map_err(|e| e.to_string())?;
        for (product, lines) in self.0.lock().map_err(|e| e.to_string())?.iter() {
            table.entry(product.clone()).or_default().extend(lines.clone());
        }
        let there = |product: &str, name: &str| cases.iter().any(|case| case.product == product && case.name() == name);
        for (product, lines) in &mut table {
            lines.retain(|name, _| there(product, name));
        }
        let after = written(&table);
        if after == before {
            return Ok(());
        }
        std::fs::write(file(), after).map_err(|e| e.to_string())?;
        Err(String::from("stale, and rewritten just now; look at the change and keep it: tests/edges/seen.toml"))
    }
}

fn written(table: &Table) -> String {
    let mut text = HEAD.to_owned();
    for (product, lines) in table.iter().filter(|(_, lines)| !lines.is_empty()) {
        let _ = writeln!(text, "\n[{product}]");
        for (name, line) in lines {
            let roots = line.roots.iter().map(|root| format!("{root:?}")).collect::<Vec<_>>().join(", ");
            let _ = writeln!(text, "{name} = {{ row = {:?}, roots = [{roots}] }}", line.row);
        }
    }
    text
}
