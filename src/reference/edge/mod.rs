//! The fault edge: a reverse proxy for tests only, whose mistakes are switches. Without any it is a right one.
//!
//! [`door`] lets a client in, [`http1`] and [`http2`] read what it asks, [`forward`] rewrites that for the gateway, [`upstream`]
//! dials, [`relay`] hands bytes both ways, and [`product`] knows whose signature all of it carries.

mod door;
mod forward;
mod http1;
mod http2;
mod leg;
mod meter;
mod options;
mod product;
mod relay;
mod upstream;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use options::{Anonymous, Counts, Death, Forwarded, Frames, H2, Http1, Line, Mode, Options, Upgrade};
pub use product::Brand;

use self::product::{Occasion, Product, Why};
use super::certificate::{Authority, Leaf};
use super::front::Front;
use super::head::Head;
use super::script::{self, Answer};
use super::wire::Wire;
use crate::clock::{self, Instant};

/// An edge that stands.
struct Edge {
    options: Options,
    product: &'static Product,
    tls: Option<Arc<rustls::ServerConfig>>,
    /// When it began to serve.
    since: Instant,
}

/// The TLS an edge speaks to its clients with this certificate; `authority` signs the clients' certificates, if they need any.
///
/// # Errors
/// What the TLS library says.
pub fn tls(options: &Options, leaf: &Leaf, authority: &Authority) -> Result<rustls::ServerConfig, rustls::Error> {
    let alpn: &[&str] = match (options.h2, options.http1) {
        (H2::Off, _) => &["http/1.1"],
        (_, Http1::Refused) => &["h2"],
        _ => &["h2", "http/1.1"],
    };
    match options.client_certificate {
        true => leaf.server_for(authority, alpn, options.anonymous != Anonymous::Refused),
        false => leaf.server(alpn),
    }
}

/// Serves until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    let product = Product::of(options.product);
    let edge = Arc::new(Edge { options, product, tls, since: clock::now() });
    front.each(None, move |wire| visit(Arc::clone(&edge), wire)).await;
}

/// Takes a connection from its first byte to its end.
async fn visit(edge: Arc<Edge>, wire: Wire) {
    if let Some(answer) = script::on_accept(&edge.options.answer) {
        return answer.give(wire, None).await;
    }
    if edge.is_gone() {
        return match edge.options.death {
            Death::Silence => relay::swallow(wire).await,
            _ => drop(wire),
        };
    }
    let entering = tokio::time::timeout(door::SLOWEST_CLIENT, door::enter(&edge, wire));
    let Ok(Some(guest)) = entering.await else { return };
    let prior = edge.options.h2 != H2::Off && edge.options.http1 == Http1::Closed && guest.begins_with_http2().await;
    match edge.options.mode {
        Mode::Tcp => relay::bytes(&edge, guest).await,
        Mode::Http if prior || guest.speaks_http2() || edge.options.http1 == Http1::Frames => http2::requests(&edge, guest).await,
        Mode::Http if edge.options.http1 == Http1::Closed => http1::deaf(guest).await,
        Mode::Http => http1::request(&edge, guest).await,
    }
}

impl Edge {
    /// Whether it has ended what was open, for good.
    fn is_gone(&self) -> bool {
        let at = self.since + Duration::from_millis(self.options.reload_ms);
        self.options.stays_down && self.options.reload_ms > 0 && clock::now() >= at
    }

    /// The request as it is to be handed on, or what the edge says to it.
    fn admit(&self, head: Head, client: IpAddr, secure: bool) -> Result<Head, Why> {
        let length = head.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if length > self.options.body_limit {
            return Err(Why::LongBody);
        }
        let site = forward::serves(&self.options, head.get("host").unwrap_or_default());
        let inner = if site { forward::rewritten(&self.options, head, client, secure) } else { None };
        inner.ok_or(Why::NoSite)
    }
}

/// The status of a scripted answer that has nothing else: it is left to the product to put it in words.
fn bare(answer: &Answer) -> Option<Occasion> {
    let Answer { to: _, status: Some(status), headers, body, raw: None, frames: None, end: None } = answer else { return None };
    (headers.is_empty() && body.is_empty()).then_some(Occasion::Status(status.code))
}
