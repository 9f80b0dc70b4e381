use std::cell::{Cell as Mutable, RefCell};
use std::future::pending;
use std::time::Duration;

use super::{Order, Primitives, record};
use crate::clock;
use crate::code::Severity;
use crate::facts::dictionary::filled_by;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::connect::CONNECT;
use crate::facts::tables::upgrade::CHALLENGE;
use crate::facts::{Cell, FactId, Reason, Sheet};
use crate::path::{Kind, Vantage};
use crate::plan::fixture::{TOKEN, matrix, probes, shelf, target, way, ways};
use crate::plan::{Options, Plan, make};
use crate::probe::{Ask, Done};
use crate::record::{Event, Head, Recording, SCHEMA, Share};
use crate::target::{Target, Way};

fn plan(target: &Target, budget: u64) -> Plan {
    let shelf = shelf(probes());
    make(&shelf, &matrix(&shelf), target, &Options { budget: Some(Duration::from_secs(budget)), ..Options::default() }).unwrap()
}

fn head(plan: Plan) -> Head {
    Head {
        schema: String::from(SCHEMA),
        tool: String::from("clawprobe 0.1.0"),
        taken: String::from("2026-01-01T00:00:00Z"),
        marker: String::from("00112233"),
        target: String::from("ws://127.0.0.1:18789"),
        world: None,
        shelf: Vec::new(),
        only: Vec::new(),
        skip: Vec::new(),
        fail_on: Severity::Warning,
        share: Share::Team,
        plan,
    }
}

/// A probe that succeeds; `challenge` and `connect` say that the gateway answered well.
fn fine(ask: &Ask<'_>) -> Done {
    let outcome = |table, word: &str| {
        let mut sheet = Sheet::new(table, ask.vantage);
        sheet.push(RowBuilder::new(table, []).set("outcome", word).rest(Cell::Absent));
        vec![sheet]
    };
    let sheets = match ask.step.primitive.as_str() {
        "challenge" => outcome(&CHALLENGE, "received"),
        "connect" => outcome(&CONNECT, "accepted"),
        primitive => filled_by(primitive).iter().filter(|t| t.name != "listener").map(|t| Sheet::new(t, ask.vantage)).collect(),
    };
    Done { sheets, succeeded: true }
}

fn refused(ask: &Ask<'_>) -> Done {
    let mut sheet = Sheet::new(&CONNECT, ask.vantage);
    sheet.push(RowBuilder::new(&CONNECT, []).set("outcome", "refused").rest(Cell::Absent));
    Done { sheets: vec![sheet], succeeded: false }
}

fn is(ask: &Ask<'_>, probe: &str, path: &str) -> bool {
    ask.step.probe == probe && ask.vantage.path.as_deref() == Some(path)
}

fn cell(recording: &Recording, table: &str, path: &str) -> Cell {
    let vantage = Some(Vantage::path("here", path));
    recording.facts.cell(&FactId { table: table.to_owned(), vantage, key: Vec::new(), field: String::from("outcome") })
}

fn reason(cell: &Cell) -> Option<(Reason, &str)> {
    match cell {
        Cell::NotMeasured(because) => Some((because.reason, because.because.as_str())),
        _ => None,
    }
}

async fn run(target: &Target, budget: u64, primitives: impl Primitives) -> Recording {
    let order = Order { target, head: head(plan(target, budget)) };
    record(order, &mut |_| {}, pending(), &primitives).await
}

#[tokio::test(start_paused = true)]
async fn events_come_in_order_and_the_recording_keeps_the_order_of_lanes() {
    let target = target(ways(2));
    let heard = RefCell::new(Vec::new());
    let order = Order { target: &target, head: head(plan(&target, 60)) };
    let primitives = async |ask: &mut Ask<'_>| fine(ask);
    let recording = record(order, &mut |e| heard.borrow_mut().push(e.clone()), pending(), &primitives).await;
    let heard = heard.into_inner();
    assert!(matches!(heard.first(), Some(Event::Head(_))) && matches!(heard.last(), Some(Event::End(_))));
    assert_eq!(heard.len(), recording.events.len() + 2, "the listener hears all that is kept, and head and end");
    let paths: Vec<String> = recording.events.iter().take(3).map(|e| format!("{e:?}")).collect();
    assert!(paths.iter().all(|p| p.contains("table: \"path\"")), "{paths:?}");
    let begun: Vec<String> = recording
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Started { probe, vantage, .. } => Some(format!("{probe}@{vantage}")),
            _ => None,
        })
        .collect();
    let lane = |at: &str| ["tcp", "upgrade", "challenge", "connect"].map(|p| format!("{p}@here/{at}"));
    let expected = [["site@here", "listener@here"].map(str::to_owned).to_vec(), lane("local").into(), lane("edge").into()];
    assert!(begun.starts_with(&expected.concat()), "{begun:?}");
    assert!(!recording.end.interrupted && recording.end.defect.is_none());
    assert!(cell(&recording, "connect", "edge:2").is("accepted"));
}

#[tokio::test(start_paused = true)]
async fn the_direct_lane_has_a_quiet_second_and_four_lanes_run_at_once() {
    let target = target(ways(8));
    let (open, most) = (Mutable::new(0_usize), Mutable::new(0));
    let first_edge = Mutable::new(None);
    let begun = clock::now();
    let primitives = async |ask: &mut Ask<'_>| {
        if ask.vantage.path.is_some() {
            if ask.vantage.path.as_deref() != Some("local") && first_edge.get().is_none() {
                first_edge.set(Some(clock::now() - begun));
            }
            open.set(open.get() + 1);
            most.set(most.get().max(open.get()));
            tokio::time::sleep(Duration::from_secs(2)).await;
            open.set(open.get() - 1);
        }
        fine(ask)
    };
    run(&target, 3_600, primitives).await;
    assert_eq!(most.get(), 4);
    assert_eq!(first_edge.get(), Some(Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn whatever_the_target_does_the_run_ends_within_the_worst_case() {
    for edges in [0, 1, 4, 9] {
        let target = target(ways(edges));
        let (begun, plan) = (clock::now(), plan(&target, 60));
        let order = Order { target: &target, head: head(plan.clone()) };
        // No primitive ever notices its deadline, and none fails early.
        let primitives = async |ask: &mut Ask<'_>| {
            if ask.step.probe == "tcp" { fine(ask) } else { pending().await }
        };
        let recording = record(order, &mut |_| {}, pending(), &primitives).await;
        assert!((clock::now() - begun).as_millis() <= plan.worst_case_ms.into(), "{edges} edges");
        assert_eq!(reason(&cell(&recording, "challenge", "local")), Some((Reason::Blocked, "upgrade@here/local")));
    }
}

#[tokio::test(start_paused = true)]
async fn silence_for_a_probes_whole_own_time_is_its_own_even_on_the_last_step() {
    let target = target(ways(0));
    let own = RefCell::new(Vec::new());
    let primitives = async |ask: &mut Ask<'_>| {
        // A few milliseconds late at each step, as a busy machine would be.
        tokio::time::sleep_until(ask.deadline.at() + Duration::from_millis(10)).await;
        own.borrow_mut().push(ask.deadline.is_own());
        fine(ask)
    };
    run(&target, 60, primitives).await;
    assert_eq!(own.into_inner(), [true; 6]);
}

#[tokio::test(start_paused = true)]
async fn what_needs_a_failed_probe_is_blocked_by_the_fact_that_tells() {
    let target = target(ways(1));
    let primitives = async |ask: &mut Ask<'_>| {
        if is(ask, "tcp", "local") {
            ask.lane.blocked = Some(String::from("tcp@here/local[address=127.0.0.1,port=18789].connected"));
            return Done { succeeded: false, ..fine(ask) };
        }
        Done { succeeded: !is(ask, "tcp", "edge"), ..fine(ask) }
    };
    let recording = run(&target, 60, primitives).await;
    let fact = "tcp@here/local[address=127.0.0.1,port=18789].connected";
    assert_eq!(reason(&cell(&recording, "challenge", "local")), Some((Reason::Blocked, fact)));
    assert_eq!(reason(&cell(&recording, "connect", "local")), Some((Reason::Blocked, fact)), "through all that lies between");
    assert_eq!(reason(&cell(&recording, "connect", "edge")), Some((Reason::Blocked, "tcp@here/edge")));
}

/// Runs local and two edges and tells on which the credential was sent, in order.
async fn senders(target: &Target, connect: impl Fn(&Ask<'_>) -> Done, slow: &'static str) -> (Vec<String>, Recording) {
    let sent = RefCell::new(Vec::new());
    let primitives = async |ask: &mut Ask<'_>| {
        let path = ask.vantage.path.clone().unwrap_or_default();
        if path == slow && ask.step.probe == "challenge" {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        if ask.step.credential {
            sent.borrow_mut().push(path);
            return connect(ask);
        }
        fine(ask)
    };
    let recording = run(target, 60, primitives).await;
    (sent.into_inner(), recording)
}

#[tokio::test(start_paused = true)]
async fn the_credential_goes_outward_only_after_it_was_accepted() {
    let (mut sent, _) = senders(&target(ways(2)), fine, "local").await;
    assert_eq!(sent.first().map(String::as_str), Some("local"), "the edges wait for the slow inner path");
    sent.sort();
    assert_eq!(sent, ["edge", "edge:2", "local"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_it_is_withheld() {
    let (sent, recording) = senders(&target(ways(2)), refused, "local").await;
    assert_eq!(sent, ["local"]);
    for edge in ["edge", "edge:2"] {
        assert_eq!(reason(&cell(&recording, "connect", edge)), Some((Reason::Withheld, "connect@here/local.outcome")));
    }
}

#[tokio::test(start_paused = true)]
async fn plain_text_to_a_public_address_never_carries_it() {
    let mut public = way("local", Kind::Local, 18789);
    public.endpoint.host = String::from("203.0.113.9");
    let (sent, recording) = senders(&target(vec![public, way("edge", Kind::Edge, 1)]), fine, "none").await;
    assert_eq!(sent, ["edge"]);
    assert_eq!(reason(&cell(&recording, "connect", "local")), Some((Reason::Withheld, "path@here/local.scheme")));
}

#[tokio::test(start_paused = true)]
async fn without_a_credential_connect_is_not_measured() {
    let mut nobody = target(ways(0));
    nobody.credential.state = crate::facts::tables::site::CredentialState::None;
    let (sent, recording) = senders(&nobody, fine, "none").await;
    assert!(sent.is_empty());
    assert_eq!(reason(&cell(&recording, "connect", "local")), Some((Reason::NoCredential, "")));
}

#[tokio::test(start_paused = true)]
async fn a_failed_inner_path_gives_the_attempt_to_the_next() {
    let target = target(ways(1));
    let primitives = async |ask: &mut Ask<'_>| Done { succeeded: !is(ask, "tcp", "local"), ..fine(ask) };
    let recording = run(&target, 60, primitives).await;
    assert!(cell(&recording, "connect", "edge").is("accepted"));
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_panics_may_have_sent_it() {
    let target = target(ways(1));
    let primitives = async |ask: &mut Ask<'_>| {
        assert!(!is(ask, "connect", "local"), "planted {TOKEN}");
        fine(ask)
    };
    let recording = run(&target, 60, primitives).await;
    let defect = recording.end.defect.clone().unwrap();
    assert!(defect.contains("connect at here/local panicked: planted secret:") && !defect.contains(TOKEN), "{defect}");
    assert_eq!(reason(&cell(&recording, "connect", "local")).map(|(r, _)| r), Some(Reason::Defect));
    assert_eq!(reason(&cell(&recording, "connect", "edge")), Some((Reason::Withheld, "connect@here/local.outcome")));
    assert!(!recording.write().contains(TOKEN));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_leaves_what_there_is() {
    let target = target(ways(1));
    let order = Order { target: &target, head: head(plan(&target, 60)) };
    let stop = tokio::time::sleep(Duration::from_millis(500));
    let primitives = async |ask: &mut Ask<'_>| {
        if is(ask, "upgrade", "local") { pending().await } else { fine(ask) }
    };
    let begun = clock::now();
    let recording = record(order, &mut |_| {}, stop, &primitives).await;
    assert_eq!(clock::now() - begun, Duration::from_millis(500), "it ends at once");
    assert!(recording.end.interrupted);
    assert!(recording.facts.rows("tcp", Some(&Vantage::path("here", "local"))).1 == crate::facts::SheetState::Complete);
    for path in ["local", "edge"] {
        assert_eq!(reason(&cell(&recording, "challenge", path)).map(|(r, _)| r), Some(Reason::Interrupted), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_budget_left_out_says_so() {
    let target = target(ways(1));
    let recording = run(&target, 10, async |ask: &mut Ask<'_>| fine(ask)).await;
    assert_eq!(reason(&cell(&recording, "connect", "edge")).map(|(r, _)| r), Some(Reason::Budget));
}

#[tokio::test(start_paused = true)]
async fn a_public_run_shows_no_address_to_anybody() {
    let host = "192.168.77.5";
    let lan = || Way {
        endpoint: crate::target::Endpoint { host: String::from(host), ..way("lan", Kind::Lan, 1).endpoint },
        ..way("lan", Kind::Lan, 1)
    };
    let target = target(vec![lan()]);
    let mut head = head(plan(&target, 60));
    (head.share, head.target) = (Share::Public, format!("ws://{host}:18789"));
    let heard = RefCell::new(String::new());
    let primitives = async |ask: &mut Ask<'_>| {
        ask.lane.blocked = Some(format!("tcp@here/lan[address={host},port=1].connected"));
        Done { succeeded: false, ..fine(ask) }
    };
    let order = Order { target: &target, head };
    let recording = record(order, &mut |e| heard.borrow_mut().push_str(&format!("{e:?}")), pending(), &primitives).await;
    assert!(!heard.borrow().contains(host), "{heard:?}");
    let text = recording.write();
    assert!(!text.contains(host) && !text.contains("00112233") && text.contains("address:"), "{text}");
}
