//! What a scripted peer says, byte for byte.

use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::*;

/// What a peer with this one answer says to these bytes until it ends, and whether it ended within a second.
async fn says(answer: &str, asked: &str) -> (String, bool) {
    let answer: Answer = toml::from_str(answer).unwrap();
    let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
    let port = front.port;
    let serving = tokio::spawn(serve(Options { answer: vec![answer], ..Options::default() }, front, None));
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut heard)).await.is_ok();
    serving.abort();
    (String::from_utf8_lossy(&heard).into_owned(), ended)
}

const ASKED: &str = "GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n";
const UPGRADE: &str = "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test]
async fn an_answer_is_made_of_its_parts() {
    let (heard, ended) = says("to = '/x'\nstatus = '502 Bad Gateway'\nheaders = ['Server: a']\nbody = 'no'", ASKED).await;
    assert_eq!(heard, "HTTP/1.1 502 Bad Gateway\r\nServer: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    assert!(ended);
}

#[tokio::test]
async fn bytes_are_sent_as_given_and_silence_does_not_end() {
    assert_eq!(says("to = '*'\nraw = 'junk'", ASKED).await, ("junk".into(), true));
    assert_eq!(says("to = '*'\nraw = 'junk'\nend = 'silence'", ASKED).await, ("junk".into(), false));
}

#[tokio::test]
async fn what_fits_none_ends_and_an_accepted_connection_may_end_unasked() {
    assert_eq!(says("to = '/other'", ASKED).await, (String::new(), true));
    assert_eq!(says("to = 'accept'", "").await, (String::new(), true));
    assert_eq!(says("to = 'accept'\nraw = 'SSH-2.0-x'", "").await, ("SSH-2.0-x".into(), true));
}

#[tokio::test]
async fn an_upgrade_is_switched_with_the_key_of_the_rfc_and_frames_follow() {
    let (heard, ended) = says("to = 'upgrade'\nframes = ['challenge', 'text:hi', 'close:1012:again']", UPGRADE).await;
    assert!(heard.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{heard}");
    assert!(heard.contains("connect.challenge") && heard.contains("hi") && heard.ends_with("again"), "{heard}");
    assert!(!ended, "a close frame is to be answered first");
    assert_eq!(says("to = '*'", UPGRADE.replace("Upgrade: w", "X: w").as_str()).await.0.get(..15), Some("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_relay_hands_on_bytes_and_both_ends() {
    let far = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = far.local_addr().unwrap().to_string();
    let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
    let port = front.port;
    let serving = tokio::spawn(serve(Options { relay: Some(to), ..Options::default() }, front, None));
    let mut near = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    near.write_all(b"there").await.unwrap();
    near.shutdown().await.unwrap();
    let (mut beyond, _) = far.accept().await.unwrap();
    let mut heard = String::new();
    beyond.read_to_string(&mut heard).await.unwrap();
    beyond.write_all(b"and back").await.unwrap();
    drop(beyond);
    near.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "thereand back");
    serving.abort();
}
