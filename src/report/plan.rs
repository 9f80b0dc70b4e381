//! `--plan`: what would be asked and how long it can take, before the first packet.

use super::Format;
use super::style::Style;
use super::table::{Cell, Table};
use super::text::{plural, tame, tame_json};
use crate::facts::value::show_ms;
use crate::plan::{Lane, Plan};

/// The plan in a format; the machine formats give the plan as the recording's head carries it.
pub fn render(format: Format, plan: &Plan, style: &Style) -> String {
    match format {
        Format::Human => human(plan, style),
        Format::Short => first(plan) + "\n",
        Format::Json => tame_json(&serde_json::to_string_pretty(plan).unwrap_or_default()) + "\n",
        Format::Ndjson => tame_json(&serde_json::to_string(plan).unwrap_or_default()) + "\n",
    }
}

fn first(plan: &Plan) -> String {
    format!(
        "{}: at most {} of {}, {} open at once before a login, {} that may fail.",
        plan.matrix,
        show_ms(plan.worst_case_ms as f64),
        show_ms(plan.budget_ms as f64),
        plural(plan.sockets, "socket", "sockets"),
        plural(plan.credentials, "credential attempt", "credential attempts"),
    )
}

fn human(plan: &Plan, style: &Style) -> String {
    let header = ["wave", "vantage", "at most", "probes, one after the other"].map(String::from).into();
    let table = Table { header, rows: plan.lanes.iter().map(|lane| row(lane, plan)).collect() };
    let mut out = format!("{}\n\n{}", first(plan), table.wrapped(style.width, 3));
    for dropped in &plan.dropped {
        let at = dropped.path.as_ref().map_or(plan.site.clone(), |p| p.vantage.to_string());
        out += &format!("left out  {} at {at}: {}\n", dropped.step.probe, tame(&dropped.because.to_string()));
    }
    for lack in &plan.lacks {
        out += &format!("lacking   no {} path: add {}\n", lack.kind, lack.flag);
    }
    out
}

fn row(lane: &Lane, plan: &Plan) -> Vec<Cell> {
    let at = lane.path.as_ref().map_or(plan.site.clone(), |p| p.vantage.to_string());
    let steps: Vec<String> = lane.steps.iter().map(|s| format!("{} {}", s.probe, show_ms(s.deadline_ms as f64))).collect();
    vec![
        Cell::plain(lane.wave.to_string()),
        Cell::plain(at),
        Cell::plain(show_ms(lane.share_ms as f64)),
        Cell::plain(steps.join(", ")),
    ]
}
