use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::Source;
use crate::facts::tables::upgrade::As;
use crate::path::Kind;
use crate::probe::upgrade::request;
use crate::target::{Endpoint, Way};

/// `SETTINGS_ENABLE_CONNECT_PROTOCOL = 1` (RFC 8441, 3).
pub const ENABLED: &[u8] = &[0, 8, 0, 0, 0, 1];

/// HPACK's static entry `:status: 200`, and a literal 400.
pub const STATUS_200: &[u8] = &[0x88];
const STATUS_400: &[u8] = &[0x8c];

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Speaks just enough HTTP/2: settings, and one answer per request in order; `None` resets the stream.
pub async fn serve(mut stream: impl Stream, settings: &[u8], answers: &[Option<&[u8]>]) {
    stream.write_all(&frame(4, 0, 0, settings)).await.unwrap();
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let mut answers = answers.iter();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        let reply = match (head[3], head[4] & 1) {
            (4, 0) => frame(4, 1, 0, &[]),
            (1, end) => match answers.next() {
                Some(Some(block)) => frame(1, 4 | end, head[8], block),
                Some(None) => frame(3, 0, head[8], &[0, 0, 0, 1]),
                None => return,
            },
            _ => continue,
        };
        let _ = stream.write_all(&reply).await;
    }
}

async fn asked(settings: &'static [u8], answers: &'static [Option<&'static [u8]>]) -> Extended {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { serve(listener.accept().await.unwrap().0, settings, answers).await });
    asked_at(at).await
}

async fn asked_at(at: std::net::SocketAddr) -> Extended {
    let endpoint = Endpoint { scheme: Scheme::Wss, host: "gw.example".into(), port: 443, path: "/".into(), query: None };
    let way =
        Way { name: "edge".into(), kind: Kind::Edge, endpoint, origin: Source::Flag, place: "--edge".into(), vouches: false };
    let first = request::settling(&way, "/health").unwrap();
    let request = request::extended(&way, As::Browser, &[]).unwrap();
    let deadline = Deadline::new(Duration::from_millis(500), clock::now() + Duration::from_secs(60));
    extended(Box::new(TcpStream::connect(at).await.unwrap()), first, request, &deadline).await
}

fn status(extended: &Extended) -> Option<u16> {
    let Extended::Answered(exchanged) = extended else { panic!("not asked for") };
    exchanged.reply.as_ref().map(|reply| reply.status)
}

#[tokio::test]
async fn a_peer_that_speaks_rfc_8441_switches() {
    assert_eq!(status(&asked(ENABLED, &[Some(STATUS_200), Some(STATUS_200)]).await), Some(200));
}

#[tokio::test]
async fn a_refusal_is_read() {
    assert_eq!(status(&asked(ENABLED, &[Some(STATUS_200), Some(STATUS_400)]).await), Some(400));
}

#[tokio::test]
async fn without_the_setting_nothing_is_asked() {
    assert!(matches!(asked(&[], &[Some(STATUS_200), Some(STATUS_200)]).await, Extended::NotOffered));
}

#[tokio::test]
async fn a_reset_stream_and_an_end_are_no_answer() {
    for (answers, settles) in [(&[Some(STATUS_200), None][..], true), (&[Some(STATUS_200)], true), (&[None], false), (&[], false)]
    {
        let exchanged = match asked(ENABLED, answers).await {
            Extended::Answered(exchanged) if settles => exchanged,
            Extended::Broken(exchanged) if !settles => exchanged,
            _ => panic!("{answers:?}"),
        };
        assert!(exchanged.reply.is_none() && !exchanged.ran_out);
        assert_eq!(exchanged.outcome, Exchange::ClosedEmpty);
    }
}

#[tokio::test]
async fn a_peer_that_is_only_slow_is_not_broken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let Extended::Late(exchanged) = asked_at(listener.local_addr().unwrap()).await else { panic!("told more than silence") };
    assert!(exchanged.ran_out && exchanged.outcome == Exchange::Silent);
}
