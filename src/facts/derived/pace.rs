//! How fast a path answers, over every request that was answered on it.

use super::identity::Times;
use crate::facts::series::Series;
use crate::facts::sheet::{RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::http::PACE;
use crate::facts::value::{Cell, Reason, Value};
use crate::path::{Topology, Vantage};

/// Writes `pace` for each path.
pub fn settle(facts: &mut Facts, topology: &Topology, times: &Times) {
    for path in &topology.paths {
        let cells = match answers(facts, times, &path.vantage).summary() {
            None => {
                let because = match facts.rows("http", Some(&path.vantage)).1 {
                    SheetState::NotMeasured(because) => because,
                    _ => Reason::Blocked.into(),
                };
                PACE.fields.iter().map(|f| (f.name, Cell::not_measured(because.clone()))).collect()
            }
            Some(s) => {
                let ms = |ms: f64| Cell::value(Value::ms(ms));
                vec![
                    ("n", Cell::value(s.n as i64)),
                    ("min", ms(s.min)),
                    ("p50", ms(s.p50)),
                    ("p95", ms(s.p95)),
                    ("max", ms(s.max)),
                    ("longest-gap", ms(s.longest_gap)),
                ]
            }
        };
        let filled = |row: RowBuilder, (field, cell): (&str, Cell)| row.cell(field, cell);
        let row = cells.into_iter().fold(RowBuilder::new(&PACE, []), filled).rest(Cell::Absent);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&PACE, &path.vantage) });
    }
}

fn answers(facts: &Facts, times: &Times, at: &Vantage) -> Series {
    let mut samples: Vec<(f64, f64)> = Vec::new();
    for row in facts.rows("http", Some(at)).0 {
        let probe = row.key("probe").and_then(Value::as_text).unwrap_or_default();
        let answered = row.cell("outcome").is_some_and(|c| c.is("answered"));
        // What a proxy in between took is not the path's.
        if let (true, true, Some(Value::Ms(after))) = (answered, probe != "via-proxy", row.cell("after").and_then(Cell::get)) {
            samples.push((times.ended(probe, at), *after));
        }
    }
    samples.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut series = Series::default();
    samples.into_iter().for_each(|(at_ms, after)| series.push(at_ms, after));
    series
}
