//! One connection as long as it speaks HTTP: requests, answers, and how it ends. Source: 2026.9.6, that is Node's HTTP server,
//! asked over loopback byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::Gateway;
use super::body::{self, Stop};
use super::client;
use super::contract::Arrival;
use super::reply::{Reply, TEXT, date, reason};
use super::route;
use crate::reference::head::{Head, NoHead};
use crate::reference::script;
use crate::reference::wire::{Wire, drain, finish};

/// The longest head. Source: Node's `maxHeaderSize`.
const LONGEST_HEAD: usize = 16 << 10;
/// How long a first head may take: Node's `headersTimeout`, seen every 30 s; measured 66 s.
const HEAD_PATIENCE: Duration = Duration::from_secs(66);
/// How long an idle connection is kept: Node's `keepAliveTimeout` of 5 s and a second of grace; measured 6.0 s.
const KEEP_ALIVE: Duration = Duration::from_secs(6);
/// The methods Node's parser knows; any other is no HTTP to it.
const METHODS: &[&str] = &[
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "M-SEARCH",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// Answers requests until one of them asks for an upgrade, or the connection ends.
pub async fn converse(gateway: &Gateway, mut wire: Wire) -> Option<(Wire, Head)> {
    if let Some(answer) = script::on_accept(&gateway.options.answer) {
        answer.give(wire, None).await;
        return None;
    }
    let mut before = Vec::new();
    let mut patience = HEAD_PATIENCE;
    loop {
        let next = tokio::select! {
            next = head(gateway, &mut wire, before, patience) => next,
            // Whoever asks nothing is not kept by a gateway that ends.
            () = gateway.last_call() => Err(0),
        };
        match next {
            Ok(head) if head.has_word("connection", "upgrade") && head.get("upgrade").is_some() => return Some((wire, head)),
            Ok(mut head) => {
                gateway.request(&wire, &head);
                if let Some(answer) = script::to_request(&gateway.options.answer, &head) {
                    answer.give(wire, Some(&head)).await;
                    return None;
                }
                if !respond(gateway, &mut wire, &mut head).await? {
                    return end(wire).await;
                }
                before = head.rest;
                patience = KEEP_ALIVE;
            }
            Err(0) => return end(wire).await,
            Err(status) => {
                wire.write_all(bare(status).as_bytes()).await.ok()?;
                return end(wire).await;
            }
        }
    }
}

/// A refusal of the server beneath the gateway.
fn bare(status: u16) -> String {
    format!("HTTP/1.1 {status} {}\r\nConnection: close\r\n\r\n", reason(status))
}

/// The next head; or the status that answers what came instead, 0 for nothing.
async fn head(gateway: &Gateway, wire: &mut Wire, mut before: Vec<u8>, patience: Duration) -> Result<Head, u16> {
    if before.is_empty() {
        match timeout(patience, wire.read_buf(&mut before)).await {
            Ok(Ok(1..)) => {}
            Ok(_) => return Err(0),
            Err(_) => return Err(if patience == HEAD_PATIENCE { 408 } else { 0 }),
        }
    }
    match timeout(HEAD_PATIENCE, Head::request(wire, before, LONGEST_HEAD)).await {
        Ok(Ok(head)) if head.bytes().len() > LONGEST_HEAD => Err(431),
        Ok(Ok(head)) if METHODS.contains(&head.method()) && is_target(&head) && body::is_plain(&head) => Ok(head),
        Ok(Err(NoHead::Junk(bytes))) => {
            gateway.arrives(|_| Arrival::junk(&bytes, wire.peer()));
            Err(400)
        }
        Ok(Ok(_) | Err(NoHead::Ended)) => Err(400),
        Ok(Err(NoHead::TooLong)) => Err(431),
        Err(_) => Err(408),
    }
}

/// Answers a request; whether the connection goes on. The head keeps what was read beyond its body.
async fn respond(gateway: &Gateway, wire: &mut Wire, head: &mut Head) -> Option<bool> {
    let old = head.first.ends_with("HTTP/1.0");
    let keep = if old { head.has_word("connection", "keep-alive") } else { !head.has_word("connection", "close") };
    let head_only = head.method() == "HEAD";
    if head.method() == "CONNECT" {
        return Some(false);
    }
    if !old && head.get("host").is_none() {
        wire.write_all(hostless().as_bytes()).await.ok()?;
        return Some(false);
    }
    if half_upgrade(head) && !gateway.release.since_8_1 {
        // Nobody answers it.
        drain(wire).await;
        return None;
    }
    let reply = match head.get("expect") {
        Some(expect) if expect.eq_ignore_ascii_case("100-continue") => {
            wire.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
            route(gateway, wire, head)
        }
        Some(_) => Reply::chunked(417),
        None => route(gateway, wire, head),
    };
    // Without a length the end of the body is the end of the connection.
    let keep = keep && (!old || reply.own_length);
    wire.write_all(&reply.bytes(head_only, keep, !old)).await.ok()?;
    wire.flush().await.ok()?;
    match body::skip(wire, head, HEAD_PATIENCE).await {
        Ok(()) => Some(keep && !reply.ends()),
        Err(Stop::Ended) => Some(false),
        Err(Stop::Broken) => {
            wire.write_all(bare(400).as_bytes()).await.ok()?;
            Some(false)
        }
    }
}

fn route(gateway: &Gateway, wire: &Wire, head: &Head) -> Reply {
    if half_upgrade(head) {
        return Reply::new(400, TEXT, "Bad Request").first("Connection", "close");
    }
    let reply = route::answer(gateway, head, gateway.client(wire.peer(), head));
    if gateway.release.since_8_1 { reply } else { reply.unmeasured() }
}

/// Whether a request is an upgrade that lost one of its two headers on the way.
fn half_upgrade(head: &Head) -> bool {
    head.get("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// What HTTP/1.1 without `Host` is answered with.
fn hostless() -> String {
    format!("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nDate: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", date())
}

/// The server finds its way by the first character of a target: a path, `*`, or a scheme before `://`; the rest is ASCII.
fn is_target(head: &Head) -> bool {
    let target = head.target();
    let whole = || target.split_once("://").is_some_and(|(scheme, _)| scheme.bytes().all(|b| b.is_ascii_alphabetic()));
    head.method() == "CONNECT" || target.is_ascii() && (target.starts_with(['/', '*']) || whole())
}

/// Ends in order: everything written arrives before the end does.
pub(super) async fn end<T>(wire: Wire) -> Option<T> {
    finish(wire, super::LINGER).await;
    None
}

/// Whom a request comes from: a helper of both the HTTP and the upgrade path.
impl Gateway {
    /// Counts a request, and tells of it.
    pub(super) fn request(&self, wire: &Wire, head: &Head) {
        self.count.request(head);
        self.arrives(|trusted| Arrival::request(head, wire.peer(), matches!(wire, Wire::Tls(_)), trusted));
    }

    /// The client behind a request. Before 2026.8.1 a proxy that cannot be attributed makes its clients remote.
    pub(super) fn client(&self, peer: Option<std::net::IpAddr>, head: &Head) -> Option<client::Client> {
        let client = client::behind(peer, head, &self.options.trusted_proxies, self.release.local);
        let remote = client::Client { address: peer, local: false };
        client.or_else(|| (!self.release.refuses_proxies).then_some(remote))
    }
}
