//! HTTP/2 in front of the edge.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2::{self, SendRequest};
use hyper::ext::Protocol;
use hyper::{Method, Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::tls::{believer, shake};
use super::*;

type Sender = SendRequest<Empty<Bytes>>;

/// An HTTP/2 connection whose peer's settings are known, and whether they allow extended CONNECT.
async fn connect(lab: &Lab) -> (Sender, bool) {
    let stream = shake(lab, "localhost", believer(&lab.authority, false, &["h2"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let mut connection = Box::pin(connection);
    let settled = sender.send_request(get());
    let first = tokio::select! { answer = settled => answer.is_ok(), _ = &mut connection => false };
    let extended = first && connection.is_extended_connect_protocol_enabled();
    tokio::spawn(connection);
    (sender, extended)
}

fn get() -> Request<Empty<Bytes>> {
    Request::get("https://localhost/health").body(Empty::new()).unwrap()
}

async fn websocket(sender: &mut Sender) -> hyper::Result<Response<Incoming>> {
    let request = Request::builder().method(Method::CONNECT).uri("https://localhost/");
    let request = request.extension(Protocol::from_static("websocket")).header("sec-websocket-version", "13");
    sender.send_request(request.body(Empty::new()).unwrap()).await
}

fn front(h2: &str, more: &str) -> Options {
    with(&format!("tls = 'trusted'\nh2 = '{h2}'\n{more}"))
}

#[tokio::test]
async fn http_2_is_not_chosen_where_it_is_off() {
    let lab = Lab::new(front("off", "")).await;
    let stream = shake(&lab, "localhost", believer(&lab.authority, false, &["h2", "http/1.1"])).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
}

#[tokio::test]
async fn requests_come_through_without_a_word_of_the_connection() {
    let mut lab = Lab::new(front("on", "product = 'envoy'")).await;
    let (mut sender, extended) = connect(&lab).await;
    assert!(!extended, "RFC 8441 is not offered");
    lab.head().await;
    let answer = sender.send_request(get()).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers().get("connection")), (200, None));
    assert_eq!(answer.headers()["server"], "envoy");
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), r#"{"ok":true,"status":"live"}"#);
    let head = lab.head().await;
    assert_eq!((head.get("host"), head.get("x-forwarded-for")), (Some("localhost"), Some("192.0.2.10")));
    assert_eq!((head.path(), head.get("x-forwarded-proto")), ("/health", Some("https")));
}

#[tokio::test]
async fn an_extended_connect_is_an_upgrade_with_a_key_of_its_own() {
    let mut lab = Lab::new(front("connect", "")).await;
    let (mut sender, extended) = connect(&lab).await;
    assert!(extended);
    lab.head().await;
    let answer = websocket(&mut sender).await.unwrap();
    assert_eq!(answer.status(), 200);
    let head = lab.head().await;
    assert!(head.upgrades() && head.get("sec-websocket-key").is_some_and(|key| key.len() == 24));
    let mut stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    assert!(echoes(&mut stream).await);
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the gateway's end comes through");
}

#[tokio::test]
async fn a_keyless_edge_hands_on_no_key() {
    let mut lab = Lab::new(front("keyless", "")).await;
    let (mut sender, extended) = connect(&lab).await;
    assert!(extended);
    lab.head().await;
    let _ = websocket(&mut sender).await.unwrap();
    let head = lab.head().await;
    assert!(head.upgrades() && head.get("sec-websocket-key").is_none());
}

#[tokio::test]
async fn a_broken_edge_resets_every_stream_and_serves_http_1() {
    let lab = Lab::new(front("broken", "")).await;
    let (mut sender, _) = connect(&lab).await;
    assert!(sender.send_request(get()).await.is_err());
    let mut stream = shake(&lab, "localhost", believer(&lab.authority, false, &["http/1.1"])).await.unwrap();
    assert_eq!(answer(&mut stream, GET).await.status(), Some(200));
}

#[tokio::test]
async fn http_1_is_refused_in_the_handshake_answered_with_frames_or_ended() {
    let lab = Lab::new(front("on", "http1 = 'refused'")).await;
    assert!(shake(&lab, "localhost", believer(&lab.authority, false, &["http/1.1"])).await.is_err());
    // What is wanted of each: the first bytes of a server's SETTINGS, which is a frame of kind 4, or none.
    for (how, kind) in [("frames", Some(4)), ("closed", None)] {
        let lab = Lab::new(front("on", &format!("http1 = '{how}'"))).await;
        let mut stream = shake(&lab, "localhost", believer(&lab.authority, false, &["http/1.1"])).await.unwrap();
        stream.write_all(GET.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // hyper ends its side without saying so in TLS.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer.get(3).copied(), kind, "{how}: {answer:?}");
        let (mut sender, _) = connect(&lab).await;
        assert!(sender.send_request(get()).await.is_ok(), "{how}");
    }
}

#[tokio::test]
async fn the_switches_work_on_streams_too() {
    for (more, status) in [
        ("upgrade = 'dropped'", 502),
        ("sites = ['other.example']\nproduct = 'nginx'", 404),
        ("[[answer]]\nto = 'upgrade'\nstatus = '403 Forbidden'", 403),
        ("[[answer]]\nto = 'upgrade'\nstatus = '418 Teapot'\nheaders = ['X-Own: 1']\nbody = 'x'", 418),
    ] {
        let lab = Lab::new(front("connect", more)).await;
        let (mut sender, _) = connect(&lab).await;
        assert_eq!(websocket(&mut sender).await.unwrap().status(), status, "{more}");
    }
    for more in ["upgrade = 'held'", "buffers = true"] {
        let lab = Lab::new(front("connect", more)).await;
        let (mut sender, _) = connect(&lab).await;
        assert!(timeout(MOMENT, websocket(&mut sender)).await.is_err(), "{more}");
    }
}

#[tokio::test]
async fn a_timer_ends_a_stream_and_not_the_connection() {
    let lab = Lab::new(front("connect", "idle-ms = 50")).await;
    let (mut sender, _) = connect(&lab).await;
    let answer = websocket(&mut sender).await.unwrap();
    let mut stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(sender.send_request(get()).await.unwrap().status(), 200);
}
