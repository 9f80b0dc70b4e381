use super::*;
use crate::path::Kind;
use crate::probe::bench::{Act, Bench, SECRET, peer, row, say, shown, switch};
use crate::secret::Secret;

/// What `run` says about a peer: outcome, status, arrived.
async fn asked(script: Vec<Act>) -> (String, String, String) {
    let mut bench = Bench::new(Kind::Lan, peer(script).await);
    let done = run(&mut bench.ask(300)).await;
    let row = row(&done.sheets);
    assert_eq!(done.succeeded, shown(row, "outcome") == "switched");
    (shown(row, "outcome"), shown(row, "status"), shown(row, "arrived"))
}

async fn expect(script: Vec<Act>, outcome: &str, status: &str, arrived: &str) {
    let seen = asked(script.clone()).await;
    assert_eq!((seen.0.as_str(), seen.1.as_str(), seen.2.as_str()), (outcome, status, arrived));
}

/// Headers that the gateway's HTTP side adds to everything (2026.9.6).
const HTTP_SIDE: &str = "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
    Permissions-Policy: camera=(), microphone=(self), geolocation=()\r\n";

const REFUSAL: &str = r#"{"error":{"message":"Proxy client attribution is required.","type":"proxy_attribution_required"}}"#;

fn answer(status: &str, headers: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![Act::Head, say(&format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}")), Act::Hold]
}

#[tokio::test]
async fn a_right_101_switches_and_stays_in_the_lane() {
    let mut bench = Bench::new(Kind::Local, peer(vec![Act::Head, switch(), Act::Hold]).await);
    let done = run(&mut bench.ask(2_000)).await;
    let row = row(&done.sheets);
    assert_eq!(shown(row, "outcome"), "switched");
    assert_eq!(shown(row, "arrived"), "yes");
    assert_eq!(shown(row, "headers"), "Upgrade Connection Sec-WebSocket-Accept");
    assert_eq!((shown(row, "body"), shown(row, "alpn")), ("-".into(), "-".into()));
    assert!(bench.lane.websocket.is_some());
    assert_eq!(bench.sockets.available_permits(), 3);
    bench.lane.websocket = None;
    assert_eq!(bench.sockets.available_permits(), 4);
}

#[tokio::test]
async fn a_browsers_upgrade_ends_at_once() {
    let mut bench = Bench::new(Kind::Local, peer(vec![Act::Head, switch(), Act::Hold]).await).with("as", "browser");
    let done = run(&mut bench.ask(2_000)).await;
    assert!(done.succeeded && bench.lane.websocket.is_none());
    assert_eq!(bench.sockets.available_permits(), 4);
}

#[tokio::test]
async fn a_101_without_the_right_key_is_no_switch() {
    let wrong =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
    expect(vec![Act::Head, say(wrong), Act::Hold], "bad-accept", "101", "unknown").await;
    expect(vec![Act::Head, say("HTTP/1.1 101 Switching Protocols\r\n\r\n"), Act::Hold], "bad-accept", "101", "unknown").await;
}

#[tokio::test]
async fn a_200_with_the_right_key_is_no_switch() {
    let key = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";
    expect(answer("200 OK", key, ""), "plain-answer", "200", "unknown").await;
}

#[tokio::test]
async fn a_plain_answer_tells_who_gave_it() {
    let page = "<!doctype html><html data-openclaw-control-ui-base-path=\"\"><body></body></html>";
    expect(answer("200 OK", "Content-Type: text/html\r\n", page), "plain-answer", "200", "no").await;
    expect(answer("200 OK", "Content-Type: text/html\r\n", "<html>hello</html>"), "plain-answer", "200", "unknown").await;
    expect(answer("301 Moved Permanently", "Location: https://gw.example/\r\n", ""), "redirected", "301", "unknown").await;
}

#[tokio::test]
async fn one_header_tells_where_the_upgrade_died() {
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    expect(answer("403 Forbidden", json, REFUSAL), "refused", "403", "yes").await;
    expect(answer("403 Forbidden", &format!("{HTTP_SIDE}{json}"), REFUSAL), "refused", "403", "no").await;
    let html = "Content-Type: text/html\r\n";
    expect(answer("400 Bad Request", html, "Missing or invalid Sec-WebSocket-Key header"), "bad-request", "400", "yes").await;
    let text = "Content-Type: text/plain; charset=utf-8\r\n";
    expect(answer("400 Bad Request", &format!("{HTTP_SIDE}{text}"), "Bad Request"), "bad-request", "400", "no").await;
    expect(answer("503 Service Unavailable", text, "Too many unauthenticated sockets"), "refused", "503", "yes").await;
    expect(answer("503 Service Unavailable", text, "Gateway websocket admission closed"), "refused", "503", "yes").await;
    expect(answer("403 Forbidden", "Server: envoy\r\n", ""), "refused", "403", "unknown").await;
}

#[tokio::test]
async fn no_answer_is_silent_or_closed() {
    expect(vec![Act::Head, Act::Hold], "silent", "-", "unknown").await;
    expect(vec![Act::Head, say("HTTP/1.1 10"), Act::Hold], "silent", "-", "unknown").await;
    expect(vec![Act::Head], "closed", "-", "unknown").await;
    expect(vec![Act::Head, say("HTTP/1.1 10")], "closed", "-", "unknown").await;
    expect(vec![Act::Head, Act::Reset], "closed", "-", "unknown").await;
    expect(vec![say("SSH-2.0-OpenSSH_9.2p1\r\n"), Act::Hold], "closed", "-", "unknown").await;
}

#[tokio::test]
async fn a_header_bomb_ends_early() {
    let bomb = format!("HTTP/1.1 200 OK\r\n{}", "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(40_000));
    expect(vec![Act::Head, say(&bomb), Act::Hold], "closed", "-", "unknown").await;
}

#[tokio::test]
async fn a_body_that_never_ends_costs_no_more_than_the_deadline() {
    let head = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\nbad";
    expect(vec![Act::Head, say(head), Act::Hold], "refused", "502", "unknown").await;
}

#[tokio::test]
async fn silence_until_the_end_of_the_run_is_not_measured() {
    let mut bench = Bench::new(Kind::Local, peer(vec![Act::Head, Act::Hold]).await);
    let done = run(&mut bench.ask_within(5_000, 100)).await;
    assert_eq!(shown(row(&done.sheets), "outcome"), "?deadline");
}

#[tokio::test]
async fn waiting_for_a_place_is_no_finding() {
    let mut bench = Bench::new(Kind::Local, peer(vec![]).await);
    let sockets = bench.sockets.clone();
    let _all = sockets.acquire_many(4).await.unwrap();
    let done = run(&mut bench.ask(50)).await;
    assert_eq!(shown(row(&done.sheets), "outcome"), "?deadline");
}

#[tokio::test]
async fn a_plain_way_has_no_row_with_h2() {
    let mut bench = Bench::new(Kind::Local, peer(vec![]).await).with("offer", "h2");
    let done = run(&mut bench.ask(1_000)).await;
    assert!(done.sheets[0].rows.is_empty());
}

#[tokio::test]
async fn a_peers_words_are_redacted() {
    let body = format!("no such token {SECRET}");
    let mut bench = Bench::new(Kind::Local, peer(answer("403 Forbidden", "Content-Type: text/plain\r\n", &body)).await);
    let done = run(&mut bench.ask(1_000)).await;
    let text = shown(row(&done.sheets), "text");
    assert!(text.starts_with("no such token secret:"), "{text}");
}

#[tokio::test]
async fn the_edges_own_headers_go_to_edges_only() {
    for (kind, peer, scheme, untrusted, sent) in [
        (Kind::Edge, "127.0.0.1:80", Scheme::Ws, false, 1),
        (Kind::Local, "127.0.0.1:80", Scheme::Ws, false, 0),
        (Kind::Edge, "203.0.113.9:80", Scheme::Ws, false, 0),
        (Kind::Edge, "10.0.0.9:80", Scheme::Ws, false, 1),
        (Kind::Edge, "100.64.0.9:80", Scheme::Ws, false, 1),
        (Kind::Local, "10.0.0.9:80", Scheme::Ws, false, 0),
        (Kind::Edge, "127.0.0.1:443", Scheme::Wss, true, 0),
        (Kind::Edge, "203.0.113.9:443", Scheme::Wss, false, 1),
        (Kind::Edge, "203.0.113.9:443", Scheme::Wss, true, 0),
    ] {
        let peer = peer.parse().unwrap();
        let mut bench = Bench::new(kind, peer);
        bench.target.headers = vec![("CF-Access-Client-Secret".into(), Secret::new("s"))];
        bench.way.endpoint.scheme = scheme;
        bench.lane.untrusted = untrusted;
        let way = bench.way.clone();
        assert_eq!(edge_headers(&bench.ask(1), &way, Some(peer)).len(), sent, "{kind} {peer} {scheme} {untrusted}");
    }
}

#[tokio::test]
async fn a_refusal_of_a_client_that_is_nobody_proves_nothing_about_an_edge() {
    // A right edge on this host, dialled from a loopback address: the gateway refuses, and must.
    let json = "Content-Type: application/json; charset=utf-8\r\n";
    let mut bench = Bench::new(Kind::Edge, peer(answer("403 Forbidden", json, REFUSAL)).await);
    let done = run(&mut bench.ask(1_000)).await;
    assert_eq!(shown(row(&done.sheets), "outcome"), "?unsupported");
}

/// A TLS edge that prefers HTTP/2 and has these settings there; its first connection and, if there is one, a second by HTTP/1.1.
async fn edge(settings: &'static [u8]) -> (Row, usize) {
    asked_of(settings, &["h2", "http/1.1"], "h2").await
}

/// The same with what its handshake takes and what is offered.
async fn asked_of(settings: &'static [u8], taken: &[&str], offer: &str) -> (Row, usize) {
    let key = rcgen::KeyPair::generate().unwrap();
    let leaf = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).unwrap().self_signed(&key).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = taken.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let (connected, mut connections) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            connected.send(()).unwrap();
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                let ok = Some(extended::tests::STATUS_200);
                extended::tests::serve(stream, settings, &[ok, ok]).await;
            } else {
                drop(tokio_tungstenite::accept_async(stream).await.unwrap());
            }
        }
    });
    let mut bench = Bench::new(Kind::Edge, at).with("offer", offer);
    bench.way.endpoint.scheme = Scheme::Wss;
    let done = run(&mut bench.ask(3_000)).await;
    assert!(bench.lane.websocket.is_none());
    assert_eq!(bench.sockets.available_permits(), 4);
    let mut count = 0;
    while connections.try_recv().is_ok() {
        count += 1;
    }
    (row(&done.sheets).clone(), count)
}

#[tokio::test]
async fn an_edge_with_rfc_8441_is_asked_by_http_2_alone() {
    let (row, connections) = edge(extended::tests::ENABLED).await;
    assert_eq!((shown(&row, "outcome"), shown(&row, "status")), ("switched".into(), "200".into()));
    assert_eq!((shown(&row, "alpn").as_str(), connections), ("h2", 1));
}

#[tokio::test]
async fn an_edge_without_rfc_8441_is_asked_again_as_a_browser_would() {
    let (row, connections) = edge(&[]).await;
    assert_eq!((shown(&row, "outcome"), shown(&row, "status")), ("switched".into(), "101".into()));
    assert_eq!((shown(&row, "alpn").as_str(), connections), ("h2", 2));
}

#[tokio::test]
async fn an_edge_that_takes_nothing_but_http_2_says_so_in_the_handshake() {
    for (offer, connections) in [("h2", 2), ("http1", 1)] {
        let (row, seen) = asked_of(&[], &["h2"], offer).await;
        assert_eq!((shown(&row, "outcome"), shown(&row, "fallback")), ("closed".into(), "refused".into()), "{offer}");
        assert_eq!(seen, connections, "{offer}");
    }
}
