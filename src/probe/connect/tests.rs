use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::facts::Row;
use crate::path::Kind;
use crate::probe::bench::{Act, Bench, SECRET, close, frame, peer, row, shown, switch, text};
use crate::probe::{challenge, upgrade};

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n-1","ts":1}}"#;

async fn ready(mut bench: Bench) -> Bench {
    assert!(upgrade::run(&mut bench.ask(2_000)).await.succeeded);
    assert!(challenge::run(&mut bench.ask(2_000)).await.succeeded);
    bench
}

async fn bench(after: Vec<Act>) -> Bench {
    let script = [vec![Act::Head, switch(), text(CHALLENGE), Act::Any], after].concat();
    ready(Bench::new(Kind::Local, peer(script).await)).await
}

async fn seen(after: Vec<Act>) -> Row {
    let mut bench = bench(after).await;
    let done = run(&mut bench.ask(500)).await;
    let row = row(&done.sheets).clone();
    assert_eq!(done.succeeded, shown(&row, "outcome") == "accepted");
    assert!(bench.lane.websocket.is_none());
    assert_eq!(bench.sockets.available_permits(), 4);
    row
}

fn are(row: &Row, expected: &[(&str, &str)]) {
    for (field, value) in expected {
        assert_eq!(shown(row, field), *value, "{field}");
    }
}

fn refusal(error: &str) -> Act {
    text(&format!(r#"{{"type":"res","id":"1","ok":false,"error":{error}}}"#))
}

#[tokio::test]
async fn a_hello_is_read_and_we_end_it() {
    let hello = r#"{"type":"res","id":"1","ok":true,"payload":{"type":"hello-ok","protocol":4,
        "server":{"version":"2026.9.6","bootId":"b-1"},"snapshot":{"uptimeMs":1500},
        "auth":{"method":"password","scopes":["operator.read","x"]},"policy":{"maxPayload":26214400,"tickIntervalMs":30000}}}"#;
    let row = seen(vec![text(r#"{"type":"event","event":"health","payload":{}}"#), text(hello), Act::Hold]).await;
    are(
        &row,
        &[
            ("outcome", "accepted"),
            ("slot", "token"),
            ("server-mode", "password"),
            ("protocol", "4"),
            ("version", "2026.9.6"),
            ("scopes", "operator.read x"),
            ("auth-method", "password"),
            ("tick-interval", "30 s"),
            ("max-payload", "26214400"),
            ("boot-id", "b-1"),
            ("uptime", "1.5 s"),
            ("death", "ours"),
            ("close-code", "-"),
            ("error-code", "-"),
        ],
    );
}

#[tokio::test]
async fn an_old_hello_leaves_cells_absent() {
    let hello = r#"{"type":"res","id":"1","ok":true,"payload":{"type":"hello-ok","protocol":3,"server":{"version":"dev"}}}"#;
    let row = seen(vec![text(hello), Act::Hold]).await;
    are(&row, &[("outcome", "accepted"), ("version", "dev"), ("server-mode", "-"), ("scopes", "-"), ("boot-id", "-")]);
}

#[tokio::test]
async fn a_refusal_waits_for_its_close_frame() {
    let error = r#"{"code":"INVALID_REQUEST","message":"unauthorized: gateway token mismatch","details":
        {"code":"AUTH_TOKEN_MISMATCH","reason":"r","recommendedNextStep":"update_auth_credentials"}}"#;
    let row = seen(vec![refusal(error), close(1008, "unauthorized"), Act::Hold]).await;
    are(
        &row,
        &[
            ("outcome", "refused"),
            ("server-mode", "token"),
            ("error-code", "INVALID_REQUEST"),
            ("detail-code", "AUTH_TOKEN_MISMATCH"),
            ("reason", "r"),
            ("next-step", "update_auth_credentials"),
            ("close-code", "1008"),
            ("close-reason", "unauthorized"),
            ("death", "close-frame"),
            ("retryable", "-"),
            ("version", "-"),
        ],
    );
}

#[tokio::test]
async fn every_manner_of_death_after_a_refusal_is_told() {
    let bare = || refusal(r#"{"code":"NOT_PAIRED","message":"device identity required"}"#);
    for (end, death) in [(vec![bare(), Act::Hold], "ours"), (vec![bare()], "fin"), (vec![bare(), Act::Reset], "reset")] {
        let row = seen(end).await;
        are(&row, &[("outcome", "refused"), ("death", death), ("detail-code", "-"), ("close-code", "-")]);
    }
}

#[tokio::test]
async fn a_starting_gateway_says_when_to_come_back() {
    let error = r#"{"code":"UNAVAILABLE","message":"gateway starting; retry shortly","retryable":true,"retryAfterMs":500,
        "details":{"reason":"startup-sidecars"}}"#;
    let row = seen(vec![refusal(error), close(1013, "gateway starting")]).await;
    are(&row, &[("retryable", "true"), ("retry-after", "500 ms"), ("reason", "startup-sidecars"), ("close-code", "1013")]);
}

#[tokio::test]
async fn a_protocol_mismatch_names_what_is_expected() {
    let error = r#"{"code":"INVALID_REQUEST","message":"protocol mismatch",
        "details":{"code":"PROTOCOL_MISMATCH","expectedProtocol":5}}"#;
    let row = seen(vec![refusal(error), close(1002, "protocol mismatch")]).await;
    are(&row, &[("expected-protocol", "5"), ("close-code", "1002"), ("server-mode", "-")]);
}

#[tokio::test]
async fn an_end_without_a_response_is_closed() {
    for (end, death, code) in [
        (vec![close(1000, ""), Act::Hold], "close-frame", "1000"),
        (vec![], "fin", "-"),
        (vec![Act::Reset], "reset", "-"),
        (vec![frame(3, b"?"), Act::Hold], "ours", "-"),
    ] {
        are(&seen(end).await, &[("outcome", "closed"), ("death", death), ("close-code", code), ("after", "-")]);
    }
}

#[tokio::test]
async fn what_is_no_response_to_us_is_silence() {
    for other in [r#"{"type":"res","id":"2","ok":true,"payload":{}}"#, r#"{"type":"req","id":"1"}"#] {
        are(&seen(vec![text(other), Act::Hold]).await, &[("outcome", "silent"), ("death", "ours"), ("flaw", "-")]);
    }
    for (other, flaw) in [(frame(9, b"?"), "only-pings"), (Act::Say(vec![0x01, 1, b'{']), "unfinished")] {
        are(&seen(vec![other, Act::Hold]).await, &[("outcome", "silent"), ("death", "ours"), ("flaw", flaw)]);
    }
    let mut bench = bench(vec![Act::Hold]).await;
    let done = run(&mut bench.ask_within(5_000, 100)).await;
    are(row(&done.sheets), &[("outcome", "?deadline")]);
}

#[tokio::test]
async fn what_no_gateway_says_ends_it_and_is_named() {
    let deep = "[".repeat(300);
    for (bad, flaw) in [
        (text("echo"), "not-json"),
        (text(&deep), "deep-json"),
        (frame(1, &[0xff, 0xfe]), "not-utf8"),
        (frame(3, b"?"), "bad-opcode"),
        (Act::Say(vec![0xc1, 1, 0]), "compressed"),
        (Act::Say(vec![0x80, 1, b'{']), "bad-fragments"),
        (Act::Say(vec![0x09, 0]), "bad-control"),
    ] {
        are(&seen(vec![bad, Act::Hold]).await, &[("outcome", "closed"), ("death", "ours"), ("flaw", flaw)]);
    }
}

#[tokio::test]
async fn hostile_texts_are_cut_and_redacted() {
    let error = format!(r#"{{"code":"{}","message":"{SECRET} {}"}}"#, "é".repeat(500), "ü".repeat(9_000));
    let row = seen(vec![refusal(&error), Act::Hold]).await;
    let message = shown(&row, "message");
    assert!(message.starts_with("secret:") && message.len() <= 200, "{message}");
    assert!(shown(&row, "error-code").len() <= 96);
}

#[tokio::test]
async fn without_credential_or_challenge_nothing_is_sent() {
    let mut none = bench(vec![Act::Hold]).await;
    none.target.credential.secret = None;
    are(row(&run(&mut none.ask(500)).await.sheets), &[("outcome", "?no-credential")]);
    let mut early = bench(vec![Act::Hold]).await;
    early.lane.websocket.as_mut().unwrap().challenge = None;
    are(row(&run(&mut early.ask(500)).await.sheets), &[("outcome", "?blocked")]);
    let mut kept = bench(vec![Act::Hold]).await;
    kept.step.credential = false;
    are(row(&run(&mut kept.ask(500)).await.sheets), &[("outcome", "?withheld")]);
}

/// A gateway as the library speaks it: hands out what `connect` asked for, and how the client ended.
async fn heard(credential: Option<&str>) -> (serde_json::Value, Option<tokio_tungstenite::tungstenite::Message>) {
    use futures_util::StreamExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut frames = tokio_tungstenite::accept_async(listener.accept().await.unwrap().0).await.unwrap();
        frames.send(Message::text(CHALLENGE)).await.unwrap();
        let request = frames.next().await.unwrap().unwrap();
        frames.send(Message::text(r#"{"type":"res","id":"1","ok":true,"payload":{}}"#)).await.unwrap();
        (serde_json::from_str(request.to_text().unwrap()).unwrap(), frames.next().await.and_then(Result::ok))
    });
    let mut bench = Bench::new(Kind::Local, at);
    if let Some(credential) = credential {
        bench = bench.with("credential", credential);
    }
    let mut bench = ready(bench).await;
    assert!(run(&mut bench.ask(2_000)).await.succeeded);
    server.await.unwrap()
}

#[tokio::test]
async fn the_secret_is_sent_once_and_the_end_is_polite() {
    let (request, end) = heard(None).await;
    assert_eq!(request["params"]["auth"], serde_json::json!({"token": SECRET}));
    assert_eq!(end, Some(Message::Close(None)));
}

#[tokio::test]
async fn no_secret_is_sent_where_none_is_meant() {
    let (request, _) = heard(Some("none")).await;
    assert!(request["params"].get("auth").is_none());
}
