//! What holds for every recording: less was measured never means better, and the same is judged the same.

use std::sync::LazyLock;

use clawprobe::facts::{Because, Cell, Facts, Reason, dictionary};
use proptest::prelude::*;

use super::made::Made;

/// Runs that end in each way a run can end, over the paths that people name together; the first is healthy.
static RUNS: LazyLock<Vec<Made>> = LazyLock::new(|| {
    let healthy = Made::healthy(&["local", "lan", "edge:corp"]);
    let mut all = vec![healthy.clone()];
    let mut run = |change: fn(&mut Made) -> &mut Made| {
        let mut made = healthy.clone();
        change(&mut made);
        all.push(made);
    };
    run(|m| m.drops_upgrade("here/edge:corp"));
    run(|m| m.refuses("here/local").refuses("here/lan"));
    run(|m| m.refuses("here/edge:corp"));
    run(|m| m.dark("here/local", "connect", Reason::NoCredential));
    run(|m| m.set("http@here/local[probe=health].outcome = closed-empty").blocks("here/local", "health"));
    run(|m| m.set("http@here/lan[probe=health].outcome = silent\nhttp@here/lan[probe=health].author = absent"));
    run(|m| m.set("http@here/edge:corp[probe=startup].body = starting"));
    run(|m| m.set("connect@here/local.outcome = refused\nconnect@here/local.detail-code = AUTH_TOKEN_MISMATCH"));
    run(|m| m.set("upgrade@here/lan.outcome = refused\nupgrade@here/lan.text = Too many unauthenticated sockets"));
    run(|m| {
        let bind = "config@here.state = found\nconfig@here.bind = loopback\nconfig@here.port = 18789";
        let wide = "listener@here[address=0.0.0.0,port=18789].reach = wildcard\nlistener@here[address=0.0.0.0,port=18789].owner = gateway";
        m.set(bind).set(wide)
    });
    all
});

/// Where a measured cell stands: table and vantage, row, field.
type Place = (String, Option<clawprobe::path::Vantage>, usize, String);

/// What is known without looking: the plan's own words, and those of this machine on which roles rest, which are never unmeasured.
fn known(table: &str, field: &str) -> bool {
    table == "path" || table == "tcp" && ["own", "named"].contains(&field)
}

/// Every cell that was measured.
fn measured(facts: &Facts) -> Vec<Place> {
    let mut places = Vec::new();
    for sheet in facts.sheets() {
        for (at, row) in sheet.rows.iter().enumerate() {
            let seen = row.cells.iter().filter(|(_, cell)| !matches!(cell, Cell::NotMeasured(_)));
            let seen = seen.filter(|(field, _)| !known(&sheet.table, field));
            places.extend(seen.map(|(field, _)| (sheet.table.clone(), sheet.vantage.clone(), at, field.clone())));
        }
    }
    places
}

fn darken(made: &mut Made, places: &[Place], reason: Reason) {
    for (table, vantage, at, field) in places {
        let mut sheet = made.facts.take(table, vantage.as_ref()).unwrap();
        sheet.rows[*at].put(field, Cell::NotMeasured(Because::from(reason)));
        made.facts.add(sheet);
    }
}

#[test]
fn no_single_cell_that_is_lacking_makes_a_bad_run_good() {
    for (index, run) in RUNS.iter().enumerate().skip(1) {
        assert_ne!(run.judge().exit, 0, "run {index}");
        for place in measured(&run.facts) {
            let mut less = run.clone();
            darken(&mut less, std::slice::from_ref(&place), Reason::Deadline);
            assert_ne!(less.once().exit, 0, "run {index} without {place:?}");
        }
    }
}

#[test]
fn a_whole_table_that_is_lacking_is_never_fine() {
    let run = Made::healthy(&["local", "edge:corp"]);
    let read: Vec<&str> = run.shelf.symptoms.iter().flat_map(|s| s.when.tables()).collect();
    for sheet in
        run.facts.sheets().filter(|s| !["path", "site", "config", "setting", "proxy-variable"].contains(&s.table.as_str()))
    {
        let mut less = run.clone();
        let table = dictionary::table(&sheet.table).unwrap();
        less.facts.take(&sheet.table, sheet.vantage.as_ref());
        let told = less.judge();
        // Where the table is not read, or what stands in for it decides, nothing required may be open behind an exit of 0.
        assert_eq!(told.exit == 0, told.required_open().is_empty(), "{} {:?}", table.name, sheet.vantage);
        if read.contains(&table.name) && ["tcp", "http", "upgrade", "challenge", "connect"].contains(&table.name) {
            assert_eq!(told.exit, 3, "{} {:?}", table.name, sheet.vantage);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn less_measured_is_never_better(
        run in 0..RUNS.len(),
        share in 0.0..1.0_f64,
        dice in proptest::collection::vec(0.0..1.0_f64, 400),
        reason in proptest::sample::select(vec![Reason::Deadline, Reason::Budget, Reason::NotPermitted, Reason::Interrupted, Reason::NotPlanned]),
    ) {
        let whole = &RUNS[run];
        let places: Vec<Place> = measured(&whole.facts).into_iter().zip(&dice).filter(|(_, d)| **d < share).map(|(p, _)| p).collect();
        let mut less = whole.clone();
        darken(&mut less, &places, reason);
        let (before, after) = (whole.judge(), less.judge());
        prop_assert!(before.exit == 0 || after.exit != 0, "{} became 0 without {places:?}", before.exit);
        prop_assert!(after.exit != 0 || after.required_open().is_empty());
    }
}
