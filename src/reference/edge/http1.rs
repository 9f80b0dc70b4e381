//! HTTP/1.1 in front: one request, its answer, and whatever follows a switch.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::timeout;

use super::door::{Guest, SLOWEST_CLIENT};
use super::leg::{CHUNK, Leg, finish, unsaid};
use super::options::{Anonymous, Frames, Upgrade};
use super::product::{Occasion, Why};
use super::relay::{Timers, hold, late, relay};
use super::{Edge, upstream};
use crate::reference::head::{Head, NoHead};
use crate::reference::script;
use crate::reference::wire::{Wire, drain};

/// The largest head of an answer that is read. Node's default, `maxHeaderSize`, is half of it.
const MOST_ANSWER: usize = 32 << 10;
/// An accept key of the right length that belongs to no request.
const NOBODYS_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Reads a request and sees to it.
pub async fn request(edge: &Edge, guest: Guest) {
    let Guest { mut wire, client } = guest;
    let head = match timeout(SLOWEST_CLIENT, Head::request(&mut wire, Vec::new(), edge.options.head_limit)).await {
        Ok(Ok(head)) => head,
        Ok(Err(NoHead::Ended)) | Err(_) => return,
        Ok(Err(NoHead::Junk(_))) => return refuse(edge, wire, Why::Junk, None).await,
        Ok(Err(NoHead::TooLong)) => return refuse(edge, wire, Why::LongHead, None).await,
    };
    if edge.options.site_in_plain && matches!(wire, Wire::Tls(_)) {
        return refuse(edge, wire, Why::NoSite, Some(&head)).await;
    }
    if edge.options.anonymous == Anonymous::Told && anonymous(&wire) {
        return refuse(edge, wire, Occasion::Status(400), Some(&head)).await;
    }
    if let Some(answer) = script::to_request(&edge.options.answer, &head) {
        return match super::bare(answer) {
            Some(status) => refuse(edge, wire, status, Some(&head)).await,
            None => answer.give(wire, Some(&head)).await,
        };
    }
    if edge.options.upgrade == Upgrade::Held && head.upgrades() {
        return drain(&mut wire).await;
    }
    pass(edge, wire, head, client).await;
}

/// Ends a connection as soon as something is asked by it, without a word.
pub async fn deaf(mut guest: Guest) {
    if let Ok(Ok(_)) = timeout(SLOWEST_CLIENT, guest.wire.read_u8()).await {
        finish(guest.wire).await;
    }
}

/// Whether the client showed no certificate of its own.
fn anonymous(wire: &Wire) -> bool {
    matches!(wire, Wire::Tls(tls) if tls.get_ref().1.peer_certificates().is_none())
}

/// Hands a request on, and its answer back.
async fn pass(edge: &Edge, mut wire: Wire, head: Head, client: IpAddr) {
    let secure = matches!(wire, Wire::Tls(_));
    let mut inner = match edge.admit(head.clone(), client, secure) {
        Ok(inner) => inner,
        Err(why) => return refuse(edge, wire, why, Some(&head)).await,
    };
    if inner.has_word("expect", "100-continue") {
        // As nginx: the edge takes the body itself, and the gateway is not asked whether it wants it.
        inner.remove("Expect");
        if wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_err() || wire.flush().await.is_err() {
            return;
        }
    }
    late(Duration::from_millis(edge.options.delay_ms)).await;
    let mut far = match upstream::dial(edge, client).await {
        Ok(far) => far,
        Err(error) => return refuse(edge, wire, upstream::why(&error), Some(&head)).await,
    };
    match ask(edge, &mut wire, &mut far, &inner).await {
        Ok(answer) => deliver(edge, wire, far, answer, inner.method() == "HEAD").await,
        Err(Failed::Said(why)) => refuse(edge, wire, why, Some(&head)).await,
        Err(Failed::Foreign(bytes)) if !edge.product.says(Why::Foreign) => {
            if wire.write_all(&bytes).await.is_ok() {
                stream(wire, far, None).await;
            }
        }
        Err(Failed::Foreign(_)) => refuse(edge, wire, Why::Foreign, Some(&head)).await,
        Err(Failed::Gone) => {}
    }
}

/// Why a request got no answer of the gateway.
enum Failed {
    /// The edge says so itself.
    Said(Why),
    /// The gateway said this, which is no answer.
    Foreign(Vec<u8>),
    /// The client has left.
    Gone,
}

/// Sends a request with its body and reads the head of the answer.
async fn ask(edge: &Edge, wire: &mut Wire, far: &mut Box<dyn Leg>, head: &Head) -> Result<Head, Failed> {
    let (mut far_in, far_out) = split(far);
    let patience = Duration::from_millis(edge.options.patience_ms);
    tokio::select! {
        answer = timeout(patience, Head::answer(&mut far_in, MOST_ANSWER)) => match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(NoHead::Junk(bytes))) => Err(Failed::Foreign(bytes)),
            Ok(Err(NoHead::Ended | NoHead::TooLong)) => Err(Failed::Said(Why::Broken)),
            Err(_) => Err(Failed::Said(Why::Silent)),
        },
        failed = send(edge.options.body_limit, wire, far_out, head) => Err(failed),
    }
}

/// Sends a request's head, and its body as it comes; returns only when that fails.
async fn send(limit: u64, wire: &mut Wire, mut far: WriteHalf<&mut Box<dyn Leg>>, head: &Head) -> Failed {
    let start = [head.bytes(), head.rest.clone()].concat();
    if far.write_all(&start).await.is_err() || far.flush().await.is_err() {
        return Failed::Said(Why::Broken);
    }
    if head.upgrades() {
        // What follows are frames, and not before the switch.
        return std::future::pending().await;
    }
    let mut body = head.rest.len() as u64;
    let mut bytes = vec![0; CHUNK];
    loop {
        let count = match wire.read(&mut bytes).await {
            Ok(0) | Err(_) => return Failed::Gone,
            Ok(count) => count,
        };
        body += count as u64;
        if body > limit {
            return Failed::Said(Why::LongBody);
        }
        if far.write_all(&bytes[..count]).await.is_err() || far.flush().await.is_err() {
            // It may have answered before it stopped to listen: the answer goes first.
            return std::future::pending().await;
        }
    }
}

/// Hands the answer back, and everything after it. `bare` tells that it has no body whatever it says.
async fn deliver(edge: &Edge, mut wire: Wire, far: Box<dyn Leg>, mut answer: Head, bare: bool) {
    let switched = answer.status() == Some(101);
    let left = if bare { Some(0) } else { left(&answer) };
    edge.product.dress(&mut answer);
    let added = edge.options.adds.iter().filter_map(|line| line.split_once(": "));
    answer.lines.extend(added.map(|(name, value)| (name.to_owned(), value.to_owned())));
    if edge.options.buffers {
        return if switched { hold(Box::new(wire), far).await } else { whole(wire, far, answer, left).await };
    }
    if switched && edge.options.upgrade == Upgrade::BadAccept {
        answer.set("Sec-WebSocket-Accept", NOBODYS_KEY);
    }
    let held = switched && edge.options.frames == Frames::Held;
    let rest = if held { Vec::new() } else { answer.rest.clone() };
    let start = [answer.bytes(), rest].concat();
    if wire.write_all(&start).await.is_err() || wire.flush().await.is_err() {
        return;
    }
    match switched {
        true if held => hold(Box::new(wire), far).await,
        true => relay(Box::new(wire), far, Timers::of(edge)).await,
        false => stream(wire, far, left).await,
    }
}

/// How many bytes of an answer's body are still to come; `None` until the gateway ends, as it was asked to.
fn left(answer: &Head) -> Option<u64> {
    if matches!(answer.status(), Some(204 | 304)) {
        return Some(0);
    }
    let length: u64 = answer.get("content-length")?.trim().parse().ok()?;
    Some(length.saturating_sub(answer.rest.len() as u64))
}

/// Hands on the body of a plain answer as it comes.
async fn stream(mut wire: Wire, far: Box<dyn Leg>, left: Option<u64>) {
    let (mut near_in, mut near_out): (ReadHalf<_>, _) = split(&mut wire);
    let copied = tokio::select! {
        () = drain(&mut near_in) => return,
        copied = copy(far, &mut near_out, left) => copied,
    };
    if copied.is_err() { wire.reset() } else { finish(Box::new(wire)).await }
}

/// Hands an answer on when all of it has come.
async fn whole(mut wire: Wire, far: Box<dyn Leg>, mut answer: Head, left: Option<u64>) {
    let mut body = answer.rest.clone();
    if copy(far, &mut body, left).await.is_err() {
        return wire.reset();
    }
    if answer.get("transfer-encoding").is_none() && answer.get("content-length").is_none() {
        answer.set("Content-Length", body.len().to_string());
    }
    if wire.write_all(&[answer.bytes(), body].concat()).await.is_ok() {
        finish(Box::new(wire)).await;
    }
}

async fn copy(from: Box<dyn Leg>, to: &mut (impl AsyncWrite + Unpin), left: Option<u64>) -> io::Result<()> {
    let mut from = from.take(left.unwrap_or(u64::MAX));
    let mut bytes = vec![0; CHUNK];
    loop {
        let count = match from.read(&mut bytes).await {
            Ok(0) => return Ok(()),
            Err(error) if unsaid(&error) => return Ok(()),
            other => other?,
        };
        to.write_all(&bytes[..count]).await?;
        to.flush().await?;
    }
}

/// Answers for the edge itself; `asked` is the request, if one was read.
pub async fn refuse(edge: &Edge, mut wire: Wire, occasion: impl Into<Occasion>, asked: Option<&Head>) {
    let page = edge.product.page(occasion.into(), asked);
    if wire.write_all(&page.bytes()).await.is_ok() {
        finish(Box::new(wire)).await;
    }
}
