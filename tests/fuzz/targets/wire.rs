//! What a peer sends: frames, HTTP heads and answers, WebSocket.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use clawprobe::openclaw::challenge::Challenge;
use clawprobe::openclaw::frame::Frame;
use clawprobe::openclaw::hello::Hello;
use clawprobe::openclaw::limits::LARGEST_MESSAGE;
use clawprobe::openclaw::refusal::Refusal;
use clawprobe::probe::answer::Answer;
use clawprobe::probe::exchange::{Exchanged, MOST_BODY, exchange};
use clawprobe::probe::frames::{self, Came, told};
use clawprobe::probe::socket::Stream;
use clawprobe::reference::head::{Head, NoHead};
use http_body_util::Empty;
use serde_json::{Value, json};

use super::stream::{Peer, wait};
use super::{PLANTED, redactor};

/// A text frame: what is understood of it is written and understood again, and says nothing of the secret.
pub fn frame(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(frame) = Frame::read(text) else { return };
    let again = match &frame {
        Frame::Event { event, payload } => json!({"type": "event", "event": event, "payload": payload}),
        Frame::Answer { id, payload } => json!({"type": "res", "id": id, "ok": true, "payload": payload}),
        Frame::Refusal { id, refusal } => json!({"type": "res", "id": id, "ok": false, "error": error(refusal)}),
    };
    let again = Frame::read(&again.to_string()).expect("what was a frame is one when written again");
    match (&frame, &again) {
        (Frame::Event { event: a, .. }, Frame::Event { event: b, .. }) => {
            assert_eq!(a, b);
            let (challenge, same) = (Challenge::of(&frame), Challenge::of(&again));
            assert_eq!(challenge, same);
            assert!(challenge.is_none_or(|c| !c.nonce.is_empty() && c.ts.is_none_or(|ts| ts >= 0)));
        }
        (Frame::Answer { id: a, payload: x }, Frame::Answer { id: b, payload: y }) => {
            assert_eq!(a, b);
            assert_eq!(words(&Hello::read(x)), words(&Hello::read(y)));
        }
        (Frame::Refusal { id: a, refusal: x }, Frame::Refusal { id: b, refusal: y }) => {
            assert_eq!(a, b);
            assert_eq!(error(x), error(y));
            let shown = x.message.as_deref().map(|text| told(&redactor(), text, 200)).unwrap_or_default();
            assert!(shown.len() <= 200 && !shown.contains(PLANTED), "{shown}");
        }
        _ => panic!("{frame:?} became {again:?}"),
    }
}

/// An error object as the gateway would write it; the wait is left out, as a fraction of a millisecond need not survive.
fn error(refusal: &Refusal) -> Value {
    json!({"code": refusal.code, "message": refusal.message, "retryable": refusal.retryable, "details": {
        "code": refusal.detail, "reason": refusal.reason, "recommendedNextStep": refusal.next_step,
        "expectedProtocol": refusal.expected_protocol}})
}

/// What a hello says, without its times.
fn words(hello: &Hello) -> Value {
    assert!(hello.scopes.as_ref().is_none_or(|scopes| scopes.len() <= 32));
    json!([hello.protocol, hello.version, hello.boot_id, hello.scopes, hello.method, hello.max_payload])
}

/// The answer to a request, and what follows after a 101.
pub fn answer(data: &[u8]) {
    wait(async |deadline| {
        let (peer, heard) = Peer::of(data);
        let request =
            hyper::Request::get("/").header("host", "gw").header("connection", "upgrade").header("upgrade", "websocket");
        let exchanged =
            exchange(Box::new(peer.when_asked()), request.body(Empty::<Bytes>::new()).expect("a request"), &deadline).await;
        assert!(!exchanged.ran_out && heard.load(Ordering::Relaxed) < 1_000);
        assert!(exchanged.bytes <= data.len() as u64);
        tell(&exchanged);
        if let Some(stream) = exchanged.switched {
            converse(stream, data.len()).await;
        }
    });
}

/// Holds what is made of an answer to its bounds.
fn tell(exchanged: &Exchanged) {
    let Some(reply) = &exchanged.reply else { return };
    assert!(reply.body.len() <= MOST_BODY);
    let answer = Answer::read(reply, &redactor());
    let shown = format!("{answer:?}");
    assert!(!shown.contains(PLANTED), "{shown}");
    // Eight texts of at most 200 characters each; an escape of one character is ten bytes at most.
    assert!(shown.len() < 8 * 200 * 10 + 2_000, "{} bytes are told of one answer", shown.len());
}

/// The frames of a WebSocket, as the client reads them after its 101.
pub fn websocket(data: &[u8]) {
    wait(async |_| {
        let (peer, heard) = Peer::of(data);
        converse(Box::new(peer), data.len()).await;
        // A pong for each ping, and our own close: never much more than was said.
        assert!(
            heard.load(Ordering::Relaxed) <= 6 * data.len() + 16,
            "{} bytes in answer to {}",
            heard.load(Ordering::Relaxed),
            data.len()
        );
    });
}

/// Reads to the end, which must come, and takes its leave.
async fn converse(stream: Box<dyn Stream>, said: usize) {
    let mut frames = frames::over(stream).await;
    let mut bytes = 0;
    loop {
        match frames::next(&mut frames).await {
            Came::Text(text) => {
                assert!(text.len() <= LARGEST_MESSAGE);
                bytes += text.len();
                assert!(bytes <= said, "more text than bytes");
                let _ = Frame::read(&text);
            }
            Came::Bad(_) => break,
            Came::End(closing) => {
                let shown = closing.told(&redactor()).unwrap_or_default();
                assert!(shown.len() <= 125 && !shown.contains(PLANTED), "{shown}");
                break;
            }
        }
    }
    wait_for_leave(frames).await;
}

async fn wait_for_leave(frames: frames::Frames) {
    use clawprobe::clock::{self, Deadline};
    let second = std::time::Duration::from_secs(1);
    frames::leave(frames, &Deadline::new(second, clock::now() + second)).await;
}

/// The most of a head that is taken here.
const LIMIT: usize = 8 * 1024;

/// A head as the reference gateway and the fault edge read it: what was read is written and read again.
pub fn head(data: &[u8]) {
    wait(async |_| {
        let request = Head::request(&mut Peer::of(data).0, Vec::new(), LIMIT).await;
        if let Some(head) = read(request, data) {
            let mut written = Peer::of(&[&[0], head.bytes().as_slice()].concat()).0;
            let again =
                Head::request(&mut written, Vec::new(), LIMIT + data.len()).await.expect("a head that was read reads again");
            assert_eq!((&again.first, &again.lines), (&head.first, &head.lines));
            let _ = (head.method(), head.path(), head.upgrades());
        }
        let answer = Head::answer(&mut Peer::of(data).0, LIMIT).await;
        if let Some(head) = read(answer, data) {
            assert!(head.status().is_some(), "{head:?}");
        }
    });
}

fn read(head: Result<Head, NoHead>, data: &[u8]) -> Option<Head> {
    match head {
        Ok(head) => {
            let all: usize = head.lines.iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(all + head.first.len() <= 3 * data.len() + 64, "longer than what came");
            let rest = head.rest.as_slice();
            assert!(rest.is_empty() || data.windows(rest.len()).any(|part| part == rest), "what came after is what came");
            Some(head)
        }
        Err(NoHead::Junk(bytes)) => {
            assert!(bytes.len() <= data.len());
            None
        }
        Err(NoHead::Ended | NoHead::TooLong) => None,
    }
}
