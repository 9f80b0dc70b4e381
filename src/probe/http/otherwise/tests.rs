use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::path::Kind;
use crate::probe::http;
use crate::probe::trial::{Trial, answer, answering, head, peer};
use crate::secret::Secret;

const LIVE: &str = "{\"ok\":true,\"status\":\"live\"}";
const NOT_FOUND: &str = "404 page not found\n";
const OTHERWISE: &[(&str, &str)] = &[("probe", "otherwise"), ("address", "named")];

async fn asked(trial: &mut Trial) -> bool {
    trial.run(http::run).await;
    trial.step.with.insert("probe".into(), "otherwise".into());
    trial.run(http::run).await;
    !trial.rows("http").iter().all(|row| row.key("probe").is_some_and(|p| p.to_string() != "otherwise"))
}

#[tokio::test]
async fn a_strangers_answer_makes_the_other_scheme_worth_a_try_and_a_gateways_does_not() {
    for (status, body, tried) in [
        ("404 Not Found", NOT_FOUND, true),
        ("200 OK", LIVE, false),
        ("502 Bad Gateway", "Bad Gateway", false),
        // That a handshake tells.
        ("400 Bad Request", "The plain HTTP request was sent to HTTPS port", false),
    ] {
        let said = answer(status, "Content-Type: application/json\r\n", body);
        let at = peer(move |mut stream| {
            let said = said.clone();
            async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(said.as_bytes()).await;
            }
        });
        let at = at.await;
        let mut trial = Trial::new(Kind::Edge, at.port()).peer(at);
        assert_eq!(asked(&mut trial).await, tried, "{status}");
        if tried {
            // What answers in plain text speaks no TLS.
            assert_eq!(trial.text("http", OTHERWISE, "by"), "other-scheme");
            assert_eq!(trial.text("http", OTHERWISE, "outcome"), "garbage");
        }
    }
}

#[tokio::test]
async fn in_plain_text_nothing_of_the_users_own_goes_along() {
    let (at, mut heard) = answering(answer("200 OK", "Content-Type: application/json\r\n", LIVE)).await;
    let mut trial = Trial::new(Kind::Edge, at.port()).peer(at).with("probe", "otherwise");
    trial.way.endpoint.scheme = Scheme::Wss;
    trial.lane.otherwise = Some(By::OtherScheme);
    trial.target.headers = vec![(String::from("CF-Access-Client-Id"), Secret::new("planted-id"))];
    assert!(trial.run(http::run).await);
    assert_eq!(trial.text("http", OTHERWISE, "author"), "gateway");
    let head = heard.recv().await.unwrap();
    assert!(head.starts_with("GET /health HTTP/1.1\r\n") && !head.contains("planted-id"), "{head}");
}

/// Speaks HTTP/2 without TLS and nothing else, as Envoy with `codec_type: HTTP2`.
async fn deaf(stream: TcpStream) {
    let mut first = [0];
    if stream.peek(&mut first).await.is_ok() && first[0] != b'P' {
        return drop(head(&mut { stream }).await);
    }
    let live = |_: Request<Incoming>| async {
        let response = Response::builder().status(StatusCode::OK).header("content-type", "application/json");
        response.body(String::from(LIVE))
    };
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service_fn(live)).await;
}

#[tokio::test]
async fn an_edge_that_ends_plain_requests_without_a_word_is_asked_by_http_2() {
    let at = peer(deaf).await;
    let mut trial = Trial::new(Kind::Edge, at.port()).peer(at);
    assert!(asked(&mut trial).await);
    assert_eq!(trial.text("http", OTHERWISE, "by"), "http2");
    assert_eq!(trial.text("http", OTHERWISE, "outcome"), "answered");
    assert_eq!(trial.text("http", OTHERWISE, "author"), "gateway");
    let mut direct = Trial::new(Kind::Local, at.port()).peer(at);
    assert!(!asked(&mut direct).await, "a gateway speaks HTTP/1.1, and so does what took its port");
}

#[tokio::test]
async fn an_edge_that_answers_nothing_at_all_answers_nothing_by_http_2() {
    let (at, _heard) = answering("").await;
    let mut trial = Trial::new(Kind::Edge, at.port()).peer(at);
    assert!(asked(&mut trial).await);
    assert_eq!(trial.text("http", OTHERWISE, "outcome"), "garbage");
    let quiet = peer(|mut stream| async move { drop(stream.read_to_end(&mut Vec::new()).await) }).await;
    let mut trial = Trial::new(Kind::Edge, quiet.port()).peer(quiet).with("probe", "otherwise");
    trial.own = std::time::Duration::from_millis(60);
    trial.lane.otherwise = Some(By::Http2);
    assert!(trial.run(http::run).await);
    assert_eq!(trial.text("http", OTHERWISE, "outcome"), "silent");
}
