//! Timers drawn at random at the fault edge are told right: which clock, and to the second; what is not announced, as lying between
//! the two silences of the schedule next to it.

use std::time::Duration;

use clawprobe::facts::{Cell, Value};
use clawprobe::path::Vantage;
use clawprobe::proof::trial::{Trial, each};
use clawprobe::reference::fault;
use clawprobe::reference::ground::Ground;
use clawprobe::reference::world::merge;
use clawprobe::shelf::Shelf;

use super::desk::Desk;

/// What is told of an edge: its clock, and between how much and how much it is set to, in milliseconds.
struct Told {
    clock: String,
    at_least: f64,
    after: f64,
}

/// Holds connections through an edge with these settings, in front of a gateway that does in seconds what takes it half a minute.
fn held(edge: &str) -> Told {
    let (ground, shelf) = (Ground::new().unwrap(), Shelf::builtin().unwrap());
    let mut world = fault::world().unwrap_or_else(|c| panic!("{c}"));
    let change = format!("[gateway]\nhandshake-ms = 14000\nping-ms = 8000\ntick-ms = 9000\n[edge]\n{edge}");
    merge(&mut world, &change.parse().unwrap());
    let trial = Trial { name: "hold".into(), matrix: "hold".into(), budget: Some(Duration::from_secs(600)), skip: Vec::new() };
    let tried = trial.play(world, &ground, &shelf).unwrap_or_else(|c| panic!("{c}"));
    let look = |field: &str| tried.judgement.facts.look("timer", &Vantage::path("here", "edge"), &[], field);
    let ms = |field: &str| match look(field) {
        Cell::Value { value: Value::Ms(ms) } => ms,
        other => panic!("{edge}: {field} is {other}"),
    };
    Told { clock: look("clock").to_string(), at_least: ms("at-least"), after: ms("after") }
}

/// A number of milliseconds between two and six seconds.
fn drawn() -> u64 {
    let mut bytes = [0; 2];
    getrandom::fill(&mut bytes).unwrap();
    2_000 + u64::from(u16::from_le_bytes(bytes)) % 4_000
}

/// Where the end is not announced it is only known to lie between two silences: of a connection that speaks every second, and of
/// those of the schedule.
const SILENCES: &[f64] = &[1_000.0, 3_000.0, 6_000.0, 9_000.0];

/// How late a silence is ended on a busy machine.
const LATE: f64 = 300.0;

/// Whether it is told to lie between the two silences next to it, and not merely somewhere.
fn within(t: f64, silences: &[f64], told: &Told) -> bool {
    let below = silences.iter().filter(|silence| **silence < t - LATE).fold(0.0, |a, b| b.max(a));
    let above = silences.iter().filter(|silence| **silence > t + LATE).fold(f64::INFINITY, |a, b| b.min(a));
    let (least, most) = (below - LATE..=t + LATE, t - LATE..=above + LATE);
    least.contains(&told.at_least) && most.contains(&told.after)
}

#[test]
fn a_span_that_is_wider_than_the_schedule_is_not_right() {
    let told = |at_least, after| Told { clock: "forgotten".into(), at_least, after };
    assert!(within(4_000.0, SILENCES, &told(3_001.0, 6_002.0)) && within(2_500.0, SILENCES, &told(1_003.0, 3_001.0)));
    assert!(!within(4_000.0, SILENCES, &told(0.0, 6_000.0)) && !within(4_000.0, SILENCES, &told(3_000.0, 9_000.0)));
    assert!(!within(4_000.0, SILENCES, &told(4_500.0, 6_000.0)) && !within(4_000.0, SILENCES, &told(0.0, f64::INFINITY)));
}

#[test]
fn the_clock_is_told_and_its_setting_to_the_second() {
    let cases: Vec<(&str, &str, &str, u64)> = [
        ("idle-ms", "fin", "idle"),
        ("idle-ms", "close-frame", "idle"),
        ("idle-ms", "reset", "idle"),
        ("lifetime-ms", "fin", "lifetime"),
        ("lifetime-ms", "silence", "lifetime"),
        ("idle-ms", "silence", "forgotten"),
        ("idle-ms", "forget", "forgotten"),
    ]
    .into_iter()
    .map(|(setting, death, clock)| (setting, death, clock, drawn()))
    .collect();
    println!("{cases:?}");
    let wrong: Vec<String> = each(&cases, cases.len(), |(setting, death, clock, t)| {
        let told = held(&format!("{setting} = {t}\ndeath = '{death}'"));
        let t = *t as f64;
        let right = match *clock {
            "forgotten" => within(t, SILENCES, &told),
            _ if *death == "silence" => told.at_least <= t + LATE && (-LATE..1_000.0 + LATE).contains(&(told.after - t)),
            _ => (told.after - t).abs() < 1_000.0,
        };
        let said = format!("{setting} {t} {death}: {} between {} and {}", told.clock, told.at_least, told.after);
        (told.clock != *clock || !right).then_some(said)
    })
    .into_iter()
    .flatten()
    .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_budget_without_room_for_hold_is_told_with_the_one_that_has_it() {
    let desk = Desk::new();
    // Nobody listens there: what is planned does not depend on it.
    let ask = |more: &[&str]| desk.run(&[&["run", "hold", "--gateway", "ws://127.0.0.1:9"], more].concat());
    let plan: serde_json::Value = serde_json::from_str(&ask(&["--budget", "45s", "--plan", "--format", "json"]).out).unwrap();
    let drop = &plan["dropped"][0];
    assert_eq!(drop["step"]["probe"], "hold", "{plan:#}");
    let needs = drop["needs_ms"].as_u64().unwrap() / 1_000;
    let human = ask(&["--budget", "45s", "--quiet"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(human.contains(&format!("budget: left out hold; raise --budget to at least {needs}s")), "{human}");
    assert!(human.contains("no timer was looked for, so none is excluded"), "{human}");
    let json: serde_json::Value = serde_json::from_str(&ask(&["--budget", "45s", "--quiet", "--format", "json"]).out).unwrap();
    let reasons: Vec<&str> = json["undecided"].as_array().unwrap().iter().filter_map(|u| u["because"].as_str()).collect();
    assert!(reasons.contains(&format!("hold needs --budget {needs}s").as_str()), "{reasons:?}");
    let enough = ask(&["--budget", &format!("{needs}s"), "--plan", "--format", "json"]).out;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&enough).unwrap()["dropped"], serde_json::json!([]));
}
