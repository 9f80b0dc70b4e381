//! Whether two ways lead to one gateway.

use super::identity::{Identity, Times, compare};
use crate::facts::FactId;
use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::pair::{FAMILIES, Fared, PAIR, SameGateway};
use crate::facts::value::{Cell, Reason, Value};
use crate::path::{Kind, Topology, Vantage};

/// Writes `pair` for each ordered pair of paths, and `families` for each loopback path.
pub fn settle(facts: &mut Facts, topology: &Topology, times: &Times) {
    let mut sheet = Sheet { table: PAIR.name.to_owned(), vantage: None, state: SheetState::Complete, rows: Vec::new() };
    for a in &topology.paths {
        for b in topology.paths.iter().filter(|b| b.vantage != a.vantage) {
            sheet.push(pair(facts, times, &a.vantage, &b.vantage));
        }
    }
    facts.add(sheet);
    for path in topology.paths.iter().filter(|p| p.kind == Kind::Local) {
        let cell = families(facts, times, &path.vantage);
        let row = RowBuilder::new(&FAMILIES, []).cell("same-gateway", cell).rest(Cell::Absent);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&FAMILIES, &path.vantage) });
    }
}

/// Whether two paths are known to lead to different gateways.
pub fn apart(facts: &Facts, a: &Vantage, b: &Vantage) -> bool {
    let end = |name: &str, at: &Vantage| (name.to_owned(), Value::Text(at.to_string()));
    let key = vec![end("a", a), end("b", b)];
    facts.cell(&FactId { table: "pair".to_owned(), vantage: None, key, field: "same-gateway".to_owned() }).is("refuted")
}

fn pair(facts: &Facts, times: &Times, a: &Vantage, b: &Vantage) -> Row {
    let same = compare(&identity(facts, times, a), &identity(facts, times, b));
    // Two gateways are never compared as one.
    let of_one = |cell: Cell| if same == SameGateway::Refuted { Cell::Absent } else { cell };
    let rounds = |field: &str| of_one(rounds(facts, a, b, field));
    RowBuilder::new(&PAIR, [a.to_string().into(), b.to_string().into()])
        .set("same-gateway", same.as_str())
        .cell("outcome", of_one(fared(facts, a, b)))
        .cell("lag", lag(facts, a, b))
        .cell("added", rounds("added"))
        .cell("spread", rounds("spread"))
        .cell("pairs", rounds("n"))
        .rest(Cell::Absent)
}

fn lag(facts: &Facts, a: &Vantage, b: &Vantage) -> Cell {
    let after = |v: &Vantage| facts.look("challenge", v, &[], "after");
    match (after(a), after(b)) {
        (Cell::Value { value: Value::Ms(x) }, Cell::Value { value: Value::Ms(y) }) => Cell::value(Value::ms(x - y)),
        (Cell::NotMeasured(because), _) | (_, Cell::NotMeasured(because)) => Cell::NotMeasured(because),
        _ => Cell::Absent,
    }
}

/// How the plain upgrade fared on both paths.
fn fared(facts: &Facts, a: &Vantage, b: &Vantage) -> Cell {
    let outcome = |v: &Vantage| facts.look("upgrade", v, &[("offer", "http1"), ("as", "plain")], "outcome");
    match (outcome(a), outcome(b)) {
        (Cell::NotMeasured(because), _) | (_, Cell::NotMeasured(because)) => Cell::NotMeasured(because),
        (a, b) => Cell::value(
            match (a.is("switched"), b.is("switched")) {
                (true, true) => Fared::Both,
                (true, false) => Fared::OnlyA,
                (false, true) => Fared::OnlyB,
                (false, false) => Fared::Neither,
            }
            .as_str(),
        ),
    }
}

/// What the rounds of one path beside the other come to, whichever of the two was the outer one.
fn rounds(facts: &Facts, a: &Vantage, b: &Vantage, field: &str) -> Cell {
    let look = |at: &Vantage, beside: &Vantage| facts.look("rounds", at, &[("beside", &beside.to_string())], field);
    match (look(a, b), look(b, a)) {
        (Cell::Value { value }, _) => Cell::value(value),
        (_, Cell::Value { value: Value::Ms(ms) }) if field == "added" => Cell::value(Value::ms(-ms)),
        (_, Cell::Value { value }) => Cell::value(value),
        (Cell::NotMeasured(because), _) | (_, Cell::NotMeasured(because)) => Cell::NotMeasured(because),
        (Cell::Absent, Cell::Absent) => Cell::Absent,
    }
}

fn identity(facts: &Facts, times: &Times, at: &Vantage) -> Identity {
    let text = |cell: Cell| cell.text().map(str::to_owned);
    let http = |probe: &str, field: &str| facts.look("http", at, &[("probe", probe), ("address", "named")], field);
    let told = [
        ("connect", facts.look("connect", at, &[], "uptime")),
        ("ready", http("ready", "uptime")),
        ("startup", http("startup", "uptime")),
    ];
    Identity {
        boot_id: text(facts.look("connect", at, &[], "boot-id")),
        version: text(facts.look("connect", at, &[], "version")).or_else(|| text(http("startup", "version"))),
        starts: told.into_iter().filter_map(|(probe, uptime)| times.start(probe, at, &uptime)).collect(),
    }
}

/// Compares what the named family and the other one told in the same probe.
fn families(facts: &Facts, times: &Times, at: &Vantage) -> Cell {
    let (rows, state) = facts.rows("http", Some(at));
    if let SheetState::NotMeasured(because) = state {
        return Cell::NotMeasured(because);
    }
    let other = |row: &&Row| row.key("address").is_some_and(|a| a.as_text() != Some("named"));
    let others: Vec<&Row> = rows.iter().filter(other).collect();
    if others.is_empty() {
        let planned = rows.iter().any(|r| r.key("probe").and_then(Value::as_text) == Some("ready"));
        return if planned { Cell::Absent } else { Cell::not_measured(Reason::NotPlanned) };
    }
    let verdicts = others.iter().filter_map(|row| {
        let named = rows.iter().find(|r| r.key("probe") == row.key("probe") && !other(r))?;
        Some(compare(&told(named, times, at), &told(row, times, at)))
    });
    // One probe that tells the two apart outweighs any that cannot.
    let worst =
        verdicts.max_by_key(|v| [SameGateway::Assumed, SameGateway::Proven, SameGateway::Refuted].iter().position(|x| x == v));
    Cell::value(worst.unwrap_or(SameGateway::Assumed).as_str())
}

fn told(row: &Row, times: &Times, at: &Vantage) -> Identity {
    let probe = row.key("probe").and_then(Value::as_text).unwrap_or_default();
    Identity {
        boot_id: None,
        version: row.cell("version").and_then(Cell::text).map(str::to_owned),
        starts: row.cell("uptime").and_then(|uptime| times.start(probe, at, uptime)).into_iter().collect(),
    }
}
