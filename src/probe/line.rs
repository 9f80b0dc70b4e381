//! A line to the peer of a way: dialled and, where the way asks for it, secured.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::Ask;
use super::dial;
use super::secure::{self, Failure, Seen};
use super::socket::Stream;
use crate::clock::{self, Deadline, Instant};
use crate::facts::tables::http::Exchange;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tcp::Connected;
use crate::facts::tables::tls::Handshake;
use crate::facts::{Because, Reason};
use crate::path::{Class, Kind};
use crate::target::Way;

/// The alert of a server that speaks none of the protocols offered (RFC 7301, section 3.2).
const NO_PROTOCOL: &str = "no_application_protocol";

/// A line that is open.
pub struct Line {
    /// Bytes to and from the peer, decrypted.
    pub stream: Box<dyn Stream>,
    /// When it was begun.
    pub opened: Instant,
    /// How long it took to connect, before any TLS: the round trip to the peer.
    pub round_trip: Duration,
    /// Whether our end sends TCP keepalive; `None` where there is no TCP.
    pub keepalive: Option<bool>,
    /// What TLS showed; `None` on plain text.
    pub seen: Option<Seen>,
    /// Its place among the run's pre-authentication sockets: to be kept as long as the stream.
    pub permit: Arc<OwnedSemaphorePermit>,
}

/// Why there is no line.
#[derive(Debug)]
pub enum Fault {
    /// The connection failed.
    Tcp(Connected),
    /// The handshake failed.
    Tls(Handshake),
    /// The peer refused it because it speaks none of the protocols that were offered.
    NoProtocol,
    /// Nobody tried, or the run's time ended first.
    NotMeasured(Because),
}

impl Fault {
    /// The fault as the outcome of the request for which the line was wanted.
    ///
    /// What is no outcome of a request is not measured: the probe of the layer below tells about it.
    pub fn outcome(&self, ask: &Ask<'_>) -> Result<Exchange, Because> {
        match self {
            Self::Tcp(Connected::Silent) | Self::Tls(Handshake::Silent) => Ok(Exchange::Silent),
            Self::Tcp(Connected::Reset) | Self::Tls(Handshake::Reset) => Ok(Exchange::Reset),
            Self::Tls(Handshake::ClosedEmpty) => Ok(Exchange::ClosedEmpty),
            Self::Tcp(how) => Err(Because::new(
                Reason::Blocked,
                format!("the connection for it was {how}, unlike the one before on {}", ask.vantage),
            )),
            Self::Tls(_) | Self::NoProtocol => Err(Because::new(Reason::Blocked, format!("tls@{}.outcome", ask.vantage))),
            Self::NotMeasured(because) => Err(because.clone()),
        }
    }
}

/// The end that a line leads to, and the address it is dialled from.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The way.
    pub way: &'a Way,
    /// The address to dial; none for a Unix socket.
    pub peer: Option<SocketAddr>,
    /// The address to dial from; the system's choice without one.
    pub source: Option<IpAddr>,
}

/// Opens a line to a peer of the way, offering these application protocols if it is a TLS way.
///
/// A certificate that does not convince marks the lane as untrusted, so that no credential follows.
pub async fn open(ask: &mut Ask<'_>, peer: Option<SocketAddr>, alpn: &[&str]) -> Result<Line, Fault> {
    let Some(way) = ask.way else { return Err(Fault::NotMeasured(Because::new(Reason::Defect, "a line needs a path"))) };
    let line = open_to(ask, Side { way, peer, source: ask.lane.source }, alpn).await?;
    ask.lane.untrusted |= line.seen.as_ref().is_some_and(|seen| !seen.convinces());
    Ok(line)
}

/// Opens a line to any side; what its certificate is worth, the caller sees.
pub async fn open_to(ask: &Ask<'_>, side: Side<'_>, alpn: &[&str]) -> Result<Line, Fault> {
    let way = side.way;
    let permit = permit(ask).await?;
    let opened = clock::now();
    let (stream, keepalive) = dialled(side.source, way, side.peer, &ask.deadline).await?;
    let round_trip = clock::now() - opened;
    if way.endpoint.scheme != Scheme::Wss {
        return Ok(Line { stream, opened, round_trip, keepalive, seen: None, permit });
    }
    match secure::secure(stream, &way.endpoint, &ask.target.tls.towards(way), alpn, &ask.deadline).await {
        Ok((stream, seen)) => Ok(Line { stream, opened, round_trip, keepalive, seen: Some(seen), permit }),
        Err(Failure::Handshake(seen)) if seen.alert.as_deref() == Some(NO_PROTOCOL) => Err(Fault::NoProtocol),
        Err(Failure::Handshake(seen)) => Err(Fault::Tls(seen.outcome)),
        Err(Failure::NotMeasured(because)) => Err(Fault::NotMeasured(because)),
    }
}

/// A place among the run's pre-authentication sockets.
pub async fn permit(ask: &Ask<'_>) -> Result<Arc<OwnedSemaphorePermit>, Fault> {
    let all_taken = || Fault::NotMeasured(Because::new(Reason::Deadline, "no pre-authentication socket became free"));
    let wait = tokio::time::timeout_at(ask.deadline.at(), ask.sockets.clone().acquire_owned());
    wait.await.ok().and_then(Result::ok).map(Arc::new).ok_or_else(all_taken)
}

/// A connection without TLS, whatever the way's scheme is.
pub async fn plain(
    source: Option<IpAddr>,
    way: &Way,
    peer: Option<SocketAddr>,
    deadline: &Deadline,
) -> Result<Box<dyn Stream>, Fault> {
    dialled(source, way, peer, deadline).await.map(|(stream, _)| stream)
}

/// The same, and whether our end of it sends TCP keepalive.
async fn dialled(
    source: Option<IpAddr>,
    way: &Way,
    peer: Option<SocketAddr>,
    deadline: &Deadline,
) -> Result<(Box<dyn Stream>, Option<bool>), Fault> {
    let failed = |error: std::io::Error| match dial::manner(&error) {
        Connected::Silent if !deadline.is_own() => Fault::NotMeasured(Reason::Deadline.into()),
        how => Fault::Tcp(how),
    };
    match (way.endpoint.scheme, peer) {
        #[cfg(unix)]
        (Scheme::Unix, _) => Ok((Box::new(dial::dial_unix(&way.endpoint.host, deadline).await.map_err(failed)?), None)),
        #[cfg(not(unix))]
        (Scheme::Unix, _) => Err(Fault::NotMeasured(Because::new(Reason::Unsupported, "this system has no Unix sockets"))),
        (_, Some(peer)) => {
            let stream = dial::dial(peer, source, deadline).await.map_err(failed)?;
            let keepalive = socket2::SockRef::from(&stream).keepalive().ok();
            Ok((Box::new(stream), keepalive))
        }
        (_, None) => Err(Fault::NotMeasured(Because::new(Reason::Blocked, "no address accepted a connection"))),
    }
}

/// Whether the way leads through an edge that tells the gateway who asks: every edge but a tunnel.
pub fn attributes(way: &Way) -> bool {
    way.kind.class() == Class::Edge && way.kind != Kind::Tunnel
}

/// Why an answer that depends on who asks proves nothing here: the edge is dialled from a loopback address, as this host has
/// no other, and a right edge then makes the gateway refuse a client that is nobody, unless it vouches for its clients.
pub fn unattributable(ask: &Ask<'_>) -> Option<Because> {
    let loopback = ask.lane.peer.is_some_and(|p| p.ip().to_canonical().is_loopback());
    let blind = loopback && ask.lane.source.is_none() && ask.way.is_some_and(|way| attributes(way) && !way.vouches);
    blind.then(|| Because::new(Reason::Unsupported, "this host has no address but loopback to ask the edge from"))
}
