//! `upgrade`: asks for a WebSocket, and reads whatever comes instead of one.
//!
//! `as = plain` leaves the WebSocket in the lane for the challenge and the connect; the other ways of asking end theirs at once.
//! With `offer = h2` a TLS way is asked as a browser asks it: HTTP/2 is offered; where the peer takes it and speaks RFC 8441, the
//! upgrade is an extended CONNECT, and where it does not, a second connection offers HTTP/1.1 alone. The outcome is what such a
//! client ends with, and `alpn` is what was chosen while both were offered. A plain-text way has no such row. Tried with nginx 1.22
//! in front of 2026.9.6: `alpn` h2, and the second connection switched. What HTTP/2 itself came to stands in `http2`, and whether
//! there is an HTTP/1.1 to fall back to in `fallback`, which an upgrade by HTTP/1.1 alone tells as well where its handshake is
//! refused for that.

mod extended;
mod request;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::{client::generate_key, derive_accept_key};

pub use self::extended::once;
use self::extended::{Extended, extended};
use super::answer::Answer;
use super::exchange::{Exchanged, Reply, exchange};
use super::http::{self, edge_headers, host};
use super::line::{self, Fault, Line};
use super::socket::Open;
use super::{Ask, Done, blank, frames};
use crate::clock::{self, Instant};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::http::{Ask as Route, Author, Exchange, Flaw};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tls::Handshake;
use crate::facts::tables::upgrade::{Arrived, As, Fallback, Http2, Offer, Switch, UPGRADE};
use crate::facts::{Because, Cell, Reason, Row, Sheet};
use crate::openclaw::upgrade::{ATTRIBUTION, Seen, arrived};
use crate::target::Way;

/// Asks for one upgrade.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let offer = ask.with("offer").and_then(|word| word.parse().ok()).unwrap_or(Offer::Http1);
    let client = ask.with("as").and_then(|word| word.parse().ok()).unwrap_or(As::Plain);
    let mut sheet = Sheet::new(&UPGRADE, ask.vantage);
    let Some(way) = ask.way else { return not_run(ask, &Reason::Unsupported.into()) };
    if offer == Offer::H2 && way.endpoint.scheme != Scheme::Wss {
        return Done { sheets: vec![sheet], succeeded: false };
    }
    let upgraded = match attempt(ask, way, offer, client).await {
        Ok(upgraded) => upgraded,
        Err(because) => return not_run(ask, &because),
    };
    sheet.push(row(ask, &upgraded, offer, client));
    let succeeded = upgraded.outcome == Switch::Switched;
    if let (true, Some(stream), Some(hold)) = (succeeded, upgraded.exchanged.switched, upgraded.hold) {
        let frames = frames::over(stream).await;
        if (offer, client) == (Offer::Http1, As::Plain) {
            let (switched, Hold { opened, round_trip, keepalive, permit }) = (clock::now(), hold);
            ask.lane.websocket = Some(Open { frames, switched, challenge: None, opened, round_trip, keepalive, permit });
        } else {
            frames::leave(frames, &ask.deadline).await;
        }
    }
    Done { sheets: vec![sheet], succeeded }
}

fn not_run(ask: &Ask<'_>, because: &Because) -> Done {
    Done { sheets: blank(&[&UPGRADE], ask.step, ask.vantage, because), succeeded: false }
}

/// An upgrade that was asked for.
struct Upgraded {
    outcome: Switch,
    exchanged: Exchanged,
    alpn: Option<String>,
    http2: Option<Http2>,
    fallback: Option<Fallback>,
    hold: Option<Hold>,
}

/// What a WebSocket takes over from its line.
struct Hold {
    opened: Instant,
    round_trip: Duration,
    keepalive: Option<bool>,
    permit: Arc<OwnedSemaphorePermit>,
}

impl Upgraded {
    /// An upgrade that ended before it could be asked for.
    fn never(fault: Exchange) -> Self {
        let outcome = if fault == Exchange::Silent { Switch::Silent } else { Switch::Closed };
        Self { outcome, exchanged: Exchanged::never(fault), alpn: None, http2: None, fallback: None, hold: None }
    }

    /// An upgrade by HTTP/1.1, refused in the handshake that offered nothing else.
    fn refused() -> Self {
        Self { fallback: Some(Fallback::Refused), ..Self::never(Exchange::ClosedEmpty) }
    }
}

async fn attempt(ask: &mut Ask<'_>, way: &Way, offer: Offer, client: As) -> Result<Upgraded, Because> {
    let protocols: &[&str] = if offer == Offer::H2 { &["h2", "http/1.1"] } else { &["http/1.1"] };
    let line = match line::open(ask, ask.lane.peer, protocols).await {
        Ok(line) => line,
        Err(Fault::NoProtocol) if offer == Offer::Http1 => return Ok(Upgraded::refused()),
        Err(fault) => return fault.outcome(ask).map(Upgraded::never),
    };
    let alpn = line.seen.as_ref().and_then(|seen| seen.alpn.clone());
    if alpn.as_deref() != Some("h2") {
        return Ok(Upgraded { alpn, ..plainly(ask, way, client, line).await? });
    }
    let headers = edge_headers(ask, way, ask.lane.peer);
    let first = request::settling(way, &http::path(Route::Health, way, ask.target))?;
    let request = request::extended(way, client, &headers)?;
    let (http2, exchanged) = match extended(line.stream, first, request, &ask.deadline).await {
        Extended::Answered(exchanged) => (Some(Http2::Offered), exchanged),
        Extended::Broken(exchanged) => (Some(Http2::Broken), exchanged),
        Extended::Late(exchanged) => (None, exchanged),
        Extended::NotOffered => {
            drop(line.permit);
            return Ok(Upgraded { alpn, http2: Some(Http2::NotOffered), ..again(ask, way, client).await? });
        }
    };
    let outcome = outcome(ask, &exchanged, |reply| reply.status == 200)?;
    Ok(Upgraded { outcome, exchanged, alpn, http2, fallback: None, hold: None })
}

/// Asks once more as a browser does whose peer speaks HTTP/2 without RFC 8441: by a connection that offers HTTP/1.1 alone.
async fn again(ask: &mut Ask<'_>, way: &Way, client: As) -> Result<Upgraded, Because> {
    let line = match line::open(ask, ask.lane.peer, &["http/1.1"]).await {
        Ok(line) => line,
        Err(Fault::Tls(Handshake::Alert) | Fault::NoProtocol) => return Ok(Upgraded::refused()),
        Err(fault) => return fault.outcome(ask).map(Upgraded::never),
    };
    let upgraded = plainly(ask, way, client, line).await?;
    let foreign = upgraded.exchanged.outcome == Exchange::Garbage;
    Ok(Upgraded { fallback: Some(if foreign { Fallback::Refused } else { Fallback::Spoken }), ..upgraded })
}

/// Asks by HTTP/1.1.
async fn plainly(ask: &Ask<'_>, way: &Way, client: As, line: Line) -> Result<Upgraded, Because> {
    let key = generate_key();
    let request = request::plain(way, client, &key, &edge_headers(ask, way, ask.lane.peer))?;
    let exchanged = exchange(line.stream, request, &ask.deadline).await;
    let accept = derive_accept_key(key.as_bytes());
    let right = |reply: &Reply| reply.status == 101 && reply.header("sec-websocket-accept") == Some(accept.as_str());
    let outcome = outcome(ask, &exchanged, right)?;
    let hold = Hold { opened: line.opened, round_trip: line.round_trip, keepalive: line.keepalive, permit: line.permit };
    Ok(Upgraded { outcome, exchanged, alpn: None, http2: None, fallback: None, hold: Some(hold) })
}

/// How it was answered. `switched` tells whether the answer is a right 101 (RFC 6455), or over HTTP/2 a 200 (RFC 8441).
fn outcome(ask: &Ask<'_>, exchanged: &Exchanged, switched: impl Fn(&Reply) -> bool) -> Result<Switch, Because> {
    let Some(reply) = &exchanged.reply else {
        return match ask.silence() {
            Some(because) if exchanged.ran_out => Err(because),
            _ if exchanged.ran_out || exchanged.outcome == Exchange::Silent => Ok(Switch::Silent),
            _ => Ok(Switch::Closed),
        };
    };
    Ok(match reply.status {
        _ if switched(reply) => Switch::Switched,
        101 => Switch::BadAccept,
        200..=299 => Switch::PlainAnswer,
        300..=399 => Switch::Redirected,
        400 | 405 => Switch::BadRequest,
        _ => Switch::Refused,
    })
}

fn row(ask: &Ask<'_>, upgraded: &Upgraded, offer: Offer, client: As) -> Row {
    let Upgraded { outcome, exchanged, alpn, http2, fallback, .. } = upgraded;
    let row = RowBuilder::new(&UPGRADE, [offer.as_str().into(), client.as_str().into()]);
    let answer = exchanged.reply.as_ref().map(|reply| (reply, Answer::read(reply, ask.redactor)));
    let nobody = answer.as_ref().is_some_and(|(_, answer)| answer.error_type.as_deref() == Some(ATTRIBUTION));
    if let Some(because) = line::unattributable(ask).filter(|_| nobody) {
        return row.rest(Cell::NotMeasured(because));
    }
    // A slow peer is as silent as one that is deaf to an extended CONNECT.
    let late = *http2 == Some(Http2::Offered) && *outcome == Switch::Silent;
    let row = if late { row.without("outcome", Reason::Deadline) } else { row.set("outcome", outcome.as_str()) };
    let row = row
        .maybe("flaw", flaw(ask, exchanged, answer.as_ref().map(|(_, answer)| answer)).map(Flaw::as_str))
        .maybe("address", ask.lane.peer.map(|peer| peer.to_string()))
        .maybe("alpn", alpn.as_deref())
        .maybe("fallback", fallback.map(Fallback::as_str))
        .maybe("after", exchanged.after);
    let row = match http2 {
        // Chosen, and nothing was heard of it: a slow peer is as silent as one that has none.
        None if alpn.as_deref() == Some("h2") => row.without("http2", Reason::Deadline),
        _ => row.maybe("http2", http2.map(Http2::as_str)),
    };
    match answer {
        Some((reply, answer)) => answered(row, *outcome, reply, &answer).rest(Cell::Absent),
        None => row.set("arrived", Arrived::Unknown.as_str()).rest(Cell::Absent),
    }
}

fn flaw(ask: &Ask<'_>, exchanged: &Exchanged, answer: Option<&Answer>) -> Option<Flaw> {
    let way = ask.way?;
    http::flaw(exchanged, answer, way, &host(way), &way.endpoint.request_target())
}

fn answered(row: RowBuilder, outcome: Switch, reply: &Reply, answer: &Answer) -> RowBuilder {
    let seen = Seen {
        status: reply.status,
        http_headers: answer.gateway_headers,
        error_type: answer.error_type.as_deref(),
        body: answer.body,
        author: answer.author,
        text: answer.text.as_deref().unwrap_or_default(),
    };
    let switching = matches!(outcome, Switch::Switched | Switch::BadAccept);
    let (arrived, author) = match outcome {
        Switch::Switched => (Arrived::Yes, Author::Gateway),
        // A gateway derives the accept key rightly; what does not is something else.
        Switch::BadAccept => (Arrived::Unknown, Author::Other),
        _ => (arrived(&seen), answer.author),
    };
    row.set("status", reply.status)
        .set("arrived", arrived.as_str())
        .set("author", author.as_str())
        .maybe("product", answer.product.map(|p| p.as_str()))
        .maybe("server", answer.server.clone())
        .maybe("body", (!switching).then(|| answer.body.as_str()))
        .maybe("content-type", answer.content_type.clone())
        .maybe("location", answer.location.clone())
        .maybe("retry-after", answer.retry_after)
        .maybe("error-type", answer.error_type.clone())
        .maybe("text", answer.text.clone())
        .maybe("headers", answer.headers.clone())
}

#[cfg(test)]
mod tests;
