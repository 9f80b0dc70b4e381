//! One connection of a client to the edge.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, split};

use super::leg::{Leg, finish};
use super::relay::{Timers, relay};
use super::{Edge, forward, upstream};
use crate::reference::head::{Head, NoHead};
use crate::reference::wire::Wire;

/// The largest head of an answer that is read. Node's default, `maxHeaderSize`, is half of it.
const MOST_ANSWER: usize = 32 << 10;

/// Takes a connection from its first byte to its end.
pub async fn visit(edge: Arc<Edge>, wire: Wire) {
    let client = forward::client(&edge.options, wire.peer());
    let wire = match &edge.tls {
        Some(config) => match wire.secure(Arc::clone(config)).await {
            Ok(wire) => wire,
            Err(_) => return,
        },
        None => wire,
    };
    request(&edge, wire, client).await;
}

/// Reads one request and sees to it.
async fn request(edge: &Edge, mut wire: Wire, client: IpAddr) {
    match Head::request(&mut wire, Vec::new(), edge.options.head_limit).await {
        Ok(head) => pass(edge, wire, head, client).await,
        Err(NoHead::Ended) => {}
        Err(NoHead::Junk(_)) => refuse(edge, wire, 400).await,
        Err(NoHead::TooLong) => refuse(edge, wire, 431).await,
    }
}

/// Hands a request on, and its answer back.
async fn pass(edge: &Edge, mut wire: Wire, head: Head, client: IpAddr) {
    let secure = matches!(wire, Wire::Tls(_));
    let inner = forward::rewritten(&edge.options, head, client, secure);
    let mut far = match upstream::dial(edge).await {
        Ok(far) => far,
        Err(error) => return refuse(edge, wire, if error.kind() == io::ErrorKind::TimedOut { 504 } else { 502 }).await,
    };
    match ask(edge, &mut wire, &mut far, &inner).await {
        Ok(answer) => deliver(edge, wire, far, answer).await,
        Err(Failed::Page(status)) => refuse(edge, wire, status).await,
        Err(Failed::Gone) => {}
    }
}

/// Why a request got no answer of the gateway.
enum Failed {
    /// The edge says so itself.
    Page(u16),
    /// The client has left.
    Gone,
}

/// Sends a request with its body and reads the head of the answer.
async fn ask(edge: &Edge, wire: &mut Wire, far: &mut Box<dyn Leg>, head: &Head) -> Result<Head, Failed> {
    let (mut far_in, mut far_out) = split(far);
    let send = async {
        far_out.write_all(&[head.bytes(), head.rest.clone()].concat()).await?;
        far_out.flush().await?;
        if !head.upgrades() {
            let mut bytes = vec![0; 16 << 10];
            loop {
                let count = wire.read(&mut bytes).await?;
                if count == 0 {
                    return io::Result::Ok(());
                }
                far_out.write_all(&bytes[..count]).await?;
                far_out.flush().await?;
            }
        }
        std::future::pending().await
    };
    let patience = Duration::from_millis(edge.options.patience_ms);
    tokio::select! {
        answer = tokio::time::timeout(patience, Head::answer(&mut far_in, MOST_ANSWER)) => match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Failed::Page(502)),
            Err(_) => Err(Failed::Page(504)),
        },
        sent = send => Err(if sent.is_ok() { Failed::Gone } else { Failed::Page(502) }),
    }
}

/// Hands the answer back, and everything after it.
async fn deliver(edge: &Edge, mut wire: Wire, mut far: Box<dyn Leg>, answer: Head) {
    let start = [answer.bytes(), answer.rest.clone()].concat();
    if wire.write_all(&start).await.is_err() || wire.flush().await.is_err() {
        return;
    }
    if answer.status() == Some(101) {
        return relay(Box::new(wire), far, Timers::new(&edge.options)).await;
    }
    let (mut near_in, mut near_out) = split(&mut wire);
    let left = super::leg::drain(&mut near_in);
    let body = tokio::io::copy(&mut far, &mut near_out);
    let broken = tokio::select! {
        () = left => return,
        copied = body => copied.is_err_and(|error| !super::leg::unsaid(&error)),
    };
    if broken { wire.reset() } else { finish(Box::new(wire)).await }
}

/// Answers for the edge itself.
async fn refuse(_: &Edge, mut wire: Wire, status: u16) {
    let reason = hyper::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default();
    let page = format!("HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    if wire.write_all(page.as_bytes()).await.is_ok() {
        finish(Box::new(wire)).await;
    }
}
