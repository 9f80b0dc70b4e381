//! A small recording for tests.

use super::{End, Event, Head, Recording, SCHEMA, Share};
use crate::code::Severity;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::tcp::TCP;
use crate::facts::tables::upgrade::UPGRADE;
use crate::facts::{Because, Cell, Reason, Sheet, Value};
use crate::path::{HERE, Vantage};
use crate::plan::fixture::{matrix, probes, shelf, target, ways};
use crate::plan::{Options, make};

/// A head with the plan of one local path.
pub fn head() -> Head {
    let shelf = shelf(probes());
    Head {
        schema: String::from(SCHEMA),
        tool: String::from("clawprobe 0.1.0"),
        taken: String::from("2026-01-01T00:00:00Z"),
        marker: String::from("0011223344556677"),
        target: String::from("ws://192.168.7.9:18789"),
        world: None,
        shelf: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
        fail_on: Severity::Warning,
        share: Share::Team,
        plan: make(&shelf, &matrix(&shelf), &target(ways(0)), &Options::default()).unwrap(),
    }
}

/// A run whose connection attempt succeeded and whose upgrade was blocked; the rest was interrupted.
pub fn recording() -> Recording {
    let at = Vantage::path(HERE, "local");
    let mut tcp = Sheet::new(&TCP, &at);
    let row = RowBuilder::new(&TCP, [Value::from("192.168.7.9"), Value::from(18789_u16)]).set("connected", "accepted");
    tcp.push(row.set("after", Value::Ms(0.417)).set("error", "none at 192.168.7.9").rest(Cell::Absent));
    let because = Because::new(Reason::Blocked, "tcp@here/local[address=192.168.7.9,port=18789].connected");
    let upgrade = Sheet::not_measured(&UPGRADE, &at, because);
    let probe = || String::from("tcp");
    let events = vec![
        Event::Started { probe: probe(), vantage: at.clone(), at_ms: 0.25 },
        Event::Finished { probe: probe(), vantage: at.clone(), at_ms: 0.75 },
        Event::Sheet(tcp),
        Event::Sheet(upgrade),
    ];
    Recording::new(head(), events, End { duration_ms: 12.345, interrupted: false, defect: None, note: None })
}
