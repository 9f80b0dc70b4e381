//! The upgrade path: 101, or a refusal in words of its own. Source: 2026.9.6 and its library `ws`, byte by byte.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Gateway;
use super::client::Client;
use super::limiter::Seat;
use super::options::Phase;
use super::origin::Place;
use super::reply::{JSON, TEXT, reason};
use super::route::{UNATTRIBUTED, path};
use crate::reference::head::Head;
use crate::reference::script;
use crate::reference::wire::Wire;

/// Paths that only a capability opens, and upgrades to anything else may not take.
const CLOSED: &[&str] = &["/desktop/observe", "/node-desktop/attach", "/node-portal/attach", "/api/channels"];
/// The versions of RFC 6455 and of a draft before it.
const VERSIONS: &[&str] = &["13", "8"];

/// A socket that waits for a connect; counted for as long as it does.
pub struct Waiting {
    gateway: Arc<Gateway>,
    #[expect(dead_code, reason = "given back when dropped")]
    seat: Seat,
    /// Who it is.
    pub client: Client,
    /// Where it says it comes from.
    pub place: Place,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.gateway.count.lock().unauthenticated -= 1;
    }
}

/// Answers an upgrade. Whoever is refused is answered, and the connection ends. A script of frames is for whoever is let in.
pub async fn switch(gateway: &Arc<Gateway>, mut wire: Wire, head: &Head) -> Option<(Wire, Waiting)> {
    gateway.request(&wire, head);
    let script = script::to_request(&gateway.options.answer, head);
    if let Some(answer) = script.filter(|answer| answer.frames.is_none()) {
        answer.give(wire, Some(head)).await;
        return None;
    }
    match (admit(gateway, &wire, head), script) {
        (Ok(_waiting), Some(answer)) => {
            answer.give(wire, Some(head)).await;
            None
        }
        (Ok(waiting), None) => {
            wire.write_all(accepted(head).as_bytes()).await.ok()?;
            Some((wire, waiting))
        }
        (Err(refusal), _) => {
            wire.write_all(refusal.as_bytes()).await.ok()?;
            super::http::end(wire).await
        }
    }
}

fn admit(gateway: &Arc<Gateway>, wire: &Wire, head: &Head) -> Result<Waiting, String> {
    let closed = |path: String| head.target().starts_with("//") || CLOSED.iter().any(|c| path.starts_with(c));
    let closed = path(head).is_none_or(closed);
    if closed {
        return Err(refusal(401, &[("Connection", "close")], ""));
    }
    let client = gateway.client(wire.peer(), head).ok_or_else(|| own(403, JSON, UNATTRIBUTED))?;
    let unavailable = |text| refusal(503, &closing(TEXT), text);
    if gateway.phase() == Phase::Draining {
        return Err(unavailable("Gateway websocket admission closed"));
    }
    let full = || unavailable("Too many unauthenticated sockets");
    let seat = gateway.seats.take(client.address).ok_or_else(full)?;
    library(head)?;
    let mut seen = gateway.count.lock();
    seen.upgrades += 1;
    seen.unauthenticated += 1;
    seen.most_unauthenticated = seen.most_unauthenticated.max(seen.unauthenticated);
    let place = Place { host: head.get("host").unwrap_or_default().to_owned(), origin: head.get("origin").map(str::to_owned) };
    Ok(Waiting { gateway: Arc::clone(gateway), seat, client, place })
}

/// What the library refuses, in its order.
fn library(head: &Head) -> Result<(), String> {
    let html = |status, text| refusal(status, &closing("text/html"), text);
    if head.method() != "GET" {
        return Err(html(405, "Invalid HTTP method"));
    }
    if !head.get("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(html(400, "Invalid Upgrade header"));
    }
    // 16 bytes in base64: 22 digits and two signs.
    let key = head.get("sec-websocket-key").unwrap_or_default();
    if data_encoding::BASE64.decode(key.as_bytes()).map(|bytes| bytes.len()) != Ok(16) {
        return Err(html(400, "Missing or invalid Sec-WebSocket-Key header"));
    }
    if !head.get("sec-websocket-version").is_some_and(|v| VERSIONS.contains(&v)) {
        let lines = [("Connection", "close"), ("Content-Type", "text/html")];
        let text = "Missing or invalid Sec-WebSocket-Version header";
        let length = text.len().to_string();
        let lines = [&lines[..], &[("Content-Length", length.as_str()), ("Sec-WebSocket-Version", "13, 8")]].concat();
        return Err(refusal_as_told(400, &lines, text));
    }
    match offered(head) {
        Some(list) if list.split(',').any(|word| !is_token(word.trim())) => {
            Err(html(400, "Invalid Sec-WebSocket-Protocol header"))
        }
        _ => Ok(()),
    }
}

fn offered(head: &Head) -> Option<&str> {
    head.get("sec-websocket-protocol")
}

/// A token (RFC 9110, 5.6.2).
fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn accepted(head: &Head) -> String {
    let accept = derive_accept_key(head.get("sec-websocket-key").unwrap_or_default().as_bytes());
    let first = offered(head).and_then(|list| list.split(',').next()).map(str::trim);
    let protocol = first.map(|first| format!("Sec-WebSocket-Protocol: {first}\r\n")).unwrap_or_default();
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         {protocol}\r\n"
    )
}

/// A refusal of the gateway's own, its lines in another order than the library's.
fn own(status: u16, kind: &str, body: &str) -> String {
    let length = body.len().to_string();
    refusal_as_told(status, &[("Content-Type", kind), ("Content-Length", &length), ("Connection", "close")], body)
}

const fn closing(kind: &str) -> [(&'static str, &str); 2] {
    [("Connection", "close"), ("Content-Type", kind)]
}

/// A refusal whose length comes last.
fn refusal(status: u16, lines: &[(&str, &str)], body: &str) -> String {
    let length = body.len().to_string();
    let length = [("Content-Length", length.as_str())];
    let last = if body.is_empty() { &[] } else { &length[..] };
    refusal_as_told(status, &[lines, last].concat(), body)
}

fn refusal_as_told(status: u16, lines: &[(&str, &str)], body: &str) -> String {
    let lines: String = lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} {}\r\n{lines}\r\n{body}", reason(status))
}
