//! Whether two ways lead to one gateway.

use std::collections::BTreeMap;

use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::pair::{FAMILIES, PAIR, SameGateway};
use crate::facts::value::{Cell, Reason, Value};
use crate::path::{Kind, Topology, Vantage};
use crate::record::{Event, Recording};

/// Two starts further apart than this belong to two processes; the gateway tells its uptime in milliseconds.
const SAME_START_MS: f64 = 1_000.0;

/// When each probe ended, in milliseconds since the run began: an uptime alone says nothing without it.
pub struct Starts(BTreeMap<(String, Vantage), f64>);

impl Starts {
    /// Reads the times off a recording's events.
    pub fn of(recording: &Recording) -> Self {
        let ends = recording.events.iter().filter_map(|event| match event {
            Event::Finished { probe, vantage, at_ms } => Some(((probe.clone(), vantage.clone()), *at_ms)),
            _ => None,
        });
        Self(ends.collect())
    }

    fn at(&self, probe: &str, vantage: &Vantage) -> f64 {
        self.0.get(&(probe.to_owned(), vantage.clone())).copied().unwrap_or_default()
    }
}

/// What a path tells about the process behind it.
#[derive(Default)]
struct Identity {
    boot_id: Option<String>,
    version: Option<String>,
    /// Start of the process by each probe that tells an uptime, in milliseconds relative to the beginning of the run. The
    /// gateway counts from its process's start in hello-ok and from its listener's start in the readiness route, seconds
    /// apart, so only the same probe may be compared.
    starts: Vec<(&'static str, f64)>,
}

/// Writes `pair` for each ordered pair of paths, and `families` for each loopback path.
pub fn settle(facts: &mut Facts, topology: &Topology, starts: &Starts) {
    let mut sheet = Sheet { table: PAIR.name.to_owned(), vantage: None, state: SheetState::Complete, rows: Vec::new() };
    for a in &topology.paths {
        for b in topology.paths.iter().filter(|b| b.vantage != a.vantage) {
            sheet.push(pair(facts, starts, &a.vantage, &b.vantage));
        }
    }
    facts.add(sheet);
    for path in topology.paths.iter().filter(|p| p.kind == Kind::Local) {
        let cell = families(facts, &path.vantage);
        let row = RowBuilder::new(&FAMILIES, []).cell("same-gateway", cell).rest(Cell::Absent);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&FAMILIES, &path.vantage) });
    }
}

fn pair(facts: &Facts, starts: &Starts, a: &Vantage, b: &Vantage) -> Row {
    let same = compare(&identity(facts, starts, a), &identity(facts, starts, b));
    let after = |v: &Vantage| facts.look("challenge", v, &[], "after");
    let lag = match (after(a), after(b)) {
        (Cell::Value { value: Value::Ms(x) }, Cell::Value { value: Value::Ms(y) }) => {
            Cell::value(Value::Ms(((x - y) * 1e3).round() / 1e3))
        }
        (Cell::NotMeasured(because), _) | (_, Cell::NotMeasured(because)) => Cell::NotMeasured(because),
        _ => Cell::Absent,
    };
    RowBuilder::new(&PAIR, [a.to_string().into(), b.to_string().into()])
        .set("same-gateway", same.as_str())
        .cell("lag", lag)
        .rest(Cell::Absent)
}

fn identity(facts: &Facts, starts: &Starts, at: &Vantage) -> Identity {
    let text = |cell: Cell| cell.text().map(str::to_owned);
    let ms = |cell: Cell| match cell.get() {
        Some(Value::Ms(ms)) => Some(*ms),
        _ => None,
    };
    let http = |probe: &str, field: &str| facts.look("http", at, &[("probe", probe), ("address", "named")], field);
    let told = [
        ("connect", facts.look("connect", at, &[], "uptime")),
        ("ready", http("ready", "uptime")),
        ("startup", http("startup", "uptime")),
    ];
    let start = |(probe, cell): (&'static str, Cell)| ms(cell).map(|uptime| (probe, starts.at(probe, at) - uptime));
    Identity {
        boot_id: text(facts.look("connect", at, &[], "boot-id")),
        version: text(facts.look("connect", at, &[], "version")).or_else(|| text(http("startup", "version"))),
        starts: told.into_iter().filter_map(start).collect(),
    }
}

fn compare(a: &Identity, b: &Identity) -> SameGateway {
    if let (Some(x), Some(y)) = (&a.boot_id, &b.boot_id) {
        return if x == y { SameGateway::Proven } else { SameGateway::Refuted };
    }
    if let (Some(x), Some(y)) = (&a.version, &b.version)
        && x != y
    {
        return SameGateway::Refuted;
    }
    let same_probe = |(probe, x): &(&str, f64)| b.starts.iter().find(|(other, _)| other == probe).map(|(_, y)| (x - y).abs());
    match a.starts.iter().find_map(same_probe) {
        Some(apart) if apart <= SAME_START_MS => SameGateway::Proven,
        Some(_) => SameGateway::Refuted,
        None => SameGateway::Assumed,
    }
}

/// Compares what the named family and the other one told, in one probe each and so at about the same time.
fn families(facts: &Facts, at: &Vantage) -> Cell {
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
        Some(compare(&told(named), &told(row)))
    });
    // One probe that tells the two apart outweighs any that cannot.
    let worst =
        verdicts.max_by_key(|v| [SameGateway::Assumed, SameGateway::Proven, SameGateway::Refuted].iter().position(|x| x == v));
    Cell::value(worst.unwrap_or(SameGateway::Assumed).as_str())
}

fn told(row: &Row) -> Identity {
    Identity {
        boot_id: None,
        version: row.cell("version").and_then(Cell::text).map(str::to_owned),
        starts: match row.cell("uptime").and_then(Cell::get) {
            Some(Value::Ms(uptime)) => vec![("uptime", -uptime)],
            _ => Vec::new(),
        },
    }
}
