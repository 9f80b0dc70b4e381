//! One HTTP/1.1 request over one connection, and how it ended.

use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::socket::Stream;
use super::tap::{End, Tap};
use crate::clock::{self, Deadline};
use crate::facts::tables::http::Exchange;

/// The most of a body that is read. Every body the gateway writes for a probe is below 1 KiB, its Control UI page below 16 KiB.
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

/// Sends one request and reads its answer. Every failure is an outcome.
pub async fn exchange(stream: Box<dyn Stream>, request: Request<Empty<Bytes>>, deadline: &Deadline) -> Exchanged {
    let (tap, gauge) = Tap::new(stream, MOST_HEAD);
    let begun = clock::now();
    let mut partial = None;
    let ended = tokio::time::timeout_at(deadline.at(), converse(tap, request, &mut partial)).await;
    let ran_out = ended.is_err();
    let mut log = gauge.read();
    let (outcome, switched) = match ended {
        Ok(Ok(switched)) => (Exchange::Answered, switched),
        Ok(Err(error)) => (failure(&log.head, log.bytes, log.end, Some(&error)), None),
        Err(_) => (failure(&log.head, log.bytes, None, None), None),
    };
    let after = log.first.map(|at| at - begun);
    let names = header_names(&log.head);
    log.head = Vec::new();
    let reply = partial.map(|reply| Reply { names, ..reply });
    Exchanged { outcome, reply, after, bytes: log.bytes, ran_out, switched }
}

type Switched = Option<Box<dyn Stream>>;

async fn converse(
    tap: Tap<Box<dyn Stream>>,
    request: Request<Empty<Bytes>>,
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
        if reply.body.len() == MOST_BODY {
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
