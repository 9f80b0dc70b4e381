//! The promise of three truth values: knowing less never turns true into false or false into true.
//!
//! Left out on purpose: `measured(..)`, which asks what is known, and `pair`, because `direct(e)` walks past a path only while
//! it is known to lead elsewhere.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::fence::{self, Fence};
use super::{Condition, Each, Truth};
use crate::facts::{Cell, Facts, Reason, SheetState};

/// Lines that a world may have; each is kept or not.
const LINES: &[&str] = &[
    "upgrade@here/edge.outcome = refused",
    "upgrade@here/edge.status = 426",
    "upgrade@here/edge.server = absent",
    "upgrade@here/edge[offer=h2].outcome = switched",
    "upgrade@here/local.outcome = switched",
    "upgrade@here/local.status = 101",
    "tcp@here/edge[address=10.0.0.1,port=443].connected = refused",
    "tcp@here/edge[address=10.0.0.1,port=443].own = false",
    "tcp@here/edge[address=10.0.0.2,port=443].connected = accepted",
    "tcp@here/edge[address=10.0.0.2,port=443].own = absent",
    "tcp@here/edge[address=10.0.0.3,port=80].connected = accepted",
    "tcp@here/edge[address=10.0.0.3,port=80].own = true",
    "listener@here[address=10.0.0.1,port=80].reach = address",
    "listener@here[address=10.0.0.2,port=443].reach = wildcard",
    "listener@here[address=10.0.0.2,port=443].configured = true",
    "config@here.port = 443",
];

/// Tests without a name of their own, with `x` for a row of `tcp`, and with `x` and `y`.
const FREE: &[&str] = &[
    "upgrade@e.outcome == refused",
    "upgrade@e.outcome in [refused, closed]",
    "upgrade@e[offer=h2].outcome != refused",
    "upgrade@e.status > 200",
    "upgrade@e.server == nginx",
    "upgrade@e.status == upgrade@direct(e).status",
    "upgrade@direct(e).outcome not in [refused]",
    "listener@host(e)[address=10.0.0.2,port=443].reach == wildcard",
    "count(tcp@e) > 1",
    "count(x in tcp@e where x.connected == accepted) == 1",
    "count(l in listener where l.configured == true) < 2",
    "distinct(x.connected for x in tcp@e) > 1",
    "distinct(x.own for x in tcp@e where x.connected == accepted) != 1",
    "(any c in config: listener@host(e)[address=10.0.0.2,port=c.port].reach == wildcard)",
];
const OF_X: &[&str] = &["x.connected == refused", "x.own != true", "x.port == 443", "x.port == config@host(e).port"];
const OF_BOTH: &[&str] = &["x.address == y.address", "x.port == y.port", "y.reach == wildcard", "y.configured == true"];

fn joined(leaf: BoxedStrategy<String>) -> BoxedStrategy<String> {
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["and", "or"]), inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            inner.prop_map(|a| format!("not ({a})")),
        ]
    })
    .boxed()
}

fn quantified(head: &'static str, filter: BoxedStrategy<String>, body: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (select(vec!["any", "all", "none"]), proptest::option::of(filter), body)
        .prop_map(move |(quant, filter, body)| match filter {
            Some(filter) => format!("({quant} {head} where {filter}: {body})"),
            None => format!("({quant} {head}: {body})"),
        })
        .boxed()
}

fn one_of(words: &'static [&'static str]) -> BoxedStrategy<String> {
    select(words).prop_map(str::to_owned).boxed()
}

fn conditions() -> BoxedStrategy<String> {
    let of_x = joined(one_of(OF_X));
    let inner = quantified("y in listener@host(e)", joined(one_of(OF_BOTH)), joined(one_of(OF_BOTH)));
    let outer = quantified("x in tcp@e", of_x.clone(), prop_oneof![of_x, inner].boxed());
    joined(prop_oneof![one_of(FREE), outer].boxed())
}

/// A world with these lines; `open` when more may listen than was seen.
fn world(lines: &[&str], open: bool) -> Fence {
    let state = if open { "\nlistener@here = incomplete: truncated" } else { "" };
    let text = format!("clear\nsite here role=gateway-host\npath here/edge\npath here/local\n{}{state}", lines.join("\n"));
    fence::parse(&text).unwrap()
}

/// The same facts with some cells, and some rows, no longer known. `knife` yields one number for each.
fn forget(facts: &Facts, mut knife: impl FnMut() -> u8) -> Facts {
    let mut less = facts.clone();
    for sheet in less.sheets_mut() {
        for (_, cell) in sheet.rows.iter_mut().flat_map(|row| &mut row.cells) {
            if knife().is_multiple_of(4) {
                *cell = Cell::not_measured(Reason::Deadline);
            }
        }
        let before = sheet.rows.len();
        sheet.rows.retain(|_| !knife().is_multiple_of(8));
        if sheet.rows.len() < before {
            sheet.state = SheetState::Incomplete(Reason::Truncated.into());
        }
    }
    less
}

fn truth(condition: &Condition, each: &Each, fence: &Fence) -> Truth {
    condition.eval(&fence.world(), &fence.instances(each).unwrap()[0]).truth
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn knowing_less_never_turns_the_truth_round(
        condition in conditions(),
        lines in subsequence(LINES, 0..=LINES.len()),
        open in any::<bool>(),
        cuts in proptest::collection::vec(any::<u8>(), 64),
    ) {
        let each = Each::parse("e in path where e.kind == edge").unwrap();
        let parsed = Condition::parse(&condition, &each).unwrap_or_else(|m| panic!("{condition}: {m:?}"));
        let mut fence = world(&lines, open);
        let more = truth(&parsed, &each, &fence);
        let mut cuts = cuts.into_iter().cycle();
        fence.facts = forget(&fence.facts, || cuts.next().unwrap_or_default());
        let less = truth(&parsed, &each, &fence);
        prop_assert!(less == Truth::Unknown || less == more, "{condition}: {more} became {less}");
    }
}

#[test]
fn measured_is_the_exception() {
    let each = Each::parse("e in path where e.kind == edge").unwrap();
    let condition = Condition::parse("measured(upgrade@e.status)", &each).unwrap();
    let mut fence = world(LINES, false);
    assert_eq!(truth(&condition, &each, &fence), Truth::True);
    fence.facts = forget(&fence.facts, || 4);
    assert_eq!(truth(&condition, &each, &fence), Truth::False);
}
