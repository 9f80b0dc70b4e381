//! The `tcp` primitive: connects to every address of the path, one after another.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::dial;
use super::line::{self, Fault};
use super::{Ask, Done, blank, netlink};
use crate::clock;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::listener::Family;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tcp::{Connected, TCP};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::own::{self, is_own};
use crate::path::Kind;
use crate::target::Way;

/// Dials the addresses of the way; the first named one that accepts is where every later probe of the lane goes.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let Some(way) = ask.way else {
        let because = Because::new(Reason::Defect, "a connection needs a path");
        return Done { sheets: blank(&[&TCP], ask.step, ask.vantage, &because), succeeded: false };
    };
    if way.endpoint.scheme == Scheme::Unix {
        return unix(ask, way).await;
    }
    if ask.lane.addresses.is_empty() {
        ask.lane.addresses.extend(way.endpoint.ip());
    }
    let mut sheet = Sheet::new(&TCP, ask.vantage);
    let dials = dials(way, &ask.lane.addresses);
    if dials.is_empty() {
        let because = ask.lane.blocked.clone().unwrap_or_else(|| String::from("the host has no known address"));
        sheet = Sheet::not_measured(&TCP, ask.vantage, Because::new(Reason::Blocked, because));
        return Done { sheets: vec![sheet], succeeded: false };
    }
    ask.lane.source = source(way, &ask.lane.addresses);
    let mut first = None;
    for (index, (address, named)) in dials.iter().enumerate() {
        let peer = SocketAddr::new(*address, way.endpoint.port);
        // Each address gets its share of what is left, so that a silent one does not take the time of the next.
        let share = ask.deadline.left() / u32::try_from(dials.len() - index).unwrap_or(1);
        let (row, accepted) = attempt(ask, peer, *named, share).await;
        first.get_or_insert_with(|| format!("tcp@{}[address={address},port={}].connected", ask.vantage, peer.port()));
        sheet.push(row);
        match (accepted, *named) {
            (true, true) if ask.lane.peer.is_none() => ask.lane.peer = Some(peer),
            (true, _) if way.kind == Kind::Local => ask.lane.other = Some(peer),
            _ => {}
        }
    }
    if ask.lane.peer.is_none() {
        ask.lane.blocked = first;
    }
    Done { sheets: vec![sheet], succeeded: ask.lane.peer.is_some() }
}

/// The addresses to dial and whether the path names them: on `local` the other loopback family comes last, unnamed.
fn dials(way: &Way, named: &[IpAddr]) -> Vec<(IpAddr, bool)> {
    let mut dials: Vec<(IpAddr, bool)> = Vec::new();
    for address in named {
        if !dials.iter().any(|(known, _)| known == address) {
            dials.push((*address, true));
        }
    }
    if way.kind == Kind::Local {
        for (family, other) in [(true, IpAddr::V4(Ipv4Addr::LOCALHOST)), (false, IpAddr::V6(Ipv6Addr::LOCALHOST))] {
            if !dials.is_empty() && dials.iter().all(|(a, _)| a.is_loopback() && a.is_ipv4() != family) {
                dials.push((other, false));
            }
        }
    }
    dials
}

/// One attempt: its row, and whether the peer accepted.
async fn attempt(ask: &Ask<'_>, peer: SocketAddr, named: bool, share: Duration) -> (Row, bool) {
    let family = if peer.is_ipv4() { Family::V4 } else { Family::V6 };
    let row = RowBuilder::new(&TCP, [Value::from(peer.ip()), Value::from(peer.port())])
        .set("named", named)
        .set("family", family.as_str())
        .set("own", is_own(peer.ip()));
    let _permit = match line::permit(ask).await {
        Ok(permit) => permit,
        Err(Fault::NotMeasured(because)) => return (row.rest(Cell::NotMeasured(because)), false),
        Err(_) => return (row.rest(Cell::not_measured(Reason::Deadline)), false),
    };
    let deadline = ask.deadline.within(share);
    let begun = clock::now();
    let dialled = dial::dial(peer, ask.lane.source, &deadline).await;
    let row = row.set("after", clock::now() - begun);
    match dialled {
        Ok(stream) => (measures(row.set("connected", Connected::Accepted.as_str()), &stream).rest(Cell::Absent), true),
        // A reset of the SYN is told as a refusal. Whoever resets has accepted first, and was quicker than our look.
        Err(error) if dial::manner(&error) == Connected::Reset => {
            (unlooked(row.set("connected", Connected::Accepted.as_str())), true)
        }
        Err(error) => {
            let how = dial::manner(&error);
            // The run's end may have cut the share as well.
            if how == Connected::Silent && !ask.deadline.is_own() {
                return (row.rest(Cell::not_measured(Reason::Deadline)), false);
            }
            // Our own deadline has no words of the system.
            let words = error.raw_os_error().map(|_| error.to_string());
            (unlooked(row.set("connected", how.as_str()).maybe("error", words)), false)
        }
    }
}

/// The rest of a row about a connection that is not there to be looked at.
fn unlooked(row: RowBuilder) -> Row {
    let nobody = Because::new(Reason::Blocked, "there is no connection");
    row.without("rtt", nobody.clone()).without("retransmits", nobody).rest(Cell::Absent)
}

fn measures(row: RowBuilder, stream: &TcpStream) -> RowBuilder {
    let ends = stream.local_addr().ok().zip(stream.peer_addr().ok());
    let row = row.maybe("source", ends.map(|(local, _)| local.ip()));
    match ends.and_then(|(local, peer)| netlink::tcp_info(local, peer)) {
        Some(info) => row.set("rtt", info.rtt).set("retransmits", i64::from(info.retransmits)),
        None => row.without("rtt", Reason::Unsupported).without("retransmits", Reason::Unsupported),
    }
}

/// The address to dial an edge from that listens on loopback: a right edge would tell the gateway that a loopback address
/// asks, and the gateway refuses such a client. An edge that vouches for its clients needs none.
fn source(way: &Way, addresses: &[IpAddr]) -> Option<IpAddr> {
    let first = addresses.first().filter(|a| a.to_canonical().is_loopback() && line::attributes(way) && !way.vouches)?;
    own::address(first.is_ipv4())
}

/// A Unix socket has no address to tell of, so the table stays empty: only whether it accepts matters to the lane, and the
/// `socket` probe has told that already, if it was asked.
async fn unix(ask: &mut Ask<'_>, way: &Way) -> Done {
    let told = ask.lane.reached || ask.lane.blocked.is_some();
    if !told && line::plain(ask.lane.source, way, None, &ask.deadline).await.is_err() {
        ask.lane.blocked = Some(format!("path@{}.host", ask.vantage));
    }
    Done { sheets: vec![Sheet::new(&TCP, ask.vantage)], succeeded: ask.lane.blocked.is_none() }
}

#[cfg(test)]
mod tests;
