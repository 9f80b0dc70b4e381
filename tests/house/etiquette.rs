//! Etiquette on real sockets: never more than four at once, and one attempt with the credential that may fail.

use std::time::Duration;

use clawprobe::facts::FactId;
use clawprobe::path::Vantage;
use clawprobe::plan::{self, Options};
use clawprobe::record::Recording;
use clawprobe::run::{Order, execute};
use clawprobe::shelf::Shelf;
use clawprobe::target::Target;

use crate::engine::{Gateway, Manners, TOKEN, head, target};

fn preflight(target: &Target) -> Recording {
    let shelf = Shelf::builtin().unwrap();
    let options = Options { budget: Some(Duration::from_secs(600)), ..Options::default() };
    let plan = plan::make(&shelf, shelf.named_matrix("preflight").unwrap(), target, &options).unwrap();
    execute(Order { target, head: head(plan, &shelf) }, &mut |_| {}, std::future::pending())
}

fn outcome(recording: &Recording, table: &str, path: &str) -> String {
    let vantage = Some(Vantage::path("here", path));
    recording
        .facts
        .cell(&FactId { table: table.to_owned(), vantage, key: Vec::new(), field: String::from("outcome") })
        .to_string()
}

fn edges(url: &str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("e{n}={url}"))
}

#[test]
fn four_sockets_at_once_and_no_more() {
    let inner = Gateway::start(Manners { accepts: true, together: 1 });
    // No answer comes before four have asked, so four lanes do run side by side.
    let outer = Gateway::start(Manners { accepts: true, together: 4 });
    let recording = preflight(&target(Some(inner.url()), edges(&outer.url(), 8)));
    for edge in 0..8 {
        assert_eq!(outcome(&recording, "challenge", &format!("edge:e{edge}")), "received");
        assert_eq!(outcome(&recording, "connect", &format!("edge:e{edge}")), "accepted");
    }
    assert_eq!(*outer.most.lock().unwrap(), 4);
    assert_eq!(*inner.most.lock().unwrap(), 1, "a lane has one socket at a time");
    assert_eq!(outer.secrets.lock().unwrap().len(), 8);
}

#[test]
fn one_refusal_and_nobody_else_is_asked() {
    let inner = Gateway::start(Manners { accepts: false, together: 1 });
    let outer = Gateway::start(Manners { accepts: true, together: 1 });
    let recording = preflight(&target(Some(inner.url()), edges(&outer.url(), 3)));
    assert_eq!(*inner.secrets.lock().unwrap(), [TOKEN]);
    assert!(outer.secrets.lock().unwrap().is_empty());
    assert_eq!(outcome(&recording, "connect", "local"), "refused");
    for edge in 0..3 {
        assert_eq!(
            outcome(&recording, "connect", &format!("edge:e{edge}")),
            "not measured: withheld: connect@here/local.outcome"
        );
    }
    assert!(!recording.write().contains(TOKEN));
}

#[test]
fn a_dead_inner_path_gives_the_one_attempt_to_the_next() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outer = Gateway::start(Manners { accepts: false, together: 1 });
    preflight(&target(Some(format!("ws://{closed}")), edges(&outer.url(), 4)));
    assert_eq!(*outer.secrets.lock().unwrap(), [TOKEN]);
}

#[test]
fn what_is_asked_stays_within_the_gateways_own_limits() {
    use clawprobe::openclaw::limits::{LONGEST_DELAY, PRE_AUTH, PRE_AUTH_SOCKETS};
    let shelf = Shelf::builtin().unwrap();
    let deadline = |id: &str| shelf.probe(id).unwrap().deadline;
    assert!(deadline("connect") > LONGEST_DELAY, "a refusal on loopback comes as late as that");
    assert!(deadline("challenge") + deadline("connect") < PRE_AUTH, "the gateway does not end our handshake first");
    let shelf_wide: usize = shelf.probes.iter().map(|p| p.sockets).max().unwrap_or_default();
    assert!(4 * shelf_wide < PRE_AUTH_SOCKETS);
}
