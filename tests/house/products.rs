//! The edge's product signatures, which were taken from the products themselves, are known again by what reads answers.

use clawprobe::facts::store::FactId;
use clawprobe::facts::{Cell, Value};
use clawprobe::path::Vantage;
use clawprobe::proof::trial::{Trial, Tried};
use clawprobe::reference::ground::Ground;
use clawprobe::reference::{edge, fault, world};
use clawprobe::shelf::Shelf;

/// Plays the built-in world with a change.
fn play(ground: &Ground, shelf: &Shelf, change: &str) -> Tried {
    let mut table = fault::world().unwrap();
    world::merge(&mut table, &change.parse().unwrap());
    let trial = Trial { name: "products".into(), matrix: "preflight".into(), budget: None, skip: vec!["IDLE".into()] };
    trial.play(table, ground, shelf).unwrap_or_else(|complaint| panic!("{change}: {complaint}"))
}

/// Author and product as a table tells them of the edge.
fn seen(tried: &Tried, table: &str, key: &[(&str, &str)]) -> (String, String) {
    let word = |field: &str| {
        let id = FactId {
            table: table.into(),
            vantage: Some("here/edge".parse::<Vantage>().unwrap()),
            key: key.iter().map(|(k, v)| ((*k).to_owned(), Value::from(*v))).collect(),
            field: field.into(),
        };
        match tried.recording.facts.cell(&id) {
            Cell::Value { value } => value.to_string(),
            Cell::Absent => "-".into(),
            Cell::NotMeasured(because) => panic!("{id}: {because}"),
        }
    };
    (word("author"), word("product"))
}

fn health(tried: &Tried) -> (String, String) {
    seen(tried, "http", &[("probe", "health"), ("address", "named")])
}

fn upgrade(tried: &Tried) -> (String, String) {
    seen(tried, "upgrade", &[("offer", "http1"), ("as", "plain")])
}

fn is(author: &str, product: &str) -> (String, String) {
    (author.into(), product.into())
}

/// What is known of a product by an answer it passes on, by a switch, and by its own page for a gateway that refuses. Apache and
/// Varnish leave no trace in a switch, Traefik and oauth2-proxy none in what they pass on.
const KNOWN: &[(&str, &str, &str, &str)] = &[
    ("plain", "-", "-", "-"),
    ("nginx", "nginx", "nginx", "nginx"),
    ("caddy", "caddy", "caddy", "caddy"),
    ("haproxy", "haproxy", "haproxy", "haproxy"),
    ("apache", "apache", "-", "apache"),
    ("envoy", "envoy", "envoy", "envoy"),
    ("traefik", "-", "-", "traefik"),
    ("lighttpd", "lighttpd", "lighttpd", "lighttpd"),
    ("varnish", "varnish", "-", "varnish"),
    ("cloudflare", "cloudflare", "cloudflare", "cloudflare"),
    ("cloudflare-access", "cloudflare", "cloudflare", "cloudflare"),
    ("oauth2-proxy", "-", "-", "-"),
];

#[test]
fn every_product_of_the_edge_is_known_by_what_it_sends() {
    let brands: Vec<&str> = edge::Brand::ALL.iter().map(|label| label.name).collect();
    assert_eq!(KNOWN.iter().map(|(brand, ..)| *brand).collect::<Vec<_>>(), brands);
    let (ground, shelf) = (Ground::new().unwrap(), Shelf::builtin().unwrap());
    for (brand, passed, switched, says) in KNOWN {
        let right = play(&ground, &shelf, &format!("[edge]\nproduct = '{brand}'"));
        assert_eq!(health(&right), is("gateway", passed), "{brand}, an answer passed on");
        assert_eq!(upgrade(&right), is("gateway", switched), "{brand}, a switch");
        assert_eq!(right.judgement.verdict.findings.len(), 0, "{brand} is healthy");
        let down = play(
            &ground,
            &shelf,
            &format!("[edge]\nproduct = '{brand}'\nupstream = '127.0.0.1:{{edge-2.port}}'\n[edge-2]\nstopped = true"),
        );
        assert_eq!(health(&down), is("edge", says), "{brand}, its own page");
        assert_eq!(upgrade(&down), is("edge", says), "{brand}, its own page to an upgrade");
    }
}

#[test]
fn every_login_in_front_is_an_identity_proxy() {
    let (ground, shelf) = (Ground::new().unwrap(), Shelf::builtin().unwrap());
    for (brand, status) in [
        ("cloudflare-access", "302 Found"),
        ("cloudflare-access", "401 Unauthorized"),
        ("cloudflare-access", "403 Forbidden"),
        ("cloudflare", "403 Forbidden"),
        ("oauth2-proxy", "302 Found"),
        ("oauth2-proxy", "403 Forbidden"),
        ("nginx", "401 Unauthorized"),
        ("traefik", "401 Unauthorized"),
    ] {
        let change = format!("[edge]\nproduct = '{brand}'\n[[edge.answer]]\nto = '*'\nstatus = '{status}'");
        let tried = play(&ground, &shelf, &change);
        assert_eq!(health(&tried).0, "identity-proxy", "{brand}, {status}");
        assert_eq!(upgrade(&tried).0, "identity-proxy", "{brand}, {status}");
    }
}
