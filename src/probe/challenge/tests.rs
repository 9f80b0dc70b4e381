use super::*;
use crate::path::Kind;
use crate::probe::bench::{Act, Bench, SECRET, close, frame, peer, row, say, shown, switch, text};
use crate::probe::upgrade;

/// The row, and whether a WebSocket with a challenge is left for the connect.
async fn seen(after: Vec<Act>) -> (Row, bool) {
    let script = [vec![Act::Head, switch()], after].concat();
    let mut bench = Bench::new(Kind::Local, peer(script).await);
    assert!(upgrade::run(&mut bench.ask(2_000)).await.succeeded);
    let done = run(&mut bench.ask(300)).await;
    assert_eq!(done.succeeded, bench.lane.websocket.is_some());
    (row(&done.sheets).clone(), done.succeeded)
}

fn challenge(ts: i64) -> Act {
    text(&format!(r#"{{"type":"event","event":"connect.challenge","payload":{{"nonce":"n-1","ts":{ts}}}}}"#))
}

#[tokio::test]
async fn a_challenge_is_received_and_its_nonce_is_no_fact() {
    let (row, left) = seen(vec![challenge(clock::wall_ms() + 3_600_000), Act::Hold]).await;
    assert!(left);
    assert_eq!(shown(&row, "outcome"), "received");
    let Some(Value::Ms(offset)) = row.cell("clock-offset").and_then(Cell::get) else { panic!("no offset") };
    assert!((offset - 3_600_000.0).abs() < 2_000.0, "{offset}");
    assert!(!format!("{row:?}").contains("n-1"));
}

#[tokio::test]
async fn a_ping_is_passed_over() {
    let (row, left) = seen(vec![frame(9, b"x"), challenge(1), Act::Hold]).await;
    assert!(left && shown(&row, "outcome") == "received");
}

#[tokio::test]
async fn another_first_frame_is_no_gateway() {
    let oversized = Act::Say(vec![0x81, 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    let pings = Act::Say([0x89, 0].repeat(300));
    for (first, flaw) in [
        (text("welcome"), "not-json"),
        (text(&"[".repeat(300)), "deep-json"),
        (text(r#"{"type":"event","event":"tick","payload":{}}"#), "foreign"),
        (text(r#"{"type":"event","event":"connect.challenge","payload":{}}"#), "foreign"),
        (frame(2, &[0xff, 0xfe]), "not-utf8"),
        (frame(1, &[0xff, 0xfe]), "not-utf8"),
        (frame(3, b"reserved opcode"), "bad-opcode"),
        (Act::Say(vec![0xff; 64]), "bad-opcode"),
        (Act::Say(vec![0xc1, 1, 0]), "compressed"),
        (Act::Say(vec![0x81, 0x85, 1, 2, 3, 4, 5, 6, 7, 8, 9]), "masked"),
        (Act::Say(vec![0x88, 1, 0]), "bad-control"),
        (oversized, "too-long"),
        (pings, "only-pings"),
    ] {
        let (row, left) = seen(vec![first, Act::Hold]).await;
        assert_eq!((shown(&row, "outcome").as_str(), left), ("other-frame", false));
        assert_eq!(shown(&row, "flaw"), flaw);
    }
}

#[tokio::test]
async fn an_end_before_the_challenge_has_its_code() {
    let (row, _) = seen(vec![close(1013, "gateway starting"), Act::Hold]).await;
    assert_eq!((shown(&row, "outcome"), shown(&row, "close-code")), ("closed".into(), "1013".into()));
    assert_eq!(shown(&row, "close-reason"), "gateway starting");
    let (row, _) = seen(vec![close(1008, SECRET), Act::Hold]).await;
    assert!(shown(&row, "close-reason").starts_with("secret:"));
    for end in [vec![], vec![Act::Reset], vec![frame(8, b""), Act::Hold]] {
        let (row, _) = seen(end).await;
        assert_eq!((shown(&row, "outcome"), shown(&row, "close-code")), ("closed".into(), "-".into()));
    }
}

#[tokio::test]
async fn silence_is_a_finding_only_within_the_probes_own_time() {
    let (row, left) = seen(vec![Act::Hold]).await;
    assert_eq!((shown(&row, "outcome").as_str(), left), ("silent", false));
    let mut bench = Bench::new(Kind::Local, peer(vec![Act::Head, switch(), Act::Hold]).await);
    upgrade::run(&mut bench.ask(2_000)).await;
    let done = run(&mut bench.ask_within(5_000, 100)).await;
    assert_eq!(shown(super::super::bench::row(&done.sheets), "outcome"), "?deadline");
}

#[tokio::test]
async fn half_a_frame_is_no_frame() {
    let (row, _) = seen(vec![say("\u{1}"), Act::Hold]).await;
    assert_eq!((shown(&row, "outcome"), shown(&row, "flaw")), ("silent".into(), "unfinished".into()));
    let (row, _) = seen(vec![frame(10, b"pong"), Act::Hold]).await;
    assert_eq!((shown(&row, "outcome"), shown(&row, "flaw")), ("silent".into(), "only-pings".into()));
}

#[tokio::test]
async fn without_a_websocket_it_is_blocked() {
    let mut bench = Bench::new(Kind::Local, "127.0.0.1:9".parse().unwrap());
    let done = run(&mut bench.ask(100)).await;
    assert_eq!(shown(row(&done.sheets), "outcome"), "?blocked");
}
