//! The upgrade over HTTP/2: RFC 8441's extended CONNECT.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use super::request::Bare;
use crate::clock::{self, Deadline};
use crate::facts::tables::http::Exchange;
use crate::probe::exchange::{Driven, Exchanged, MOST_BODY, Reply};
use crate::probe::socket::Stream;

/// The largest block of headers we take, bytes.
const MOST_HEADERS: u32 = 16 * 1024;

/// What came of the attempt.
pub enum Extended {
    /// The peer's settings do not allow it (`SETTINGS_ENABLE_CONNECT_PROTOCOL` is not 1).
    NotOffered,
    /// It was asked for.
    Answered(Exchanged),
    /// Not even the request before it was answered: the stream or the connection ended.
    Broken(Exchanged),
    /// Time was up before the request before it was answered.
    Late(Exchanged),
}

/// Sends `first`, whose answer cannot come before the peer's settings, and then, if these allow it, `request`.
pub async fn extended(stream: Box<dyn Stream>, first: Bare, request: Bare, deadline: &Deadline) -> Extended {
    let tasks = Tasks::default();
    let begun = clock::now();
    let mut reply = None;
    let mut settled = false;
    let ended =
        tokio::time::timeout_at(deadline.at(), converse(stream, &tasks, [first, request], &mut settled, &mut reply)).await;
    // The stream a 200 opens is not used: that it opened is all a browser needs.
    tasks.end();
    let after = reply.as_ref().map(|(at, _): &(clock::Instant, Reply)| *at - begun);
    let (ran_out, outcome) = match ended {
        Ok(Ok(false)) => return Extended::NotOffered,
        Ok(Ok(true)) => (false, Exchange::Answered),
        Ok(Err(_)) => (false, Exchange::ClosedEmpty),
        Err(_) => (true, Exchange::Silent),
    };
    let reply = reply.map(|(_, reply)| reply);
    let bytes = reply.as_ref().map_or(0, |r| r.body.len() as u64);
    let status = reply.as_ref().map(|r| r.status);
    let exchanged = Exchanged { status, reply, after, bytes, ran_out, ..Exchanged::never(outcome) };
    match settled {
        true => Extended::Answered(exchanged),
        false if ran_out => Extended::Late(exchanged),
        false => Extended::Broken(exchanged),
    }
}

/// `false` if the peer does not offer it. `settled` tells that the first request was answered.
async fn converse(
    stream: Box<dyn Stream>,
    tasks: &Tasks,
    [first, request]: [Bare; 2],
    settled: &mut bool,
    reply: &mut Option<(clock::Instant, Reply)>,
) -> hyper::Result<bool> {
    let (mut sender, connection) =
        http2::Builder::new(tasks.clone()).max_header_list_size(MOST_HEADERS).handshake(TokioIo::new(stream)).await?;
    let mut connection = Driven { connection: pin!(connection), over: false };
    connection.beside(sender.send_request(first)).await?;
    *settled = true;
    if !connection.connection.is_extended_connect_protocol_enabled() {
        return Ok(false);
    }
    let response = connection.beside(sender.send_request(request)).await?;
    let at = clock::now();
    let (parts, body) = response.into_parts();
    let switched = parts.status.is_success();
    let (_, kept) = reply.insert((at, of(parts)));
    if !switched {
        connection.beside(read_body(body, kept)).await;
    }
    Ok(true)
}

/// Sends one request by HTTP/2, and reads its answer.
pub async fn once(stream: Box<dyn Stream>, request: Bare, deadline: &Deadline) -> Exchanged {
    let tasks = Tasks::default();
    let begun = clock::now();
    let ended = tokio::time::timeout_at(deadline.at(), answer(stream, &tasks, request)).await;
    tasks.end();
    match ended {
        Ok(Ok((at, reply))) => Exchanged {
            status: Some(reply.status),
            after: Some(at - begun),
            bytes: reply.body.len() as u64,
            reply: Some(reply),
            ..Exchanged::never(Exchange::Answered)
        },
        Ok(Err(_)) => Exchanged::never(Exchange::Garbage),
        Err(_) => Exchanged { ran_out: true, ..Exchanged::never(Exchange::Silent) },
    }
}

async fn answer(stream: Box<dyn Stream>, tasks: &Tasks, request: Bare) -> hyper::Result<(clock::Instant, Reply)> {
    let (mut sender, connection) =
        http2::Builder::new(tasks.clone()).max_header_list_size(MOST_HEADERS).handshake(TokioIo::new(stream)).await?;
    let mut connection = Driven { connection: pin!(connection), over: false };
    let response = connection.beside(sender.send_request(request)).await?;
    let at = clock::now();
    let (parts, body) = response.into_parts();
    let mut reply = of(parts);
    connection.beside(read_body(body, &mut reply)).await;
    Ok((at, reply))
}

/// A reply without its body, which is still to come.
fn of(parts: hyper::http::response::Parts) -> Reply {
    let names = parts.headers.keys().map(|n| n.as_str().to_owned()).collect();
    Reply { status: parts.status.as_u16(), headers: parts.headers, names, http2: true, ..Reply::default() }
}

/// Reads as much of a refusal's body as comes: an early end changes nothing about the refusal.
async fn read_body(mut body: Incoming, reply: &mut Reply) {
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let open = MOST_BODY - reply.body.len();
        reply.body.extend_from_slice(&data[..open.min(data.len())]);
        if reply.body.len() == MOST_BODY {
            break;
        }
    }
}

/// Runs what hyper spawns for a connection, so that the connection can be ended for certain.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}

#[cfg(test)]
pub(super) mod tests;
