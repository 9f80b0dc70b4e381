//! A judgement made by hand, for the tests of the formats: an edge that drops the upgrade beside one that does not.

use crate::code::{Certainty, Layer, Plane, Severity};
use crate::exit::Exit;
use crate::facts::tables::{path::PATH, tcp::TCP, upgrade::UPGRADE};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::facts::{Facts, Sheet, sheet::RowBuilder};
use crate::judge::Judgement;
use crate::judge::verdict::{Clear, Evidence, Finding, Lacking, Outcome, Undecided, Verdict};
use crate::path::{HERE, Kind, Path, Role, Site, Topology, Vantage};
use crate::plan::Plan;
use crate::record::{End, Event, Head, Origin, Recording, Share};
use crate::shelf::Shelf;

use super::Report;

/// What a report needs, owned.
pub struct Sample {
    pub recording: Recording,
    pub judgement: Judgement,
    pub shelf: Shelf,
}

impl Sample {
    pub fn report(&self) -> Report<'_> {
        let (recording, judgement, shelf) = (&self.recording, &self.judgement, &self.shelf);
        let exit = judgement.verdict.exit(recording.head.fail_on);
        Report { recording, judgement, shelf, judged_by: "clawprobe 0.1.0", exit, status: exit.number() }
    }
}

fn at(path: &str) -> Vantage {
    Vantage::path(HERE, path)
}

fn path(name: &str, kind: Kind) -> Path {
    Path { vantage: at(name), kind, class: kind.class(), rides_on: Vec::new() }
}

fn topology() -> Topology {
    Topology {
        sites: vec![Site { name: HERE.into(), role: Role::GatewayHost }],
        paths: vec![path("local", Kind::Local), path("edge:corp", Kind::Edge), path("edge:lab", Kind::Edge)],
    }
}

fn facts() -> Facts {
    let mut facts = Facts::default();
    for (name, host, port, origin) in [
        ("local", "127.0.0.1", 18789_i64, "default"),
        ("edge:corp", "gw.example", 443, "flag"),
        ("edge:lab", "::1", 8443, "flag"),
    ] {
        let mut sheet = Sheet::new(&PATH, &at(name));
        let row = RowBuilder::new(&PATH, []).set("scheme", if port == 18789 { "ws" } else { "wss" });
        sheet.push(row.set("host", host).set("port", port).set("origin", origin).rest(Cell::Absent));
        facts.add(sheet);
    }
    let mut tcp = Sheet::new(&TCP, &at("edge:corp"));
    let key = [Value::from("203.0.113.5"), Value::Int(443)];
    let row = RowBuilder::new(&TCP, key).set("named", true).set("connected", "accepted");
    tcp.push(row.without("rtt", Reason::NotPermitted).rest(Cell::Absent));
    facts.add(tcp);
    let mut upgrade = Sheet::new(&UPGRADE, &at("edge:corp"));
    let row = RowBuilder::new(&UPGRADE, ["http1".into(), "plain".into()]).set("outcome", "plain-answer").set("status", 200_i64);
    upgrade.push(row.set("product", "nginx").set("after", Value::Ms(4.0)).set("text", "hi\u{1b}[2J").rest(Cell::Absent));
    facts.add(upgrade);
    facts
}

/// A finding with the fields that vary.
pub fn finding(code: &str, title: &str, layer: Layer, path: &str, explained_by: &[&str]) -> Finding {
    let code: crate::code::Code = code.parse().unwrap();
    Finding {
        id: format!("{code}@{HERE}/{path}"),
        family: code.family(),
        code,
        name: "upgrade-refused".into(),
        title: title.into(),
        layer,
        plane: Plane::Access,
        vantages: vec![at(path)],
        certainty: Certainty::Proven,
        severity: Severity::Error,
        explained_by: explained_by.iter().map(|s| s.to_string()).collect(),
        observed: "edge:corp answered 200 from nginx\u{1b}]0;; the same request to 127.0.0.1:18789 was switched.".into(),
        expected: "101 with a matching accept key.".into(),
        therefore: "The edge does not pass Upgrade and Connection on to the gateway.".into(),
        first_response: "Pass the upgrade headers on, and keep the edge's idle timer above 60 s.".into(),
        commands: vec!["nginx -T".into()],
        evidence: vec![
            Evidence { id: format!("path@{HERE}/{path}.class"), value: "edge".into() },
            Evidence { id: format!("upgrade@{HERE}/{path}[offer=http1,as=plain].outcome"), value: "plain-answer".into() },
        ],
        muted: None,
    }
}

fn undecided(code: &str, layer: Layer, path: &str, required: bool, because: Because, beneath: Option<&str>) -> Undecided {
    Undecided {
        code: code.into(),
        id: format!("{code}@{HERE}/{path}"),
        title: "A row".into(),
        layer: Some(layer),
        vantages: vec![at(path)],
        required,
        lacks: vec![Lacking { id: format!("connect@{HERE}/{path}.outcome"), because: because.clone() }],
        reason: because,
        beneath: beneath.map(String::from),
    }
}

fn clear(code: &str, layer: Layer, path: &str) -> Clear {
    Clear { id: format!("{code}@{HERE}/{path}"), layer, vantages: vec![at(path)], expected: false }
}

fn recording(facts: Facts) -> Recording {
    let plan = Plan {
        matrix: "preflight".into(),
        site: HERE.into(),
        budget_ms: 60_000,
        worst_case_ms: 41_000,
        lanes: Vec::new(),
        dropped: Vec::new(),
        require: Vec::new(),
        lacks: Vec::new(),
        sockets: 4,
        lanes_at_once: 4,
        credentials: 1,
        etiquette: None,
    };
    Recording {
        head: Head {
            schema: "clawprobe.recording/1".into(),
            tool: "clawprobe 0.1.0".into(),
            taken: "2026-08-22T10:11:12Z".into(),
            marker: "00".into(),
            target: "ws://127.0.0.1:18789".into(),
            world: None,
            shelf: vec![Origin { name: "builtin".into(), digest: "9f3c0000".into() }],
            only: Vec::new(),
            skip: Vec::new(),
            fail_on: Severity::Warning,
            share: Share::Team,
            plan,
        },
        events: facts.sheets().cloned().map(Event::Sheet).collect(),
        facts,
        end: End { duration_ms: 812.0, interrupted: false, defect: None, note: None },
    }
}

/// One edge right, one wrong.
pub fn symptoms() -> Sample {
    let (root, effect) = ("WS-01@here/edge:corp", "HEALTH-04@here/edge:corp");
    let verdict = Verdict {
        outcome: Outcome::Symptoms,
        root: Some("WS-01".parse().unwrap()),
        roots: vec![root.into()],
        findings: vec![
            finding("WS-01", "The edge answers, but does not switch to WebSocket", Layer::Websocket, "edge:corp", &[]),
            finding("HEALTH-04", "The gateway is silent", Layer::Loopback, "edge:corp", &[root]),
        ],
        undecided: vec![
            undecided("AUTH-02", Layer::Auth, "edge:corp", true, Reason::Blocked.into(), Some(root)),
            undecided("AUTH-03", Layer::Auth, "edge:lab", true, Reason::NoCredential.into(), None),
        ],
        clear: ["local", "edge:lab"].into_iter().map(|p| clear("WS-01", Layer::Websocket, p)).collect(),
    };
    assert_eq!(verdict.findings[1].id, effect);
    let facts = facts();
    Sample {
        recording: recording(facts.clone()),
        judgement: Judgement { verdict, topology: topology(), facts },
        shelf: Shelf::default(),
    }
}

/// All is well.
pub fn healthy() -> Sample {
    let mut sample = symptoms();
    let verdict = &mut sample.judgement.verdict;
    (verdict.outcome, verdict.root, verdict.roots) = (Outcome::Healthy, None, Vec::new());
    (verdict.findings, verdict.undecided) = (Vec::new(), Vec::new());
    sample.judgement.facts = Facts::default();
    assert_eq!(sample.report().exit, Exit::Healthy);
    sample
}
