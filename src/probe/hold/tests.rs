use std::io::Write;
use std::net::{SocketAddr, TcpListener};

use tokio_tungstenite::tungstenite;

use super::*;
use crate::path::Kind;
use crate::probe::bench::{Bench, row, shown};

const CHALLENGE: &str = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n-1","ts":1}}"#;

/// A peer on a thread of its own that sends a head and then the same frame as fast as it is read, and reads every answer, until
/// nobody reads any more.
fn flood(head: &'static [u8], frame: [u8; 2]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut socket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
        socket.send(CHALLENGE.into()).unwrap();
        let mut answers = socket.get_ref().try_clone().unwrap();
        std::thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
        let _ = socket.get_mut().write_all(head);
        let frames = frame.repeat(1 << 15);
        while socket.get_mut().write_all(&frames).is_ok() {}
    });
    address
}

#[tokio::test]
async fn whoever_never_stops_pinging_does_not_keep_the_probe() {
    let mut bench = Bench::new(Kind::Edge, flood(&[], [0x89, 0])).with("pattern", "silent");
    let done = tokio::time::timeout(Duration::from_secs(5), run(&mut bench.ask(3_000))).await.expect("it ends");
    assert_eq!(shown(row(&done.sheets[..1]), "fate"), "no-pong");
}

#[tokio::test]
async fn a_message_of_empty_fragments_without_end_does_not_keep_the_probe() {
    let mut bench = Bench::new(Kind::Edge, flood(&[0x01, 0], [0, 0])).with("pattern", "silent");
    let done = tokio::time::timeout(Duration::from_secs(5), run(&mut bench.ask(3_000))).await.expect("it ends");
    assert_eq!(shown(row(&done.sheets[..1]), "fate"), "no-pong");
}
