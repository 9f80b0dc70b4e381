//! `clawprobe self-test`: whether every row fires under its fault and nothing else does, told for people or as one object.

use std::sync::Mutex;

use serde_json::{Value as Json, json};

use super::args::{SelfTest as Flags, SelfTestFormat};
use super::end::End;
use super::listing::{GAP, line, listing};
use super::progress::Line as Shown;
use super::ready::ready;
use super::{confusion, sink};
use crate::facts::value::show_ms;
use crate::proof::confusion::Line;
use crate::proof::hall::Attempt;
use crate::proof::self_test::{self, SelfTest};
use crate::reference::fault;
use crate::shelf::Shelf;

/// The name and version of what `--format json` writes.
const SCHEMA: &str = "clawprobe.self-test/1";

/// Exits 0 when everything is as declared, 1 when something is not, 3 when this machine lets nothing be tried, and 130 with a
/// report of what was tried when it is interrupted.
///
/// # Errors
/// A fault file that does not load; standard output that cannot be written.
pub fn run(flags: &Flags) -> Result<u8, End> {
    // Rows of a site's own have no fault files: only the built-in shelf is on trial.
    let shelf = Shelf::builtin()?;
    let (faults, stop) = (fault::all()?, ready()?);
    let progress = Progress::new(flags.quiet);
    let outcome = self_test::run(&shelf, &faults, &stop, &|attempt| progress.hear(attempt));
    progress.wipe();
    let outcome = outcome?;
    let lines: Vec<&Line> = outcome.attempts.iter().filter_map(|a| a.line.as_ref()).collect();
    let text = match flags.format {
        SelfTestFormat::Human => {
            let matrix = if flags.confusion { confusion::sparse(&lines).wrapped(u16::MAX, GAP) + "\n" } else { String::new() };
            matrix + &human(&outcome)
        }
        SelfTestFormat::Json => serde_json::to_string_pretty(&object(&outcome, &lines)).unwrap_or_default() + "\n",
    };
    sink::offer(&text)?;
    Ok(outcome.exit().number())
}

/// One line per place, everything that is not as declared, then the sum.
fn human(outcome: &SelfTest) -> String {
    if let Some((why, _)) = &outcome.unsound {
        return format!("nothing was tried: {why}\n");
    }
    let mut places: Vec<&str> = outcome.attempts.iter().map(|a| a.place.as_str()).collect();
    places.dedup();
    let count = |place: &str, takes: &dyn Fn(&Attempt) -> bool| {
        outcome.attempts.iter().filter(|a| a.place == place && takes(a)).count().to_string()
    };
    let rows = places.iter().map(|place| {
        let right = count(place, &|a| a.objections.is_empty() && a.skipped.is_none());
        line(&[place, &count(place, &|_| true), &right, &count(place, &|a| a.skipped.is_some())])
    });
    let table = listing(&["place", "worlds", "as declared", "not possible here"], rows).wrapped(u16::MAX, GAP);
    let faultless =
        outcome.rows.iter().filter_map(|row| Some(format!("{} has no fault: {}\n", row.code, row.fault.as_ref().err()?)));
    let skipped = outcome.attempts.iter().filter_map(|a| Some(format!("{} was left out: {}\n", a.name, a.skipped.as_ref()?)));
    let wrong: Vec<String> = outcome.objections().collect();
    let objections = wrong.iter().map(|text| format!("{text}\n"));
    let sum = match wrong.len() {
        0 if outcome.interrupted => "interrupted, and as declared until then".to_owned(),
        0 => "all as declared".to_owned(),
        n if outcome.interrupted => format!("interrupted, and {n} not as declared until then"),
        n => format!("{n} not as declared"),
    };
    let took = show_ms(outcome.took.as_secs_f64() * 1_000.0);
    let with = outcome.rows.iter().filter(|row| row.fault.is_ok()).count();
    let again = match outcome.attempts.iter().filter(|a| a.again).count() {
        0 => String::new(),
        n => format!(", {n} tried again"),
    };
    let unshown = match outcome.rows.iter().filter(|row| row.not_shown.is_some()).count() {
        0 => String::new(),
        n => format!(" ({n} of them not shown)"),
    };
    let last = format!(
        "{} worlds{again}, {with} rows with a fault{unshown} and {} without, {took}: {sum}",
        outcome.attempts.len(),
        outcome.rows.len() - with
    );
    let notes: String = faultless.chain(skipped).chain(objections).collect();
    let blank = if notes.is_empty() { "" } else { "\n" };
    format!("{table}{blank}{notes}\n{last}\n")
}

fn object(outcome: &SelfTest, lines: &[&Line]) -> Json {
    let attempts = outcome.attempts.iter().map(|a| {
        json!({
            "name": a.name,
            "place": a.place,
            "objections": a.objections,
            "skipped": a.skipped,
            "again": a.again,
            "took_ms": (a.took.as_secs_f64() * 1_000.0).round(),
        })
    });
    let rows = outcome.rows.iter().map(|row| {
        json!({
            "code": row.code,
            "fault": row.fault.as_ref().ok(),
            "no_fault": row.fault.as_ref().err(),
            "not_shown": row.not_shown,
            "objection": row.objection,
        })
    });
    json!({
        "schema": SCHEMA,
        "passed": outcome.passed(),
        "interrupted": outcome.interrupted,
        "unsound": outcome.unsound.as_ref().map(|(why, _)| why),
        "duration_ms": (outcome.took.as_secs_f64() * 1_000.0).round(),
        "worlds": attempts.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
        "confusion": lines,
    })
}

/// A line on standard error that counts worlds; only a terminal sees it.
struct Progress {
    line: Shown,
    done: Mutex<usize>,
}

impl Progress {
    fn new(quiet: bool) -> Self {
        Self { line: Shown::new(quiet), done: Mutex::new(0) }
    }

    fn hear(&self, attempt: &Attempt) {
        let mut done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *done += 1;
        self.line.draw(&format!("{} worlds, the last {}", *done, attempt.name));
    }

    fn wipe(&self) {
        self.line.draw("");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::proof::self_test::Proof;

    fn attempt(name: &str, objections: &[&str], skipped: Option<&str>) -> Attempt {
        Attempt {
            name: name.to_owned(),
            place: name.split('/').next().unwrap_or_default().to_owned(),
            objections: objections.iter().map(|text| (*text).to_owned()).collect(),
            skipped: skipped.map(str::to_owned),
            line: None,
            again: !objections.is_empty(),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_line_per_place_then_what_is_not_as_declared_then_the_sum() {
        let row = |code: &str, fault: Result<&str, &str>| Proof {
            code: code.to_owned(),
            fault: fault.map(str::to_owned).map_err(str::to_owned),
            not_shown: fault.is_ok_and(|fault| fault.starts_with("host/")).then(|| "this machine lacks ipv6".to_owned()),
            objection: None,
        };
        let outcome = SelfTest {
            attempts: vec![
                attempt("edge/a", &[], None),
                attempt("edge/b", &["exit: expected 0, was 1"], None),
                attempt("host/c", &[], Some("this machine lacks ipv6")),
            ],
            rows: vec![
                row("WS-01", Ok("edge/a")),
                row("LISTEN-02", Ok("host/c")),
                row("CPU-01", Err("a heap cannot be filled in a second")),
            ],
            took: Duration::from_millis(1_500),
            interrupted: false,
            unsound: None,
        };
        let text = human(&outcome);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["edge", "2", "1", "0"]);
        assert_eq!(lines[2].split_whitespace().collect::<Vec<_>>(), ["host", "1", "0", "1"]);
        assert_eq!(
            lines[4..],
            [
                "CPU-01 has no fault: a heap cannot be filled in a second",
                "host/c was left out: this machine lacks ipv6",
                "edge/b: exit: expected 0, was 1",
                "",
                "3 worlds, 1 tried again, 2 rows with a fault (1 of them not shown) and 1 without, 1.5 s: 1 not as declared"
            ]
        );
        assert!(!outcome.passed());
    }
}
