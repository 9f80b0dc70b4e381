//! The plan of the matrices that ship: proven to fit before the first packet.

use std::time::Duration;

use clawprobe::plan::schedule::{LANES_AT_ONCE, worst};
use clawprobe::plan::{self, Options, Plan};
use clawprobe::shelf::Shelf;

use crate::engine::target;

fn plan(shelf: &Shelf, matrix: &str, edges: usize, budget: Option<Duration>) -> Plan {
    let target = target(Some(String::from("ws://127.0.0.1:18789")), (0..edges).map(|n| format!("e{n}=wss://e{n}.invalid/")));
    plan::make(shelf, shelf.named_matrix(matrix).unwrap(), &target, &Options { budget, ..Options::default() }).unwrap()
}

#[test]
fn every_matrix_fits_its_budget_and_any_other() {
    let shelf = Shelf::builtin().unwrap();
    for matrix in &shelf.matrices {
        for edges in 0..12 {
            for budget in [None, Some(1), Some(5), Some(20), Some(60), Some(600)] {
                let plan = plan(&shelf, &matrix.name, edges, budget.map(Duration::from_secs));
                assert!(plan.worst_case_ms <= plan.budget_ms, "{} with {edges} edges in {budget:?}", matrix.name);
                assert!(worst(&plan.lanes, plan.lanes_at_once).end_ms <= plan.worst_case_ms);
                assert!(plan.sockets <= matrix.sockets.unwrap_or(LANES_AT_ONCE) && plan.credentials <= 1, "{}", matrix.name);
            }
        }
    }
}

#[test]
fn a_preflight_of_the_usual_size_leaves_nothing_out() {
    let shelf = Shelf::builtin().unwrap();
    for edges in 0..8 {
        let plan = plan(&shelf, "preflight", edges, None);
        let dropped: Vec<&str> = plan.dropped.iter().map(|d| d.step.probe.as_str()).collect();
        // What can be spared goes first, and nothing else has to.
        assert!(dropped.iter().all(|probe| edges > 3 && *probe == "quiet"), "{edges} edges: {dropped:?}");
        assert!(plan.budget_ms == 60_000);
    }
}

#[test]
fn every_need_stands_before_what_needs_it() {
    let shelf = Shelf::builtin().unwrap();
    for matrix in &shelf.matrices {
        for lane in plan(&shelf, &matrix.name, 1, None).lanes {
            for (at, step) in lane.steps.iter().enumerate() {
                for need in &step.needs {
                    let stands = lane.steps[..at].iter().any(|s| s.probe == *need);
                    assert!(stands, "{}: {} needs {need}, which comes later", matrix.name, step.probe);
                }
            }
        }
    }
}

#[test]
fn one_code_asks_no_more_than_it_needs() {
    let shelf = Shelf::builtin().unwrap();
    let target = target(Some(String::from("ws://127.0.0.1:18789")), []);
    let options = Options { only: vec![String::from("LISTEN-01")], ..Options::default() };
    let plan = plan::make(&shelf, shelf.named_matrix("preflight").unwrap(), &target, &options).unwrap();
    assert!(plan.lanes.iter().flat_map(|l| &l.steps).all(|s| s.probe != "connect"), "{}", plan.text());
    assert_eq!(plan.credentials, 0);
}
