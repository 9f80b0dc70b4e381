use std::time::Duration;

use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, error::ProtocolError};

use super::*;

/// What a client hears that asks a peer with these bytes, up to 64 KiB, and no longer than it takes a peer that goes on to go on.
async fn heard(options: &str, asked: &str) -> String {
    heard_within(Duration::from_millis(300), options, asked).await
}

async fn heard_within(patience: Duration, options: &str, asked: &str) -> String {
    let (port, serving) = standing(options).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut stream = stream.take(65_536);
    let _ = tokio::time::timeout(patience, stream.read_to_end(&mut bytes)).await;
    serving.abort();
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn standing(options: &str) -> (u16, tokio::task::JoinHandle<()>) {
    let options: Options = toml::from_str(options).unwrap();
    let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
    (front.port, tokio::spawn(serve(options, front, None)))
}

/// The longest a busy machine may take for 64 KiB; they end the wait.
const ENDLESS: Duration = Duration::from_secs(30);

const HEALTH: &str = "GET /health HTTP/1.1\r\nHost: gw\r\n\r\n";
const UPGRADE: &str =
    "GET / HTTP/1.1\r\nHost: gw\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhl\r\n\r\n";

#[tokio::test]
async fn what_has_no_end_has_none() {
    for (what, asked) in
        [("endless-headers", HEALTH), ("endless-hints", HEALTH), ("endless-body", HEALTH), ("ping-flood", UPGRADE)]
    {
        // A byte that is no text counts for more than one here.
        assert!(heard_within(ENDLESS, &format!("what = '{what}'"), asked).await.len() >= 65_536, "{what}");
    }
}

#[tokio::test]
async fn a_redirect_leads_to_where_it_was_asked() {
    assert!(heard("what = 'redirect-loop'", HEALTH).await.contains("Location: http://gw/health\r\n"));
}

#[tokio::test]
async fn harm_by_frames_begins_after_healthy_steps() {
    assert!(heard("what = 'bad-text'", HEALTH).await.ends_with(r#"{"ok":true,"status":"live"}"#));
    let at_once = heard("what = 'deep-frame'", UPGRADE).await;
    assert!(at_once.starts_with("HTTP/1.1 101 ") && at_once.ends_with("[[["), "{}", &at_once[..80]);
    let later = heard("what = 'deep-frame'\nat = 'connect'", UPGRADE).await;
    assert!(later.contains("nonce") && !later.contains("[[["), "{later}");
}

#[tokio::test]
async fn the_port_is_closed_once_a_request_was_answered() {
    let (port, serving) = standing("what = 'port-closes'").await;
    for asked in ["", HEALTH] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.is_empty(), asked.is_empty());
    }
    serving.await.unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

#[tokio::test]
async fn masked_frames_are_whole_but_for_their_mask() {
    let (near, mut far) = tokio::io::duplex(1_024);
    far.write_all(&frames::masked(b"challenge")).await.unwrap();
    let mut socket = tokio_tungstenite::WebSocketStream::from_raw_socket(near, Role::Server, None).await;
    assert_eq!(futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap().to_text().unwrap(), "challenge");
}

#[tokio::test]
async fn a_compressed_frame_is_one_that_was_not_agreed_on() {
    let (near, mut far) = tokio::io::duplex(2 << 20);
    far.write_all(&frames::frame(frames::COMPRESSED, &bomb::gigabyte())).await.unwrap();
    let mut socket = tokio_tungstenite::WebSocketStream::from_raw_socket(near, Role::Client, None).await;
    let error = futures_util::StreamExt::next(&mut socket).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Protocol(ProtocolError::NonZeroReservedBits)), "{error}");
}
