//! Health once more, where no gateway answered it: by what the port may speak instead of what the path says.
//!
//! Tried with Traefik 3.7.15, one entry point of which takes plain text and TLS alike and has the gateway's site for one of them: the
//! other one is 404 `404 page not found`. And with Envoy 1.40.0 (`codec_type: HTTP2`) and HAProxy 2.6.12 (`proto h2`) in plain text,
//! which end a request by HTTP/1.1 without a byte and answer one by HTTP/2.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Request, Version, header};

use super::{NAMED, USER_AGENT, build, fill, host, path};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::http::{Ask as Route, Author, By, Exchange, HTTP};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tls::Handshake;
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::path::Class;
use crate::probe::answer::Answer;
use crate::probe::exchange::{Exchanged, exchange};
use crate::probe::line::{self, Fault, Side};
use crate::probe::upgrade::once;
use crate::probe::{Ask, Done};
use crate::target::Way;

/// What a health answer makes worth trying: the other scheme where somebody who is no gateway answered, HTTP/2 where an edge asked
/// in plain text ended the connection without a word. A port that behaves as one for TLS is tried by a handshake alone, and a 5xx
/// is of somebody who knows the site.
pub(super) fn worth_trying(ask: &Ask<'_>, way: &Way, exchanged: &Exchanged) -> Option<By> {
    let plain = way.endpoint.scheme == Scheme::Ws;
    match (&exchanged.reply, exchanged.outcome) {
        (Some(reply), Exchange::Answered) if reply.status < 500 && way.endpoint.scheme != Scheme::Unix => {
            let foreign = matches!(Answer::read(reply, ask.redactor).author, Author::Edge | Author::Other);
            (foreign && !ask.lane.suspects_tls).then_some(By::OtherScheme)
        }
        (None, Exchange::ClosedEmpty | Exchange::Reset) if plain && way.kind.class() == Class::Edge => Some(By::Http2),
        _ => None,
    }
}

/// Asks once more if the health answer was one that makes that worth it; otherwise there is nothing to ask.
pub(super) async fn run(ask: &Ask<'_>, way: &Way) -> Done {
    let mut sheet = Sheet::new(&HTTP, ask.vantage);
    if let Some(by) = ask.lane.otherwise {
        let path = path(Route::Health, way, ask.target);
        let row = RowBuilder::new(&HTTP, [Value::from(Route::Otherwise.as_str()), Value::from(NAMED)])
            .set("path", path.clone())
            .set("by", by.as_str());
        let way = instead(way, by);
        let authority = host(&way);
        let row = match asked(ask, &way, by, (&authority, &path)).await {
            Ok(exchanged) => fill(ask, row, &exchanged, &way, (&authority, &path)),
            Err(fault) => failed(ask, row, &fault),
        };
        sheet.push(row);
    }
    Done { sheets: vec![sheet], succeeded: true }
}

/// The way as it is tried.
fn instead(way: &Way, by: By) -> Way {
    let mut way = way.clone();
    way.endpoint.scheme = match (by, way.endpoint.scheme) {
        (By::OtherScheme, Scheme::Ws) => Scheme::Wss,
        (By::OtherScheme, Scheme::Wss) => Scheme::Ws,
        (_, scheme) => scheme,
    };
    way
}

/// Neither a credential nor a header of the user's own goes along: nobody said that this scheme is fit for them.
async fn asked(ask: &Ask<'_>, way: &Way, by: By, (authority, path): (&str, &str)) -> Result<Exchanged, Fault> {
    let unsendable = |why: String| Fault::NotMeasured(Because::new(Reason::Unsupported, why));
    let side = Side { way, peer: ask.lane.peer, source: ask.lane.source };
    let line = line::open_to(ask, side, &["http/1.1"]).await?;
    Ok(match by {
        By::OtherScheme => {
            let request = build(path, authority, None, Vec::new()).map_err(unsendable)?;
            exchange(line.stream, request, &ask.deadline).await
        }
        By::Http2 => once(line.stream, by_http2(authority, path).map_err(unsendable)?, &ask.deadline).await,
    })
}

fn by_http2(authority: &str, path: &str) -> Result<Request<Empty<Bytes>>, String> {
    Request::get(format!("http://{authority}{path}"))
        .version(Version::HTTP_2)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .body(Empty::new())
        .map_err(|error| format!("the request cannot be built: {error}"))
}

/// A handshake that came to nothing is an answer: what the port speaks is no TLS.
fn failed(ask: &Ask<'_>, row: RowBuilder, fault: &Fault) -> Row {
    let outcome = match fault {
        Fault::Tls(Handshake::Silent | Handshake::Stalled) => Ok(Exchange::Silent),
        Fault::Tls(Handshake::ClosedEmpty) => Ok(Exchange::ClosedEmpty),
        Fault::Tls(Handshake::Reset) => Ok(Exchange::Reset),
        Fault::Tls(_) | Fault::NoProtocol => Ok(Exchange::Garbage),
        Fault::Tcp(_) | Fault::NotMeasured(_) => fault.outcome(ask),
    };
    match outcome {
        Ok(outcome) => row.set("outcome", outcome.as_str()).rest(Cell::Absent),
        Err(because) => row.rest(Cell::NotMeasured(because)),
    }
}

#[cfg(test)]
mod tests;
