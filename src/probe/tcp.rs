//! The `tcp` primitive: connects to every address of the path, one after another, in the order in which a client tries them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;

use super::dial;
use super::line::{self, Fault};
use super::{Ask, Done, blank, netlink};
use crate::clock;
use crate::eyeballs::{self, Attempt, End};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::listener::Family;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tcp::{Connected, TCP};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::own::{self, is_own};
use crate::path::Kind;
use crate::target::Way;

/// Dials the addresses of the way; the named one that a client takes is where every later probe of the lane goes.
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
        ask.lane.handed = Some(ask.lane.addresses.clone());
    }
    let mut sheet = Sheet::new(&TCP, ask.vantage);
    let dials = dials(way, &ask.lane.addresses);
    if dials.is_empty() {
        let because = ask.lane.blocked.clone().unwrap_or_else(|| String::from("the host has no known address"));
        sheet = Sheet::not_measured(&TCP, ask.vantage, Because::new(Reason::Blocked, because));
        return Done { sheets: vec![sheet], succeeded: false };
    }
    let mut first = None;
    let mut named = Vec::new();
    for (index, (address, is_named)) in dials.iter().enumerate() {
        let peer = SocketAddr::new(*address, way.endpoint.port);
        // Each address gets its share of what is left, so that a silent one does not take the time of the next.
        let share = ask.deadline.left() / u32::try_from(dials.len() - index).unwrap_or(1);
        let (row, ended) = attempt(ask, way, peer, *is_named, share).await;
        first.get_or_insert_with(|| format!("tcp@{}[address={address},port={}].connected", ask.vantage, peer.port()));
        sheet.push(row);
        if *is_named {
            named.push((peer, ended));
        } else if accepted(ended) {
            ask.lane.other = Some(peer);
        }
    }
    ask.lane.peer = taken(ask.lane.handed.as_deref(), &named);
    if way.kind == Kind::Local {
        let other = named.iter().find(|(peer, ended)| accepted(*ended) && Some(*peer) != ask.lane.peer);
        ask.lane.other = other.map(|(peer, _)| *peer).or(ask.lane.other);
    }
    ask.lane.source = ask.lane.peer.and_then(|peer| source(way, peer.ip()));
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

fn accepted(ended: Option<Attempt>) -> bool {
    ended.is_some_and(|attempt| attempt.end == End::Accepted)
}

/// The address that Node's clients take of those that they get; where they take none, or nobody can tell, the first that accepted.
fn taken(handed: Option<&[IpAddr]>, named: &[(SocketAddr, Option<Attempt>)]) -> Option<SocketAddr> {
    let got = named.iter().filter(|(peer, _)| handed.is_some_and(|handed| handed.contains(&peer.ip())));
    let (peers, attempts): (Vec<SocketAddr>, Vec<Option<Attempt>>) = got.copied().unzip();
    let attempts: Option<Vec<Attempt>> = attempts.into_iter().collect();
    let by_node = attempts.and_then(|attempts| eyeballs::node(&attempts).ok()?).map(|index| peers[index]);
    by_node.or_else(|| named.iter().find(|(_, ended)| accepted(*ended)).map(|(peer, _)| *peer))
}

/// The place of an address among those that the system hands to a client.
fn place(ask: &Ask<'_>, address: IpAddr, named: bool) -> Cell {
    match &ask.lane.handed {
        _ if !named => Cell::Absent,
        Some(handed) => Cell::maybe(handed.iter().position(|a| *a == address).and_then(|at| i64::try_from(at + 1).ok())),
        None => Cell::not_measured(Because::new(
            Reason::Unsupported,
            "the system did not tell in which order it hands out the addresses",
        )),
    }
}

/// One attempt: its row, and how it ended, unless nobody saw.
async fn attempt(ask: &Ask<'_>, way: &Way, peer: SocketAddr, named: bool, share: Duration) -> (Row, Option<Attempt>) {
    let family = if peer.is_ipv4() { Family::V4 } else { Family::V6 };
    let row = RowBuilder::new(&TCP, [Value::from(peer.ip()), Value::from(peer.port())])
        .set("named", named)
        .cell("place", place(ask, peer.ip(), named))
        .set("family", family.as_str())
        .set("own", is_own(peer.ip()));
    let _permit = match line::permit(ask).await {
        Ok(permit) => permit,
        Err(Fault::NotMeasured(because)) => return (row.rest(Cell::NotMeasured(because)), None),
        Err(_) => return (row.rest(Cell::not_measured(Reason::Deadline)), None),
    };
    let deadline = ask.deadline.within(share);
    let begun = clock::now();
    let dialled = dial::dial(peer, source(way, peer.ip()), &deadline).await;
    let after = clock::now() - begun;
    let row = row.set("after", after);
    let ended = |end: End| Some(Attempt { end, after: after.as_secs_f64() * 1e3 });
    match dialled {
        Ok(stream) => {
            (measures(row.set("connected", Connected::Accepted.as_str()), &stream).rest(Cell::Absent), ended(End::Accepted))
        }
        // A reset of the SYN is told as a refusal. Whoever resets has accepted first, and was quicker than our look.
        Err(error) if dial::manner(&error) == Connected::Reset => {
            (unlooked(row.set("connected", Connected::Accepted.as_str())), ended(End::Accepted))
        }
        Err(error) => {
            let how = dial::manner(&error);
            // The run's end may have cut the share as well.
            if how == Connected::Silent && !ask.deadline.is_own() {
                return (row.rest(Cell::not_measured(Reason::Deadline)), None);
            }
            // Our own deadline has no words of the system.
            let words = error.raw_os_error().map(|_| error.to_string());
            let end = if how == Connected::Silent { End::Silent } else { End::Failed };
            (unlooked(row.set("connected", how.as_str()).maybe("error", words)), ended(end))
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
fn source(way: &Way, address: IpAddr) -> Option<IpAddr> {
    let blind = address.to_canonical().is_loopback() && line::attributes(way) && !way.vouches;
    blind.then(|| own::address(address.is_ipv4())).flatten()
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
