//! Etiquette counted from the other side: what a plan declares is what the reference gateway sees, for every matrix.

use std::collections::BTreeSet;
use std::time::Duration;

use clawprobe::plan::{Etiquette, Plan};
use clawprobe::proof::stage::Stage;
use clawprobe::proof::trial::Trial;
use clawprobe::reference::fault;
use clawprobe::reference::gateway::seen::Seen;
use clawprobe::reference::ground::Ground;
use clawprobe::reference::world::merge;
use clawprobe::shelf::Shelf;
use clawprobe::shelf::probe::{Method, Probe};

/// What was declared and what came.
struct Told {
    shelf: Shelf,
    plan: Plan,
    seen: Seen,
}

/// Runs a matrix in the built-in world with a change made.
fn play(matrix: &str, change: &str) -> Told {
    let (ground, shelf) = (Ground::new().unwrap(), Shelf::builtin().unwrap());
    let mut world = fault::world().unwrap_or_else(|c| panic!("{c}"));
    merge(&mut world, &change.parse().unwrap());
    if matrix == "hold" {
        merge(&mut world, &format!("[gateway]\n{FAST}").parse().unwrap());
    }
    let stage = Stage::set(&ground, world).unwrap_or_else(|c| panic!("{c}"));
    // A busy machine is not to cut anything off.
    let trial = Trial { name: "counted".into(), matrix: matrix.into(), budget: Some(Duration::from_secs(600)), skip: Vec::new() };
    let tried = trial.play_on(&stage, &shelf, &mut |_| {}, std::future::pending()).unwrap_or_else(|c| panic!("{c}"));
    let seen = stage.standing.gateway.as_ref().unwrap().seen();
    Told { shelf, plan: tried.recording.head.plan, seen }
}

/// Edges that hand every byte on unread, so that the gateway sees what clawprobe itself sends on an edge path.
fn clear_edges(number: usize) -> String {
    let edges: Vec<String> = (0..number).map(|n| format!("'e{n}=http://127.0.0.1:{{gateway.port}}'")).collect();
    format!("edge = [{}]", edges.join(", "))
}

impl Told {
    fn probes(&self) -> impl Iterator<Item = &Probe> {
        let steps = self.plan.lanes.iter().filter(|lane| lane.path.is_some()).flat_map(|lane| &lane.steps);
        steps.filter_map(|step| self.shelf.probe(&step.probe))
    }

    fn declared(&self) -> &Etiquette {
        self.plan.etiquette.as_ref().unwrap()
    }

    /// Nothing that was not declared came, and nothing that writes.
    fn holds(&self, world: &str) {
        let (plan, seen) = (&self.plan, &self.seen);
        let at = format!("{} with {world}: {seen:#?}", plan.matrix);
        assert!(seen.connections <= self.declared().connections, "{at}");
        assert!(seen.most_unauthenticated <= plan.sockets, "{at}");
        assert!(seen.refused <= plan.credentials && seen.bare == 0 && seen.bearers == 0, "{at}");
        let methods = &self.declared().methods;
        for request in seen.requests.keys() {
            let method = request.split(' ').next().unwrap().replace("UPGRADE", "GET");
            assert!(methods.contains(&method.parse::<Method>().unwrap()), "{request}: {at}");
        }
        for method in seen.methods.keys() {
            assert!(["connect", "health"].contains(&method.as_str()), "{method}: {at}");
            assert!(methods.contains(&method.parse::<Method>().unwrap()), "{method}: {at}");
        }
    }

    /// The heads that came are those that the probes declare, to the letter; on an edge path with these headers after them.
    fn speaks(&self, own: &[&str]) {
        let declared: BTreeSet<String> = self.probes().flat_map(|probe| heads(probe, own)).collect();
        let strange: Vec<&String> = self.seen.heads.difference(&declared).collect();
        assert!(strange.is_empty(), "{}: {strange:#?} is not among {declared:#?}", self.plan.matrix);
        let names: BTreeSet<&str> = self.seen.headers.iter().map(String::as_str).filter(|name| !own.contains(name)).collect();
        let planned: BTreeSet<&str> = self.declared().headers.iter().map(String::as_str).collect();
        assert!(names.is_subset(&planned), "{names:?} {planned:?}");
    }
}

fn heads(probe: &Probe, own: &[&str]) -> Vec<String> {
    let method = if probe.primitive == "upgrade" { "UPGRADE" } else { "GET" };
    let plain = format!("{method} {}", probe.headers.join(" "));
    vec![format!("{plain} {}", own.join(" ")), plain]
}

const MATRICES: &[&str] = &["preflight", "ci", "edge", "hold", "listen"];

/// A gateway that does in seconds what takes it half a minute, so that a hold is over soon.
const FAST: &str = "handshake-ms = 2500\nping-ms = 2000\ntick-ms = 2500";

#[test]
fn every_matrix_is_counted() {
    let shelf = Shelf::builtin().unwrap();
    assert_eq!(shelf.matrices.iter().map(|m| m.name.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from_iter(MATRICES.to_vec()));
}

#[test]
fn straight_to_the_gateway_every_connection_is_one_that_was_declared() {
    for matrix in MATRICES {
        let told = play(matrix, "[client]\nedge = []");
        told.holds("no edge");
        told.speaks(&[]);
        // In plain text and without a proxy these have nothing to ask.
        let idle = told.probes().filter(|p| {
            ["tls", "tls-cross-check", "health-otherwise", "health-via-proxy", "upgrade-h2"].contains(&p.id.as_str())
        });
        let idle: usize = idle.map(|p| p.connections).sum();
        let tries = usize::from(told.declared().methods.contains(&Method::Connect));
        assert_eq!(told.plan.credentials, tries, "{matrix}");
        // How many connections are held depends on what becomes of them.
        if *matrix != "hold" {
            assert_eq!(told.seen.connections + idle, told.declared().connections, "{matrix}: {:#?}", told.seen);
            assert_eq!(told.seen.accepted, tries, "{matrix}");
        }
    }
}

#[test]
fn on_edge_paths_nothing_is_added_but_the_users_own_headers() {
    let own = "header-file = '{dir}/headers'\n[file]\nheaders = \"X-Own: 1\\nCF-Access-Client-Id: x.access\\n\"";
    for matrix in MATRICES.iter().filter(|matrix| **matrix != "listen") {
        let told = play(matrix, &format!("[client]\n{}\n{own}", clear_edges(3)));
        told.holds("three edges");
        told.speaks(&["x-own", "cf-access-client-id"]);
        assert!(told.seen.headers.contains("x-own"), "{:#?}", told.seen);
        // The ladder of message sizes logs in once more on each edge.
        let times = if *matrix == "edge" { 7 } else { 4 };
        assert!(told.seen.accepted == times || *matrix == "hold", "{matrix}: {:#?}", told.seen);
    }
}

#[test]
fn through_edges_that_take_part_no_more_comes_than_was_declared() {
    for matrix in MATRICES {
        let told = play(
            matrix,
            "[edge-2]\nupstream = '127.0.0.1:{gateway.port}'\n[client]\nedge = ['http://127.0.0.1:{edge.port}', 'b=http://127.0.0.1:{edge-2.port}']",
        );
        told.holds("two edges");
    }
}

#[test]
fn over_tls_the_same_is_said() {
    let tls =
        "[gateway]\ntls = 'trusted'\n[client]\ngateway = 'wss://127.0.0.1:{gateway.port}'\nedge = []\nca = '{dir}/root.pem'";
    for matrix in MATRICES {
        let told = play(matrix, tls);
        told.holds("TLS");
        told.speaks(&[]);
        assert!(told.seen.requests.contains_key("GET /health"), "{:#?}", told.seen);
    }
}

#[cfg(unix)]
#[test]
fn over_a_unix_socket_the_same_is_said() {
    for matrix in MATRICES.iter().filter(|matrix| !["listen", "hold"].contains(matrix)) {
        let place = "'unix:{dir}/gw.sock'";
        let told = play(matrix, &format!("[gateway]\nlisten = ['127.0.0.1', {place}]\n[client]\ngateway = {place}\nedge = []"));
        told.holds("a Unix socket");
        told.speaks(&[]);
        assert_eq!(told.seen.accepted, 1, "{matrix}: {:#?}", told.seen);
    }
}

#[test]
fn a_slow_gateway_has_as_many_sockets_waiting_as_were_declared_and_no_more() {
    for matrix in ["preflight", "ci"] {
        // The direct lane is alone for a second; the others begin while it waits for its challenge, which may take two.
        let told = play(matrix, &format!("[gateway]\nchallenge-after-ms = 1700\n[client]\n{}", clear_edges(6)));
        told.holds("slow");
        assert_eq!((told.seen.most_unauthenticated, told.plan.sockets), (4, 4), "{matrix}: {:#?}", told.seen);
    }
}

#[test]
fn a_wrong_secret_is_tried_once_over_all_paths() {
    for matrix in ["preflight", "ci"] {
        let wrong = "env = { OPENCLAW_GATEWAY_TOKEN = 'not-the-token-at-all' }";
        let told = play(matrix, &format!("[client]\nconfig = ''\n{}\n{wrong}", clear_edges(4)));
        told.holds("a wrong token");
        assert_eq!((told.seen.refused, told.seen.accepted, told.plan.credentials), (1, 0, 1), "{matrix}: {:#?}", told.seen);
    }
}

#[test]
fn without_a_secret_nobody_asks_to_be_let_in_and_sockets_are_left_before_others_are_opened() {
    for (matrix, upgrades) in [("preflight", 1), ("ci", 2), ("edge", 2), ("listen", 0)] {
        for edges in [2, 5] {
            let told = play(matrix, &format!("[client]\nconfig = ''\n{}", clear_edges(edges)));
            told.holds("no token");
            assert_eq!(told.plan.credentials, 0);
            assert!(told.seen.methods.is_empty(), "{matrix}: {:#?}", told.seen);
            // A preflight also leaves one connection quiet, by edges only.
            let quiet = if matrix == "preflight" { edges } else { 0 };
            assert_eq!(told.seen.upgrades, upgrades * (1 + edges) + quiet, "{matrix}: {:#?}", told.seen);
        }
    }
}

#[test]
fn a_hold_takes_its_eight_places_and_no_more_and_frees_those_of_whom_the_gateway_lets_in() {
    let told = play("hold", &format!("[client]\n{}", clear_edges(3)));
    told.holds("three edges held");
    assert_eq!((told.plan.sockets, told.plan.lanes_at_once), (8, 2));
    assert!((5..=8).contains(&told.seen.most_unauthenticated), "{:#?}", told.seen);
    // More are open at once than may wait to be let in.
    assert!(told.seen.accepted > 4 * 4, "{:#?}", told.seen);
}

#[test]
fn a_secret_that_was_refused_is_not_tried_again_by_a_hold() {
    let wrong = "env = { OPENCLAW_GATEWAY_TOKEN = 'not-the-token-at-all' }";
    let told = play("hold", &format!("[client]\nconfig = ''\n{}\n{wrong}", clear_edges(1)));
    told.holds("a wrong token");
    assert_eq!((told.seen.refused, told.seen.accepted), (1, 0), "{:#?}", told.seen);
}
