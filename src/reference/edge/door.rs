//! From an accepted connection to its first request: the PROXY line, TLS, and what can go wrong with them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;

use super::leg::finish;
use super::options::{Line, Mode};
use super::product::{Occasion, Why};
use super::{Edge, forward, http1};
use crate::reference::wire::{Wire, drain};

/// How long a client may take until its TLS stands, and again until its request is there. nginx: `client_header_timeout`.
pub const SLOWEST_CLIENT: Duration = Duration::from_secs(60);
/// The most bytes of a PROXY line: proxy-protocol.txt, section 2.1.
const LONGEST_LINE: usize = 107;
/// The first byte of TLS: a handshake record.
const HANDSHAKE: u8 = 0x16;
/// An alert record: fatal, 112, `unrecognized_name` (RFC 6066).
const UNRECOGNIZED_NAME: &[u8] = &[0x15, 3, 3, 0, 2, 2, 112];

/// A client that was let in.
pub struct Guest {
    /// Its connection.
    pub wire: Wire,
    /// Whom the edge takes it for.
    pub client: IpAddr,
}

impl Guest {
    /// Whether HTTP/2 was chosen in the handshake.
    pub fn speaks_http2(&self) -> bool {
        matches!(&self.wire, Wire::Tls(tls) if tls.get_ref().1.alpn_protocol() == Some(b"h2"))
    }

    /// Whether it begins HTTP/2 without TLS, by prior knowledge (RFC 9113, section 3.4): no method of HTTP/1.1 that a probe sends
    /// begins alike.
    pub async fn begins_with_http2(&self) -> bool {
        matches!(self.wire, Wire::Tcp(_)) && self.wire.first_byte().await == Some(b'P')
    }
}

/// Lets a client in, or sees it off.
pub async fn enter(edge: &Edge, mut wire: Wire) -> Option<Guest> {
    let mut peer = wire.peer();
    if edge.options.line == Line::Expected {
        match line(&mut wire).await {
            Some(source) => peer = Some(source),
            None => {
                finish(Box::new(wire)).await;
                return None;
            }
        }
    }
    let wire = secure(edge, wire).await?;
    if edge.options.tls_twice {
        again(edge, wire).await;
        return None;
    }
    Some(Guest { wire, client: forward::client(&edge.options, peer) })
}

/// Reads a PROXY line: `PROXY TCP4 SOURCE TARGET PORT PORT`.
async fn line(wire: &mut Wire) -> Option<IpAddr> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n") && bytes.len() < LONGEST_LINE {
        bytes.push(wire.read_u8().await.ok()?);
        if !b"PROXY ".starts_with(&bytes[..bytes.len().min(6)]) {
            return None;
        }
    }
    std::str::from_utf8(&bytes).ok()?.split(' ').nth(2)?.parse().ok()
}

/// Answers the TLS handshake, if there is to be one.
async fn secure(edge: &Edge, wire: Wire) -> Option<Wire> {
    let Some(config) = &edge.tls else { return Some(wire) };
    let Wire::Tcp(tcp) = wire else { return None };
    let mut first = [0];
    tcp.peek(&mut first).await.ok().filter(|count| *count > 0)?;
    if first[0] != HANDSHAKE && edge.options.site_in_plain {
        return Some(Wire::Tcp(tcp));
    }
    if first[0] != HANDSHAKE && edge.options.mode == Mode::Http {
        http1::refuse(edge, Wire::Tcp(tcp), Occasion::Why(Why::PlainOnTls), None).await;
        return None;
    }
    let start = LazyConfigAcceptor::new(Acceptor::default(), tcp).await.ok()?;
    let name = start.client_hello().server_name().unwrap_or_default().to_owned();
    if edge.options.strict_names && !forward::serves(&edge.options, &name) {
        alert(start.io).await;
        return None;
    }
    Some(Wire::Tls(Box::new(start.into_stream(Arc::clone(config)).await.ok()?)))
}

async fn alert(mut tcp: TcpStream) {
    if tcp.write_all(UNRECOGNIZED_NAME).await.is_ok() {
        finish(Box::new(tcp)).await;
    }
}

/// Expects TLS within TLS, and ends without a word what is none, as a gateway with TLS does.
async fn again(edge: &Edge, mut wire: Wire) {
    match wire.read_u8().await {
        Ok(HANDSHAKE) => drain(&mut wire).await,
        Ok(_) => http1::refuse(edge, wire, Occasion::Why(Why::PlainOnTls), None).await,
        Err(_) => {}
    }
}
