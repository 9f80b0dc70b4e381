//! The plan as `--plan` prints it.

use super::schedule::{reserve_ms, worst};
use super::{Lane, Plan, Step};
use crate::facts::value::show_ms;

impl Plan {
    /// The plan in plain text: lanes, steps with their deadlines, shares, worst case, and what the other side
    /// will see.
    pub fn text(&self) -> String {
        let mut out =
            vec![format!("{} from {}: at most {} of {}", self.matrix, self.site, show(self.worst_case_ms), show(self.budget_ms))];
        let schedule = worst(&self.lanes, self.lanes_at_once);
        for (lane, begin) in self.lanes.iter().zip(&schedule.begins_ms) {
            out.push(String::new());
            out.push(self.heading(lane, *begin));
            out.extend(lane.steps.iter().map(line));
        }
        if !self.dropped.is_empty() {
            out.push(String::new());
            out.push(String::from("left out, because the budget has no room for it"));
            for drop in &self.dropped {
                let place = drop.path.as_ref().map_or(self.site.clone(), |p| p.vantage.to_string());
                out.push(format!("    {:<24}{:>8}  {place}", drop.step.probe, show(drop.step.deadline_ms)));
            }
        }
        if !self.lacks.is_empty() {
            out.push(String::new());
            out.extend(self.lacks.iter().map(|lack| format!("no path of the kind {}: add {}", lack.kind, lack.flag)));
        }
        out.push(String::new());
        out.extend(self.sums());
        out.join("\n") + "\n"
    }

    fn heading(&self, lane: &Lane, begin: u64) -> String {
        let share = show(lane.share_ms);
        match &lane.path {
            None => format!("{}, wave {}, share {share}", self.site, lane.wave),
            Some(path) => {
                let rides =
                    if path.rides_on.is_empty() { String::new() } else { format!(", rides on {}", path.rides_on.join(", ")) };
                let begin = if begin == 0 {
                    String::from("begins at once")
                } else {
                    format!("begins after {} at the latest", show(begin))
                };
                format!("{} ({}, {}{rides}), wave {}, {begin}, share {share}", path.vantage, path.kind, path.class, lane.wave)
            }
        }
    }

    fn sums(&self) -> Vec<String> {
        let mut sums = vec![
            format!(
                "worst case          {} (with {} kept for starting and judging)",
                show(self.worst_case_ms),
                show(reserve_ms(self.budget_ms))
            ),
            format!("sockets at once     {} before the gateway lets us in", self.sockets),
            format!("credential attempts {} that may fail", self.credentials),
        ];
        if let Some(etiquette) = &self.etiquette {
            sums.push(format!("connections         {} in all", etiquette.connections));
            sums.push(format!("methods             {}; none writes", listed(etiquette.methods.iter().map(|m| m.as_str()))));
            sums.push(format!("headers             {}", listed(etiquette.headers.iter().map(String::as_str))));
        }
        sums
    }
}

fn listed<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.collect();
    if words.is_empty() { String::from("none") } else { words.join(", ") }
}

fn line(step: &Step) -> String {
    let needs = if step.needs.is_empty() { String::new() } else { format!("  after {}", step.needs.join(", ")) };
    let credential = if step.credential { "  may send the credential" } else { "" };
    format!("    {:<24}{:>8}{needs}{credential}", step.probe, show(step.deadline_ms)).trim_end().to_owned()
}

fn show(ms: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a budget is far below 2^53 ms")]
    let ms = ms as f64;
    show_ms(ms)
}
