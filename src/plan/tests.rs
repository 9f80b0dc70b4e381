use std::time::Duration;

use super::fixture::{matrix, probe, probes, row, shelf, site_probe, target, way, ways};
use super::schedule::{LANES_AT_ONCE, reserve_ms, worst};
use super::{Options, Plan, make};
use crate::code::Layer;
use crate::complaint::Complaint;
use crate::facts::Reason;
use crate::facts::tables::site::CredentialState;
use crate::path::{Class, Kind, Path};
use crate::shelf::probe::Probe;

fn plan(edges: usize, budget: Duration) -> Plan {
    let shelf = shelf(probes());
    let options = Options { budget: Some(budget), ..Options::default() };
    make(&shelf, &matrix(&shelf), &target(ways(edges)), &options).unwrap()
}

#[test]
fn the_worst_case_fits_whatever_is_named() {
    for edges in 0..12 {
        for ms in [1_000, 1_001, 2_500, 5_000, 9_999, 10_000, 26_000, 30_000, 60_000, 120_000, 3_600_000] {
            let plan = plan(edges, Duration::from_millis(ms));
            assert!(plan.worst_case_ms <= plan.budget_ms, "{edges} edges in {ms} ms: {}", plan.worst_case_ms);
            assert_eq!(plan.worst_case_ms, worst(&plan.lanes, plan.lanes_at_once).end_ms + reserve_ms(ms));
            assert_eq!(plan.lanes.len(), edges + 2, "a path without probes is still a path of the plan");
            assert!(plan.lanes.iter().all(|l| l.share_ms == l.steps.iter().map(|s| s.deadline_ms).sum::<u64>()));
        }
    }
}

#[test]
fn a_minute_is_enough_for_the_usual_paths() {
    assert!(plan(3, Duration::from_secs(60)).dropped.is_empty());
}

#[test]
fn whole_probes_go_from_the_outside_in_and_a_smaller_budget_drops_more() {
    let names = |plan: &Plan| -> Vec<(Option<String>, String)> {
        plan.dropped.iter().map(|d| (d.path.as_ref().and_then(|p| p.vantage.path.clone()), d.step.probe.clone())).collect()
    };
    let mut before = Vec::new();
    for ms in (1_000..=60_000).rev().step_by(500) {
        let now = plan(5, Duration::from_millis(ms));
        let dropped = names(&now);
        assert!(dropped.starts_with(&before), "{ms} ms: {dropped:?} does not begin with {before:?}");
        assert!(now.dropped.iter().all(|d| d.because.reason == Reason::Budget));
        before = dropped;
    }
    let first = (Some(String::from("edge:5")), String::from("connect"));
    assert_eq!(before.first(), Some(&first), "the outermost path's last probe goes first");
    let local = before.iter().position(|(path, _)| path.as_deref() == Some("local"));
    assert!(local.is_none_or(|at| before[..at].iter().filter(|(_, probe)| probe == "tcp").count() == 5), "edges go before local");
}

#[test]
fn what_is_left_out_tells_the_budget_that_has_room_for_it() {
    let left_out = |ms: u64| -> Vec<(Option<Path>, String)> {
        plan(3, Duration::from_millis(ms)).dropped.iter().map(|d| (d.path.clone(), d.step.probe.clone())).collect()
    };
    for ms in [1_000, 4_500, 9_000, 12_000, 20_000] {
        for drop in plan(3, Duration::from_millis(ms)).dropped {
            let needs = drop.needs_ms.unwrap();
            let which = (drop.path, drop.step.probe);
            assert!(needs > ms && !left_out(needs).contains(&which), "{which:?} has no room in {needs} ms");
            assert!(left_out(needs - 1_000).contains(&which), "{which:?} has room in less than {needs} ms");
            assert_eq!(drop.because.because, format!("{} needs --budget {}s", which.1, needs / 1_000));
        }
    }
}

#[test]
fn under_a_second_is_a_complaint() {
    let shelf = shelf(probes());
    let options = Options { budget: Some(Duration::from_millis(999)), ..Options::default() };
    let complaint = make(&shelf, &matrix(&shelf), &target(ways(0)), &options).unwrap_err();
    assert!(complaint.to_string().contains("--budget 999 ms"), "{complaint}");
}

#[test]
fn lanes_come_innermost_first_and_edges_ride_on_the_innermost_direct_path() {
    let shelf = shelf(probes());
    let named = vec![
        way("public", Kind::Public, 1),
        way("edge:corp", Kind::Edge, 2),
        way("tailnet", Kind::Tailnet, 3),
        way("tunnel", Kind::Tunnel, 4),
        way("lan", Kind::Lan, 5),
    ];
    let plan = make(&shelf, &matrix(&shelf), &target(named), &Options::default()).unwrap();
    let lanes: Vec<(String, Class, Vec<String>)> =
        plan.paths().map(|p| (p.vantage.to_string(), p.class, p.rides_on.clone())).collect();
    let lan = vec![String::from("lan")];
    assert_eq!(
        lanes,
        [
            (String::from("here/lan"), Class::Direct, vec![]),
            (String::from("here/tailnet"), Class::Direct, vec![]),
            (String::from("here/tunnel"), Class::Edge, lan.clone()),
            (String::from("here/edge:corp"), Class::Edge, lan.clone()),
            (String::from("here/public"), Class::Edge, lan),
        ]
    );
    assert!(plan.lanes[0].path.is_none() && plan.lanes[0].steps.iter().all(|s| ["site", "listener"].contains(&s.probe.as_str())));
    assert_eq!(plan.lanes.iter().map(|l| l.wave).collect::<Vec<_>>(), [0, 0, 1, 1, 1, 2]);
}

#[test]
fn steps_keep_the_matrix_order_and_needs_stay_within_the_lane() {
    let mut probes = vec![probe("challenge", "upgrade dns", 5), probe("dns", "", 2), site_probe("site", 1)];
    probes[1].paths = vec![Kind::Edge];
    let shelf = shelf(probes);
    let plan = make(&shelf, &matrix(&shelf), &target(ways(1)), &Options::default()).unwrap();
    let steps = |lane: usize| plan.lanes[lane].steps.iter().map(|s| s.probe.as_str()).collect::<Vec<_>>();
    assert_eq!((steps(0), steps(1), steps(2)), (vec!["site"], vec!["challenge"], vec!["challenge", "dns"]));
    assert!(plan.lanes[1].steps[0].needs.is_empty(), "local has no dns to wait for");
    assert_eq!(plan.lanes[2].steps[0].needs, ["dns"]);
}

#[test]
fn etiquette_is_added_up() {
    for edges in 0..12 {
        let plan = plan(edges, Duration::from_secs(3_600));
        assert_eq!(plan.sockets, (edges + 1).min(LANES_AT_ONCE));
        assert_eq!(plan.credentials, 1);
    }
    let shelf = shelf(probes());
    let mut nobody = target(ways(2));
    nobody.credential.state = CredentialState::None;
    assert_eq!(make(&shelf, &matrix(&shelf), &nobody, &Options::default()).unwrap().credentials, 0);
}

#[test]
fn a_probe_with_too_many_sockets_is_refused_before_the_first_packet() {
    let mut greedy = probes();
    greedy[2].sockets = 3;
    let shelf = shelf(greedy);
    assert!(make(&shelf, &matrix(&shelf), &target(ways(0)), &Options::default()).is_ok());
    let complaint = make(&shelf, &matrix(&shelf), &target(ways(1)), &Options::default()).unwrap_err();
    assert!(complaint.to_string().contains("6 sockets"), "{complaint}");
}

#[test]
fn a_matrix_that_declares_its_sockets_runs_as_many_lanes_as_fit_them() {
    let mut greedy = probes();
    greedy[2].sockets = 4;
    let shelf = shelf(greedy);
    let mut matrix = matrix(&shelf);
    matrix.sockets = Some(8);
    for edges in 0..6 {
        let options = Options { budget: Some(Duration::from_secs(3_600)), ..Options::default() };
        let plan = make(&shelf, &matrix, &target(ways(edges)), &options).unwrap();
        assert_eq!((plan.lanes_at_once, plan.sockets), (2, 4 * (edges + 1).min(2)));
        assert_eq!(plan.worst_case_ms, worst(&plan.lanes, 2).end_ms + 1_000);
    }
    matrix.sockets = Some(3);
    let complaint = make(&shelf, &matrix, &target(ways(0)), &Options::default()).unwrap_err();
    assert!(complaint.to_string().contains("4 sockets at once; at most 3"), "{complaint}");
}

#[test]
fn what_can_be_spared_goes_before_anything_else_on_every_path() {
    let mut probes = probes();
    probes.push(Probe { spare: true, ..probe("quiet", "challenge", 5) });
    let shelf = shelf(probes);
    let plan = |seconds| {
        let options = Options { budget: Some(Duration::from_secs(seconds)), ..Options::default() };
        make(&shelf, &matrix(&shelf), &target(ways(3)), &options).unwrap()
    };
    let names = |plan: &Plan| plan.dropped.iter().map(|d| d.step.probe.clone()).collect::<Vec<_>>();
    assert!(names(&plan(60)).is_empty());
    let few = names(&plan(29));
    assert!(!few.is_empty() && few.iter().all(|probe| probe == "quiet"), "{few:?}");
    let more = names(&plan(22));
    assert!(more.starts_with(&["quiet", "quiet", "quiet", "quiet", "connect"].map(String::from)), "{more:?}");
}

#[test]
fn a_lacking_path_names_its_flag() {
    let shelf = shelf(probes());
    let mut matrix = matrix(&shelf);
    matrix.needs = vec![Kind::Local, Kind::Edge, Kind::Tailnet];
    let plan = make(&shelf, &matrix, &target(ways(0)), &Options::default()).unwrap();
    assert_eq!(plan.lacks.iter().map(|l| l.flag.as_str()).collect::<Vec<_>>(), ["--edge URL", "--tailnet HOST"]);
    for kind in [Kind::Tunnel, Kind::Funnel, Kind::Public] {
        let plan = make(&shelf, &matrix, &target(vec![way("outer", kind, 1)]), &Options::default()).unwrap();
        let lacks: Vec<Kind> = plan.lacks.iter().map(|l| l.kind).collect();
        assert_eq!(lacks, [Kind::Local, Kind::Tailnet], "{kind} leads through an edge as well");
    }
}

#[test]
fn an_unknown_probe_is_named() {
    let shelf = shelf(probes());
    let mut matrix = matrix(&shelf);
    matrix.probes.push(String::from("upgarde"));
    let complaint = make(&shelf, &matrix, &target(ways(0)), &Options::default()).unwrap_err();
    assert!(complaint.title.contains("`upgarde`"), "{complaint}");
    assert!(complaint.to_string().contains("did you mean `upgrade`"), "{complaint}");
}

#[test]
fn the_plan_prints_all_it_promises() {
    let text = plan(1, Duration::from_secs(30)).text();
    for part in ["here/local (local, direct)", "here/edge (edge, edge, rides on local)", "may send the credential", "share 24 s"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(text.contains("worst case          26.2 s (with 1 s kept"), "{text}");
    assert!(plan(3, Duration::from_secs(20)).text().contains("no room"), "{text}");
}

/// Plans over a shelf with three rows.
fn chosen(only: &[&str], skip: &[&str]) -> Result<Plan, Complaint> {
    let mut shelf = shelf(probes());
    let path = "p in path";
    shelf.symptoms = vec![
        row("LISTEN-01", Layer::Listener, path, "any t in tcp@p: t.connected == refused"),
        row("WS-01", Layer::Websocket, path, "upgrade@p.outcome == refused"),
        row("AUTH-02", Layer::Auth, path, "connect@p.outcome == refused"),
    ];
    let mut matrix = matrix(&shelf);
    matrix.require = shelf.symptoms.iter().map(|s| s.code.clone()).collect();
    let words = |words: &[&str]| words.iter().map(|w| w.to_string()).collect();
    make(&shelf, &matrix, &target(ways(0)), &Options { only: words(only), skip: words(skip), ..Options::default() })
}

#[test]
fn only_and_skip_choose_rows_and_with_them_probes() {
    for (only, skip, require, last) in [
        (&["WS-01"][..], &[][..], vec!["WS-01"], "upgrade"),
        (&["ws"], &[], vec!["WS-01"], "upgrade"),
        (&["listener"], &[], vec!["LISTEN-01"], "tcp"),
        (&["ws-01,auth"], &[], vec!["WS-01", "AUTH-02"], "connect"),
        (&[], &["AUTH-02"], vec!["LISTEN-01", "WS-01"], "upgrade"),
        (&["websocket", "AUTH-02"], &["auth"], vec!["WS-01"], "upgrade"),
        (&[], &[], vec!["LISTEN-01", "WS-01", "AUTH-02"], "connect"),
    ] {
        let plan = chosen(only, skip).unwrap();
        assert_eq!(plan.require.iter().map(|c| c.as_str()).collect::<Vec<_>>(), require, "{only:?} {skip:?}");
        assert_eq!(plan.lanes[1].steps.last().map(|s| s.probe.as_str()), Some(last), "{only:?} {skip:?}");
        assert_eq!(plan.lanes[0].steps.len(), 2, "the site's own probes always run");
        assert_eq!(plan.credentials, usize::from(last == "connect"));
    }
}

#[test]
fn words_that_match_nothing_are_underlined() {
    let text = |only: &[&str], skip: &[&str]| chosen(only, skip).unwrap_err().to_string();
    let near = text(&["LISTEN-01,WS-02"], &[]);
    assert!(near.contains("--only LISTEN-01,WS-02") && near.contains("did you mean `WS-01`"), "{near}");
    assert!(near.contains("|                  ^^^^^ matches"), "the caret stands under the wrong word:\n{near}");
    assert!(text(&["zebra"], &[]).contains("`clawprobe explain` lists them"));
    assert!(text(&[], &["websockt"]).contains("did you mean `websocket`"));
    assert!(text(&["WS-01"], &["websocket"]).contains("no row is left"));
    assert!(text(&[","], &[]).contains("names nothing"));
}
