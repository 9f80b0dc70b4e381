use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use tokio_tungstenite::tungstenite;

use super::*;
use crate::path::Kind;
use crate::probe::bench::{Act, Bench, frame, peer, row, shown, switch, text};

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

#[tokio::test]
async fn a_frame_that_is_not_taken_is_no_end_of_the_connection() {
    let too_long = [&[0x82, 127][..], &(8_u64 << 20).to_be_bytes()].concat();
    for bad in [frame(2, &[0xc3, 0x28]), frame(1, &[0xff]), Act::Say(too_long)] {
        let at = peer(vec![Act::Head, switch(), text(CHALLENGE), bad, Act::Hold]).await;
        let mut bench = Bench::new(Kind::Edge, at).with("pattern", "silent");
        let done = run(&mut bench.ask(3_000)).await;
        assert_eq!(shown(row(&done.sheets[..1]), "fate"), "unreadable");
    }
}

/// A peer that sends each connection its challenge, and answers pings if it is `awake`; it tells of whatever is said.
fn doorman(awake: bool) -> (SocketAddr, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let tell = tell.clone();
            std::thread::spawn(move || {
                let mut socket = tungstenite::accept(stream).unwrap();
                socket.send(CHALLENGE.into()).unwrap();
                // Asleep it hears and never answers.
                let mut hear = || match awake {
                    true => socket.read().is_ok(),
                    false => socket.get_mut().read(&mut [0; 64]).is_ok_and(|n| n > 0),
                };
                while hear() {
                    let _ = tell.send(());
                }
            });
        }
    });
    (address, told)
}

/// A peer that ends a connection in order the moment it is spoken to.
fn crossing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut socket = tungstenite::accept(stream).unwrap();
            socket.send(CHALLENGE.into()).unwrap();
            let spoken = socket.get_mut().read(&mut [0; 64]).unwrap();
            assert!(spoken > 0);
        }
    });
    address
}

#[tokio::test]
async fn a_ping_that_crosses_the_end_did_not_break_the_silence() {
    let mut bench = Bench::new(Kind::Edge, crossing()).with("pattern", "silent");
    let done = run(&mut bench.ask(3_000)).await;
    let row = row(&done.sheets[..1]);
    assert_eq!(shown(row, "fate"), "fin");
    let idle = |side: &str| match row.cell(side).and_then(Cell::get) {
        Some(Value::Ms(ms)) => *ms,
        other => panic!("{side}: {other:?}"),
    };
    assert!(idle("idle-client") > 500.0 && idle("idle-server") > 500.0, "{row:?}");
}

/// Holds connections, and is interrupted as soon as those that speak do so, a second after all were begun.
async fn interrupted(awake: bool) -> Sheet {
    let (at, told) = doorman(awake);
    let mut bench = Bench::new(Kind::Edge, at);
    let stop = bench.stopped.clone();
    std::thread::spawn(move || {
        told.recv().unwrap();
        stop.send_replace(true);
    });
    let done = tokio::time::timeout(Duration::from_secs(10), run(&mut bench.ask(60_000))).await.expect("it ends");
    done.sheets.into_iter().next().unwrap()
}

#[tokio::test]
async fn what_is_alive_when_somebody_interrupts_is_handed_over_as_such() {
    let hold = interrupted(true).await;
    assert_eq!(hold.state, SheetState::Incomplete(Reason::Interrupted.into()));
    let fates: Vec<String> = hold.rows.iter().map(|row| shown(row, "fate")).collect();
    assert_eq!(fates, ["survived"; PLACES]);
}

#[tokio::test]
async fn whoever_does_not_answer_in_the_little_time_that_is_left_neither_lives_nor_is_dead() {
    let hold = interrupted(false).await;
    assert_eq!((hold.rows.len(), hold.state), (0, SheetState::Incomplete(Reason::Interrupted.into())));
}
