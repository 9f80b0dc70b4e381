//! One HTTP/1.1 request over one connection, and how it ended.

mod flaw;

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::socket::Stream;
use super::tap::{End, Tap};
use crate::clock::{self, Deadline};
use crate::facts::tables::http::{Exchange, Flaw};

/// The most of a body that is read. Every body the gateway writes for a probe is below 1 KiB, its Control UI page below 20 KiB.
pub const MOST_BODY: usize = 64 * 1024;

/// The most of an answer that is kept raw, to read its header names as they were sent: hyper's own limit of 100 headers fits.
const MOST_HEAD: usize = 8 * 1024;

/// The read buffer of a connection; hyper's default grows to 400 KiB.
const BUFFER: usize = 16 * 1024;

/// An HTTP answer as received.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// Names of the headers as they were sent, in order.
    pub names: Vec<String>,
    /// The body, at most [`MOST_BODY`] of it.
    pub body: Vec<u8>,
    /// Whether more of it came.
    pub longer: bool,
    /// Whether it came over HTTP/2, where every name is in lower case.
    pub http2: bool,
}

impl Reply {
    /// A header as text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }
}

/// How a request ended.
pub struct Exchanged {
    /// In one word.
    pub outcome: Exchange,
    /// What was wrong with the answer, as far as the bytes alone show it.
    pub flaw: Option<Flaw>,
    /// The status, also of a head that did not come whole or does not parse.
    pub status: Option<u16>,
    /// The answer, as far as its head came whole.
    pub reply: Option<Reply>,
    /// Time to the first byte.
    pub after: Option<Duration>,
    /// Bytes received, the head included.
    pub bytes: u64,
    /// Whether time ended it: then the outcome only counts if the time was the probe's own.
    pub ran_out: bool,
    /// After a 101: the stream, ready for frames.
    pub switched: Option<Box<dyn Stream>>,
}

impl Exchanged {
    /// A request that could not be sent.
    pub const fn never(outcome: Exchange) -> Self {
        Self { outcome, flaw: None, status: None, reply: None, after: None, bytes: 0, ran_out: false, switched: None }
    }
}

/// Sends one request and reads its answer. Every failure is an outcome.
pub async fn exchange<B: Payload>(stream: Box<dyn Stream>, request: Request<B>, deadline: &Deadline) -> Exchanged {
    let (tap, gauge) = Tap::new(stream, MOST_HEAD);
    let begun = clock::now();
    let mut partial = None;
    let ended = tokio::time::timeout_at(deadline.at(), converse(tap, request, &mut partial)).await;
    let ran_out = ended.is_err();
    let mut log = gauge.read();
    let (outcome, error, switched) = match ended {
        Ok(Ok(switched)) => (Exchange::Answered, None, switched),
        Ok(Err(error)) => (failure(&log.head, log.bytes, log.end, Some(&error)), Some(error), None),
        Err(_) => (failure(&log.head, log.bytes, None, None), None, None),
    };
    let flaw = flaw::of(outcome, &log, partial.as_ref(), error.as_ref(), begun);
    let status = partial.as_ref().map(|reply| reply.status).or_else(|| flaw::status(&log.head));
    let after = log.first.map(|at| at - begun);
    let names = header_names(&log.head);
    log.head = Vec::new();
    let reply = partial.map(|reply| Reply { names, ..reply });
    Exchanged { outcome, flaw, status, reply, after, bytes: log.bytes, ran_out, switched }
}

/// The body of a request: none, or one that is there as a whole.
pub trait Payload: Body<Data = Bytes, Error = Infallible> + Send + 'static {}
impl<B: Body<Data = Bytes, Error = Infallible> + Send + 'static> Payload for B {}

type Switched = Option<Box<dyn Stream>>;

async fn converse<B: Payload>(
    tap: Tap<Box<dyn Stream>>,
    request: Request<B>,
    reply: &mut Option<Reply>,
) -> hyper::Result<Switched> {
    let (mut sender, connection) =
        http1::Builder::new().title_case_headers(true).max_buf_size(BUFFER).handshake(TokioIo::new(tap)).await?;
    let mut connection = Driven { connection: pin!(connection.with_upgrades()), over: false };
    let response = connection.beside(sender.send_request(request)).await?;
    let (parts, body) = response.into_parts();
    *reply = Some(Reply { status: parts.status.as_u16(), headers: parts.headers.clone(), ..Reply::default() });
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let upgraded = hyper::upgrade::on(Response::from_parts(parts, body));
        let stream = connection.beside(upgraded).await?;
        return Ok(Some(Box::new(TokioIo::new(stream))));
    }
    // The request half must stay until the body is read, or hyper shuts the connection down.
    let read = connection.beside(read_body(body, reply)).await;
    drop(sender);
    read.map(|()| None)
}

async fn read_body(mut body: Incoming, reply: &mut Option<Reply>) -> hyper::Result<()> {
    while let Some(frame) = body.frame().await {
        let (Ok(data), Some(reply)) = (frame?.into_data(), reply.as_mut()) else { continue };
        let open = MOST_BODY - reply.body.len();
        reply.body.extend_from_slice(&data[..open.min(data.len())]);
        reply.longer = data.len() > open;
        if reply.longer {
            break;
        }
    }
    Ok(())
}

/// A connection that is driven beside what waits for it, in the same task.
pub(super) struct Driven<'a, C> {
    pub(super) connection: Pin<&'a mut C>,
    pub(super) over: bool,
}

impl<C: Future> Driven<'_, C> {
    pub(super) async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            // Its error reaches the request as well, so nothing is lost here.
            self.over = self.over || self.connection.as_mut().poll(cx).is_ready();
            work.as_mut().poll(cx)
        })
        .await
    }
}

/// The outcome of a request that failed, or of one that time ended (`error` is `None`).
fn failure(head: &[u8], bytes: u64, end: Option<End>, error: Option<&hyper::Error>) -> Exchange {
    match (bytes, error, end) {
        (0, None, _) => Exchange::Silent,
        (0, Some(_), Some(End::Closed | End::Failed)) => Exchange::ClosedEmpty,
        // Without a word from the reading side it was our writing that failed, as it does after a reset.
        (0, Some(_), Some(End::Reset) | None) => Exchange::Reset,
        (_, Some(error), _) if error.is_parse() => Exchange::Garbage,
        _ if looks_like_http(head) => Exchange::Cut,
        _ => Exchange::Garbage,
    }
}

fn looks_like_http(head: &[u8]) -> bool {
    const START: &[u8] = b"HTTP/1.";
    let length = head.len().min(START.len());
    head[..length] == START[..length]
}

/// Names of the headers of the last head in `raw` (a 100 or 103 may come before it), as sent and in order.
fn header_names(raw: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    let mut interim = false;
    for line in raw.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"HTTP/") {
            interim = line.get(9) == Some(&b'1') && line.get(9..12) != Some(b"101");
            names.clear();
        } else if let Some(colon) = line.iter().position(|b| *b == b':') {
            names.push(String::from_utf8_lossy(&line[..colon]).into_owned());
        } else if line.is_empty() && !interim {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;
    use crate::probe::trial::{answering, head, peer};

    async fn ask(peer: std::net::SocketAddr, ms: u64) -> Exchanged {
        let request = Request::builder().uri("/health").header("host", "gw").body(Empty::new()).unwrap();
        let deadline = Deadline::new(Duration::from_millis(ms), clock::now() + Duration::from_secs(60));
        exchange(Box::new(TcpStream::connect(peer).await.unwrap()), request, &deadline).await
    }

    async fn outcome(bytes: &str) -> (Exchange, Option<Flaw>) {
        let exchanged = ask(answering(bytes).await.0, 5_000).await;
        (exchanged.outcome, exchanged.flaw)
    }

    #[tokio::test]
    async fn a_whole_answer_is_read_with_its_names_as_sent() {
        let bytes = "HTTP/1.1 200 OK\r\nX-Odd-CASE: a\r\ncontent-length: 2\r\nServer: x:y\r\n\r\nhi";
        let (peer, mut heard) = answering(bytes).await;
        let exchanged = ask(peer, 5_000).await;
        let reply = exchanged.reply.unwrap();
        assert_eq!((exchanged.outcome, reply.status, reply.body.as_slice()), (Exchange::Answered, 200, &b"hi"[..]));
        assert_eq!(reply.names, ["X-Odd-CASE", "content-length", "Server"]);
        assert_eq!(exchanged.bytes, bytes.len() as u64);
        assert!(exchanged.after.is_some());
        assert_eq!(heard.recv().await.unwrap(), "GET /health HTTP/1.1\r\nHost: gw\r\n\r\n");
    }

    #[tokio::test]
    async fn what_came_decides() {
        let endless = format!("HTTP/1.1 200 OK\r\n{}", "X-A: b\r\n".repeat(3_000));
        for (bytes, word, flaw) in [
            ("", Exchange::ClosedEmpty, None),
            ("SSH-2.0-OpenSSH_9.2\r\n", Exchange::Garbage, Some(Flaw::NotHttp)),
            ("\x15\x03\x01\x00\x02\x02\x46", Exchange::Garbage, Some(Flaw::NotHttp)),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Exchange::Garbage, Some(Flaw::BadHead)),
            (&endless, Exchange::Garbage, Some(Flaw::EndlessHead)),
            ("HTTP/1.1 2", Exchange::Cut, Some(Flaw::EndedEarly)),
            ("HTTP/1.1 103 Early Hints\r\n\r\n", Exchange::Cut, Some(Flaw::OnlyHints)),
            ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi", Exchange::Cut, Some(Flaw::EndedEarly)),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", Exchange::Answered, None),
            ("HTTP/1.0 404 Not Found\r\n\r\n", Exchange::Answered, None),
        ] {
            assert_eq!(outcome(bytes).await, (word, flaw), "{}", &bytes[..bytes.len().min(60)]);
        }
    }

    #[tokio::test]
    async fn a_banner_before_the_request_is_garbage() {
        let peer = peer(|mut stream| async move {
            stream.write_all(b"220 mail ESMTP\r\n").await.unwrap();
            let _ = stream.read(&mut [0; 64]).await;
        });
        assert_eq!(ask(peer.await, 5_000).await.outcome, Exchange::Garbage);
    }

    #[tokio::test]
    async fn a_reset_is_told_from_a_close() {
        let peer = peer(|mut stream| async move {
            head(&mut stream).await;
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        });
        assert_eq!(ask(peer.await, 5_000).await.outcome, Exchange::Reset);
    }

    #[tokio::test]
    async fn silence_lasts_until_the_deadline() {
        let quiet = peer(|mut stream| async move {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let exchanged = ask(quiet.await, 100).await;
        assert!(exchanged.ran_out && exchanged.outcome == Exchange::Silent && exchanged.reply.is_none());
        let stalled = peer(|mut stream| async move {
            head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi").await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let exchanged = ask(stalled.await, 100).await;
        assert!(exchanged.ran_out && exchanged.outcome == Exchange::Cut);
        assert_eq!((exchanged.reply.unwrap().body.as_slice(), exchanged.flaw), (&b"hi"[..], Some(Flaw::Stalled)));
        let dripping = peer(|mut stream| async move {
            head(&mut stream).await;
            while stream.write_all(b"HTTP/1.1 502 B").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let exchanged = ask(dripping.await, 200).await;
        assert_eq!((exchanged.flaw, exchanged.status), (Some(Flaw::Trickled), Some(502)));
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n{}", "x".repeat(200_000));
        let exchanged = ask(answering(long).await.0, 5_000).await;
        assert_eq!((exchanged.outcome, exchanged.flaw), (Exchange::Answered, Some(Flaw::LongBody)));
        assert_eq!(exchanged.reply.unwrap().body.len(), MOST_BODY);
        let full = format!("HTTP/1.1 200 OK\r\nContent-Length: {MOST_BODY}\r\n\r\n{}", "x".repeat(MOST_BODY));
        assert_eq!(ask(answering(full).await.0, 5_000).await.flaw, None);
    }

    #[tokio::test]
    async fn a_switched_stream_carries_what_follows() {
        let peer = peer(|mut stream| async move {
            head(&mut stream).await;
            stream.write_all(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nframes").await.unwrap();
            let mut back = [0; 4];
            stream.read_exact(&mut back).await.unwrap();
            stream.write_all(&back).await.unwrap();
        });
        let request = Request::builder().uri("/").header("connection", "upgrade").header("upgrade", "websocket");
        let deadline = Deadline::new(Duration::from_secs(5), clock::now() + Duration::from_secs(60));
        let stream = Box::new(TcpStream::connect(peer.await).await.unwrap());
        let exchanged = exchange(stream, request.body(Empty::new()).unwrap(), &deadline).await;
        assert_eq!(exchanged.reply.unwrap().names, ["Upgrade", "Connection"]);
        let mut stream = exchanged.switched.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "framesping");
    }

    #[test]
    fn an_interim_head_is_not_the_answers() {
        let raw = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\nC: no header\r\n";
        assert_eq!(header_names(raw), ["A", "B"]);
    }
}
