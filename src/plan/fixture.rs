//! Shelves, matrices and targets for tests of the plan and of the run.

use std::time::Duration;

use crate::code::Layer;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::{ConfigState, CredentialState, Slot, Source};
use crate::path::Kind;
use crate::secret::Secret;
use crate::shelf::matrix::Matrix;
use crate::shelf::page::Page;
use crate::shelf::probe::Probe;
use crate::shelf::symptom::Symptom;
use crate::shelf::{Shelf, symptom_file};
use crate::target::{ConfigFile, Credential, Endpoint, Target, TlsSettings, Way, World};

/// The secret of [`target`].
pub const TOKEN: &str = "planted-token-7f3a";

/// Every kind of path.
pub const KINDS: &[Kind] =
    &[Kind::Local, Kind::Lan, Kind::Tailnet, Kind::Tunnel, Kind::Serve, Kind::Funnel, Kind::Edge, Kind::Public];

/// A probe of all kinds of path; `needs` separated by blanks.
pub fn probe(id: &str, needs: &str, seconds: u64) -> Probe {
    Probe {
        id: id.to_owned(),
        primitive: id.to_owned(),
        summary: String::from("A probe."),
        paths: KINDS.to_vec(),
        schemes: Vec::new(),
        needs: needs.split_whitespace().map(str::to_owned).collect(),
        deadline: Duration::from_secs(seconds),
        sockets: 1,
        connections: 1,
        families: false,
        methods: Vec::new(),
        headers: Vec::new(),
        spare: false,
        credential: id == "connect",
        with: [].into(),
    }
}

/// A probe of the site.
pub fn site_probe(id: &str, seconds: u64) -> Probe {
    Probe { paths: Vec::new(), sockets: 0, connections: 0, ..probe(id, "", seconds) }
}

/// Probes much like the built-in ones: 24 s per path.
pub fn probes() -> Vec<Probe> {
    vec![
        site_probe("site", 1),
        site_probe("listener", 2),
        probe("tcp", "", 3),
        probe("upgrade", "tcp", 5),
        probe("challenge", "upgrade", 8),
        probe("connect", "challenge", 8),
    ]
}

/// A shelf of these probes.
pub fn shelf(probes: Vec<Probe>) -> Shelf {
    Shelf { probes, ..Shelf::default() }
}

/// A matrix of all probes of a shelf.
pub fn matrix(shelf: &Shelf) -> Matrix {
    Matrix {
        name: String::from("preflight"),
        summary: String::from("A matrix."),
        probes: shelf.probes.iter().map(|p| p.id.clone()).collect(),
        require: Vec::new(),
        needs: Vec::new(),
        expect: Vec::new(),
        budget: Duration::from_secs(60),
        sockets: None,
    }
}

/// A row of a layer that reads what its condition reads.
pub fn row(code: &str, layer: Layer, each: &str, when: &str) -> Symptom {
    let text = format!(
        r#"+++
code = "{code}"
name = "made-up"
title = "A row of a test"
layer = "{layer}"
plane = "access"
severity = "error"
since = "0.1.0"
each = "{each}"
when = "{when}"
explained-by = []
lookalikes = []
commands = []
requirements = []
references = []
observed = "One thing."
expected = "Another thing."
therefore = "Something follows."
first-response = "Look."
fault = "peer/none"
+++
"#
    );
    symptom_file::read(&format!("{code}-made-up.md"), &text, "builtin", |_| Page::default()).unwrap().symptom
}

/// A way in plain text to a loopback port.
pub fn way(name: &str, kind: Kind, port: u16) -> Way {
    let endpoint = Endpoint { scheme: Scheme::Ws, host: String::from("127.0.0.1"), port, path: String::from("/"), query: None };
    Way { name: name.to_owned(), kind, endpoint, origin: Source::Flag, place: String::from("--gateway"), vouches: false }
}

/// One direct way and so many edges.
pub fn ways(edges: usize) -> Vec<Way> {
    let edge = |n: usize| way(&if n == 1 { String::from("edge") } else { format!("edge:{n}") }, Kind::Edge, 8000);
    std::iter::once(way("local", Kind::Local, 18789)).chain((1..=edges).map(edge)).collect()
}

/// A target with a token and these ways.
pub fn target(ways: Vec<Way>) -> Target {
    Target {
        ways,
        credential: Credential {
            state: CredentialState::Present,
            slot: Some(Slot::Token),
            secret: Some(Secret::new(TOKEN)),
            source: Some(Source::Environment),
            place: Some(String::from("OPENCLAW_GATEWAY_TOKEN")),
        },
        config: ConfigFile {
            state: ConfigState::Absent,
            file: "/nowhere/openclaw.json".into(),
            source: Source::Default,
            error: None,
            mode: None,
            bind: None,
            port: 18789,
            auth_mode: None,
            tls: false,
            base_path: None,
            tailscale: None,
            ssh_target: false,
            trusted_proxies: Vec::new(),
            allow_tailscale: None,
        },
        settings: Vec::new(),
        proxies: Vec::new(),
        health_path: None,
        resolvers: Vec::new(),
        tls: TlsSettings::default(),
        headers: Vec::new(),
        secrets: vec![Secret::new(TOKEN)],
        world: World::default(),
    }
}
