use tokio::io::AsyncReadExt;

use super::*;
use crate::probe::trial::{Trial, answer, answering, peer};
use crate::secret::Secret;
use crate::target::ProxyVariable;

const LIVE: &str = r#"{"ok":true,"status":"live"}"#;
const JSON: &str = "Content-Type: application/json\r\n";
const NAMED_HEALTH: &[(&str, &str)] = &[("probe", "health"), ("address", "named")];

async fn trial(bytes: String) -> (Trial, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let (peer, heard) = answering(bytes).await;
    (Trial::new(Kind::Local, peer.port()).peer(peer), heard)
}

#[tokio::test]
async fn a_healthy_gateway_fills_its_row() {
    let (mut trial, mut heard) = trial(answer("200 OK", JSON, LIVE)).await;
    assert!(trial.run(run).await);
    for (field, text) in [
        ("outcome", "answered"),
        ("status", "200"),
        ("body", "live"),
        ("author", "gateway"),
        ("product", "absent"),
        ("detail", "absent"),
        ("path", "/health"),
        ("bytes", "27"),
    ] {
        assert_eq!(trial.text("http", NAMED_HEALTH, field), text, "{field}");
    }
    let port = trial.way.endpoint.port;
    let head = format!(
        "GET /health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(heard.recv().await.unwrap(), head);
    assert!(!trial.lane.suspects_tls);
}

#[tokio::test]
async fn each_route_has_its_path() {
    for (route, path) in [("startup", "/startupz"), ("ready", "/readyz"), ("dashboard", "/oc/")] {
        let (trial, mut heard) = trial(answer("200 OK", JSON, r#"{"ready":true}"#)).await;
        let mut trial = trial.with("probe", route);
        trial.target.config.base_path = Some(String::from("/oc"));
        assert!(trial.run(run).await);
        assert!(heard.recv().await.unwrap().starts_with(&format!("GET {path} ")));
        assert_eq!(trial.text("http", &[("probe", route)], "path"), path);
    }
}

#[tokio::test]
async fn a_claim_is_one_header_more() {
    for (route, claim) in [("claim-local", "127.0.0.1"), ("claim-remote", "203.0.113.9")] {
        let (peer, mut heard) = answering(answer("200 OK", JSON, r#"{"ready":true}"#)).await;
        let mut trial = Trial::new(Kind::Edge, peer.port()).peer(peer).with("probe", route);
        assert!(trial.run(run).await);
        let head = heard.recv().await.unwrap();
        assert!(head.starts_with("GET /readyz ") && head.ends_with(&format!("\r\nX-Forwarded-For: {claim}\r\n\r\n")), "{head}");
        assert_eq!(trial.text("http", &[("probe", route)], "detail"), "false");
    }
}

#[test]
fn an_edge_has_the_routes_below_the_path_of_its_url() {
    let at = |kind: Kind, health: Option<&str>| {
        let mut trial = Trial::new(kind, 1);
        trial.way.endpoint.path = String::from("/oc/");
        trial.target.health_path = health.map(str::to_owned);
        [Route::Health, Route::Startup, Route::Dashboard].map(|route| path(route, &trial.way, &trial.target))
    };
    assert_eq!(at(Kind::Edge, None), ["/oc/health", "/oc/startupz", "/oc/"]);
    assert_eq!(at(Kind::Edge, Some("/health")), ["/health", "/startupz", "/"]);
    assert_eq!(at(Kind::Local, None), ["/health", "/startupz", "/"]);
}

#[tokio::test]
async fn on_local_the_other_family_is_asked_as_well() {
    let (trial, _heard) = trial(answer("200 OK", JSON, r#"{"ready":true,"uptimeMs":5}"#)).await;
    let mut trial = trial.with("probe", "ready");
    let (other, _other_heard) = answering(answer("200 OK", JSON, r#"{"ready":true}"#)).await;
    trial.lane.other = Some(other);
    assert!(trial.run(run).await);
    assert_eq!(trial.rows("http").len(), 2);
    assert_eq!(trial.text("http", &[("address", "named")], "detail"), "true");
    assert_eq!(trial.text("http", &[("address", "127.0.0.1")], "detail"), "false");
}

#[tokio::test]
async fn a_peer_that_ends_early_may_speak_tls() {
    for (bytes, outcome, suspects) in [
        (String::new(), "closed-empty", true),
        (String::from("SSH-2.0-x\r\n"), "garbage", true),
        (answer("400 Bad Request", "", "The plain HTTP request was sent to HTTPS port"), "answered", true),
        (answer("404 Not Found", "", "no"), "answered", false),
    ] {
        let (mut trial, _heard) = trial(bytes.clone()).await;
        assert_eq!(trial.run(run).await, !bytes.is_empty());
        assert_eq!(trial.text("http", NAMED_HEALTH, "outcome"), outcome);
        assert_eq!(trial.lane.suspects_tls, suspects, "{outcome}");
    }
}

#[tokio::test]
async fn silence_is_a_value_only_within_the_probes_own_time() {
    let quiet = async || peer(|mut stream| async move { drop(stream.read_to_end(&mut Vec::new()).await) }).await;
    let at = quiet().await;
    let mut own = Trial::new(Kind::Local, at.port()).peer(at);
    own.own = std::time::Duration::from_millis(60);
    assert!(!own.run(run).await);
    assert_eq!(own.text("http", NAMED_HEALTH, "outcome"), "silent");
    let mut ended = Trial::new(Kind::Local, at.port()).peer(at);
    ended.run = std::time::Duration::from_millis(60);
    assert!(!ended.run(run).await);
    assert_eq!(ended.text("http", NAMED_HEALTH, "outcome"), "not measured: deadline");
}

#[tokio::test]
async fn edge_headers_go_to_edges_only_and_never_in_clear_over_a_network() {
    let (peer, mut heard) = answering(answer("200 OK", JSON, LIVE)).await;
    let headers = vec![(String::from("CF-Access-Client-Id"), Secret::new("planted-id"))];
    for (kind, expected) in [(Kind::Edge, true), (Kind::Local, false)] {
        let mut trial = Trial::new(kind, peer.port()).peer(peer);
        trial.target.headers = headers.clone();
        assert!(trial.run(run).await);
        assert_eq!(heard.recv().await.unwrap().contains("planted-id"), expected, "{kind}");
        assert!(!format!("{:?}", trial.facts).contains("planted-id"));
    }
}

#[tokio::test]
async fn the_host_leaves_out_the_schemes_own_port() {
    let mut way = Trial::new(Kind::Edge, 443).host("gw.example").way.clone();
    assert_eq!(host(&way), "gw.example:443");
    way.endpoint.scheme = Scheme::Wss;
    assert_eq!(host(&way), "gw.example");
    way.endpoint.host = String::from("::1");
    assert_eq!(host(&way), "[::1]");
    way.endpoint.port = 8443;
    assert_eq!(host(&way), "[::1]:8443");
}

#[tokio::test]
async fn a_refusal_proves_nothing_where_nobody_can_be_told() {
    let refusal = answer("403 Forbidden", JSON, r#"{"error":{"message":"x","type":"proxy_attribution_required"}}"#);
    let (peer, _heard) = answering(refusal).await;
    let mut blind = Trial::new(Kind::Edge, peer.port()).with("probe", "ready").peer(peer);
    assert!(blind.run(run).await);
    assert!(blind.text("http", &[], "status").starts_with("not measured: unsupported"));
    let mut tunnel = Trial::new(Kind::Tunnel, peer.port()).with("probe", "ready").peer(peer);
    assert!(tunnel.run(run).await);
    assert_eq!(tunnel.text("http", &[], "error-type"), "proxy_attribution_required");
}

fn proxy(address: SocketAddr, takes_loopback: bool) -> ProxyVariable {
    ProxyVariable { name: String::from("HTTP_PROXY"), proxy: address.to_string(), address: Some(address), takes_loopback }
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_loopback_gateway_only_where_it_would_take_it() {
    let (at, mut heard) = answering(answer("502 Bad Gateway", "Server: nginx\r\n", "<html>")).await;
    let gateway: SocketAddr = "127.0.0.1:18789".parse().unwrap();
    let key = &[("probe", "via-proxy")];
    let mut taken = Trial::new(Kind::Local, 18789).with("probe", "via-proxy").peer(gateway);
    taken.target.proxies = vec![proxy(at, true)];
    assert!(taken.run(run).await);
    assert!(heard.recv().await.unwrap().starts_with("GET http://127.0.0.1:18789/health HTTP/1.1\r\nHost: 127.0.0.1:18789\r\n"));
    assert_eq!((taken.text("http", key, "status"), taken.text("http", key, "author")), ("502".into(), "edge".into()));
    let mut bypassed = Trial::new(Kind::Local, 18789).with("probe", "via-proxy").peer(gateway);
    bypassed.target.proxies = vec![proxy(at, false)];
    assert!(bypassed.run(run).await && bypassed.rows("http").is_empty());
    let mut far = Trial::new(Kind::Lan, 18789).with("probe", "via-proxy").peer("192.0.2.1:18789".parse().unwrap());
    far.target.proxies = vec![proxy(at, true)];
    assert!(far.run(run).await && far.rows("http").is_empty());
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_peer_that_is_gone_is_not_measured() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = listener.local_addr().unwrap();
    drop(listener);
    let mut trial = Trial::new(Kind::Local, gone.port()).peer(gone);
    assert!(!trial.run(run).await);
    assert!(trial.text("http", NAMED_HEALTH, "outcome").starts_with("not measured: blocked"));
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_named() {
    let deep = answer("200 OK", JSON, &"[".repeat(300));
    for (bytes, status, flaw) in [
        (deep, "200", "deep-json"),
        (answer("302 Found", "Location: /health\r\n", ""), "302", "leads-to-itself"),
        (answer("302 Found", "Location: /health/\r\n", ""), "302", "absent"),
        (answer("200 OK", "Location: /health\r\n", ""), "200", "absent"),
        (String::from("HTTP/1.1 502 X\r\nno colon\r\n\r\n"), "502", "bad-head"),
    ] {
        let (mut trial, _heard) = trial(bytes.clone()).await;
        trial.run(run).await;
        let told = ["status", "flaw"].map(|field| trial.text("http", NAMED_HEALTH, field));
        assert_eq!(told, [status, flaw], "{}", &bytes[..40]);
    }
}
