//! The `http` primitive: one route, and the answer judged by its shape.

mod otherwise;

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::{Method, Request, header};

use super::answer::Answer;
use super::exchange::{Exchanged, exchange};
use super::{Ask, Done, blank, line};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::http::{Ask as Route, Exchange, Flaw, HTTP};
use crate::facts::tables::path::Scheme;
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::fitness::fit;
use crate::openclaw::upgrade::ATTRIBUTION;
use crate::path::{Class, Kind};
use crate::target::{HEALTH_PATH, Target, Way};

/// As whom we ask.
pub const USER_AGENT: &str = concat!("clawprobe/", env!("CARGO_PKG_VERSION"));

/// The value of the key column `address` for the address that the path names.
const NAMED: &str = "named";

/// What a probe claims by `X-Forwarded-For`: a loopback address, and one that is for documentation only (RFC 5737).
const fn claim(route: Route) -> Option<(&'static str, &'static str)> {
    match route {
        Route::ClaimLocal => Some(("X-Forwarded-For", "127.0.0.1")),
        Route::ClaimRemote => Some(("X-Forwarded-For", "203.0.113.9")),
        _ => None,
    }
}

/// Asks one route at the peer of the lane, and on `local` the other loopback family for health and readiness as well.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let route = ask.with("probe").and_then(|word| word.parse().ok()).unwrap_or(Route::Health);
    let Some(way) = ask.way else { return defect(ask) };
    match route {
        Route::ViaProxy => return via_proxy(ask, way).await,
        Route::Otherwise => return otherwise::run(ask, way).await,
        _ => {}
    }
    let mut sheet = Sheet::new(&HTTP, ask.vantage);
    let (named, came) = request(ask, way, route, ask.lane.peer, NAMED.to_owned()).await;
    sheet.push(named);
    let both = way.kind == Kind::Local && matches!(route, Route::Health | Route::Ready);
    if let Some(other) = ask.lane.other.filter(|_| both) {
        sheet.push(request(ask, way, route, Some(other), other.ip().to_string()).await.0);
    }
    Done { sheets: vec![sheet], succeeded: came }
}

fn defect(ask: &Ask<'_>) -> Done {
    let because = Because::new(Reason::Defect, "a request needs a path");
    Done { sheets: blank(&[&HTTP], ask.step, ask.vantage, &because), succeeded: false }
}

/// Where a route is on a way, without query.
pub(super) fn path(route: Route, way: &Way, target: &Target) -> String {
    let below = below(way, target);
    match route {
        Route::Health | Route::ViaProxy | Route::Otherwise => {
            target.health_path.clone().unwrap_or_else(|| format!("{below}{HEALTH_PATH}"))
        }
        Route::Startup => format!("{below}/startupz"),
        Route::Ready | Route::ClaimLocal | Route::ClaimRemote => format!("{below}/readyz"),
        Route::Dashboard if !below.is_empty() => format!("{below}/"),
        Route::Dashboard => match target.config.base_path.as_deref().map(|p| p.trim_matches('/')).filter(|p| !p.is_empty()) {
            Some(base) => format!("/{base}/"),
            None => String::from("/"),
        },
    }
}

/// The path that an edge serves the gateway under: the one of its URL, unless `--health-path` says where the routes are. The
/// gateway itself has its routes in one place, whatever the path of the upgrade.
pub fn below<'a>(way: &'a Way, target: &Target) -> &'a str {
    let serves = way.kind.class() == Class::Edge && target.health_path.is_none();
    if serves { way.endpoint.path.trim_end_matches('/') } else { "" }
}

/// Asks one address; the row, and whether any byte came.
async fn request(ask: &mut Ask<'_>, way: &Way, route: Route, peer: Option<SocketAddr>, key: String) -> (Row, bool) {
    let path = path(route, way, ask.target);
    let row = RowBuilder::new(&HTTP, [Value::from(route.as_str()), Value::from(key.clone())]).set("path", path.clone());
    let authority = if key == NAMED { host(way) } else { peer.map_or_else(|| host(way), |p| plain_authority(p, way)) };
    let line = match line::open(ask, peer, &["http/1.1"]).await {
        Ok(line) => line,
        Err(fault) => {
            return match fault.outcome(ask) {
                Ok(outcome) => (row.set("outcome", outcome.as_str()).rest(Cell::Absent), false),
                Err(because) => (row.rest(Cell::NotMeasured(because)), false),
            };
        }
    };
    // Only now: the handshake may have marked the lane as untrusted.
    let request = match build(&path, &authority, claim(route), edge_headers(ask, way, peer)) {
        Ok(request) => request,
        Err(error) => return (row.rest(Cell::not_measured(Because::new(Reason::Unsupported, error))), false),
    };
    let exchanged = exchange(line.stream, request, &ask.deadline).await;
    if route == Route::Health && key == NAMED {
        ask.lane.suspects_tls = way.endpoint.scheme == Scheme::Ws && like_a_tls_port(&exchanged);
        ask.lane.otherwise = otherwise::worth_trying(ask, way, &exchanged);
    }
    let came = exchanged.bytes > 0;
    let asked = (authority.as_str(), path.as_str());
    (fill(ask, row, &exchanged, way, asked), came)
}

/// A port that speaks TLS closes on plain text, resets, sends an alert, or says 400.
fn like_a_tls_port(exchanged: &Exchanged) -> bool {
    let refused = exchanged.reply.as_ref().is_some_and(|r| r.status == 400);
    refused || matches!(exchanged.outcome, Exchange::ClosedEmpty | Exchange::Reset | Exchange::Garbage)
}

/// The rest of a row, from what came.
fn fill(ask: &Ask<'_>, row: RowBuilder, exchanged: &Exchanged, way: &Way, (authority, path): (&str, &str)) -> Row {
    if exchanged.ran_out && !ask.deadline.is_own() {
        return row.rest(Cell::not_measured(Reason::Deadline));
    }
    let Some(reply) = &exchanged.reply else {
        return row
            .set("outcome", exchanged.outcome.as_str())
            .maybe("flaw", exchanged.flaw.map(Flaw::as_str))
            .maybe("status", exchanged.status.map(i64::from))
            .maybe("after", exchanged.after)
            .rest(Cell::Absent);
    };
    let answer = Answer::read(reply, ask.redactor);
    let nobody = answer.error_type.as_deref() == Some(ATTRIBUTION);
    if let Some(because) = line::unattributable(ask).filter(|_| nobody) {
        return row.rest(Cell::NotMeasured(because));
    }
    row.set("outcome", exchanged.outcome.as_str())
        .maybe("flaw", flaw(exchanged, Some(&answer), way, authority, path).map(Flaw::as_str))
        .set("status", i64::from(reply.status))
        .set("body", answer.body.as_str())
        .set("author", answer.author.as_str())
        .maybe("product", answer.product.map(|p| p.as_str()))
        .maybe("server", answer.server)
        .maybe("content-type", answer.content_type)
        .maybe("location", answer.location)
        .maybe("retry-after", answer.retry_after)
        .maybe("error-type", answer.error_type)
        .maybe("detail", answer.detail)
        .maybe("uptime", answer.uptime)
        .maybe("version", answer.version)
        .maybe("failing", answer.failing)
        .maybe("allow-origin", answer.allow_origin)
        .maybe("alt-svc", answer.alt_svc)
        .set("edges", answer.edges)
        .set("says-plain", answer.says_plain)
        .maybe("page-socket", answer.page_socket.map(|s| s.as_str()))
        .maybe("after", exchanged.after)
        .set("bytes", i64::try_from(reply.body.len()).unwrap_or(i64::MAX))
        .rest(Cell::Absent)
}

/// What is wrong with an answer beside its content: as its bytes show it, or as what it says where it came from.
pub fn flaw(exchanged: &Exchanged, answer: Option<&Answer>, way: &Way, authority: &str, path: &str) -> Option<Flaw> {
    let scheme = if way.endpoint.scheme == Scheme::Wss { "https" } else { "http" };
    let asked = url::Url::parse(&format!("{scheme}://{authority}{path}")).ok();
    let redirect = exchanged.reply.as_ref().filter(|reply| (300..400).contains(&reply.status));
    let to = redirect.and_then(|reply| asked.as_ref()?.join(reply.header("location")?).ok());
    match answer {
        _ if to.is_some() && to == asked => Some(Flaw::Loop),
        Some(answer) if answer.too_deep => Some(Flaw::DeepJson),
        _ => exchanged.flaw,
    }
}

/// A request as a plain client sends it. The connection serves nothing else, so it is asked to be closed.
fn build(
    target: &str,
    authority: &str,
    claim: Option<(&'static str, &str)>,
    extra: Vec<(String, String)>,
) -> Result<Request<Empty<Bytes>>, String> {
    let mut request = Request::builder()
        .method(Method::GET)
        .uri(target)
        .header(header::HOST, authority)
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::CONNECTION, "close");
    if let Some((name, value)) = claim {
        request = request.header(name, value);
    }
    for (name, value) in extra {
        request = request.header(name, value);
    }
    request.body(Empty::new()).map_err(|error| format!("the request cannot be built: {error}"))
}

/// The `Host` of a way: without the port where it is the scheme's own.
pub fn host(way: &Way) -> String {
    let endpoint = &way.endpoint;
    match endpoint.scheme {
        Scheme::Unix => String::from("localhost"),
        Scheme::Ws if endpoint.port == 80 => without_port(&endpoint.host),
        Scheme::Wss if endpoint.port == 443 => without_port(&endpoint.host),
        _ => endpoint.authority(),
    }
}

fn without_port(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

fn plain_authority(peer: SocketAddr, way: &Way) -> String {
    let mut way = way.clone();
    way.endpoint.host = peer.ip().to_string();
    host(&way)
}

/// The health route of any side, as it is asked there; with one header more, if need be.
pub(super) fn health(
    ask: &Ask<'_>,
    side: line::Side<'_>,
    untrusted: bool,
    more: Option<(&'static str, &str)>,
) -> Result<Request<Empty<Bytes>>, String> {
    let own = login_headers(ask, side.way, side.peer, untrusted);
    build(&path(Route::Health, side.way, ask.target), &host(side.way), more, own)
}

/// The configured headers of an edge's own login: on edge paths only, and only where the credential may go too.
pub fn edge_headers(ask: &Ask<'_>, way: &Way, peer: Option<SocketAddr>) -> Vec<(String, String)> {
    login_headers(ask, way, peer, ask.lane.untrusted)
}

fn login_headers(ask: &Ask<'_>, way: &Way, peer: Option<SocketAddr>, untrusted: bool) -> Vec<(String, String)> {
    let peer = peer.map(|p| p.ip()).or_else(|| way.endpoint.ip());
    let mine = way.kind.class() == Class::Edge && fit(ask.vantage, way.endpoint.scheme, peer, untrusted).is_ok();
    ask.target.headers.iter().filter(|_| mine).map(|(name, value)| (name.clone(), value.reveal().to_owned())).collect()
}

/// Asks for the health route through the proxy that the environment names, if it would take requests to loopback addresses.
///
/// The only target ever named to a proxy is the loopback gateway itself; without such a proxy there is nothing to ask.
async fn via_proxy(ask: &mut Ask<'_>, way: &Way) -> Done {
    let mut sheet = Sheet::new(&HTTP, ask.vantage);
    let proxy = ask.target.proxies.iter().find(|p| p.takes_loopback).and_then(|p| p.address);
    let named = ask.lane.peer.filter(|p| p.ip().is_loopback() && way.kind == Kind::Local && way.endpoint.scheme == Scheme::Ws);
    let (Some(proxy), Some(named)) = (proxy, named) else { return Done { sheets: vec![sheet], succeeded: true } };
    let path = path(Route::ViaProxy, way, ask.target);
    let row = RowBuilder::new(&HTTP, [Value::from(Route::ViaProxy.as_str()), Value::from(NAMED)]).set("path", path.clone());
    let authority = plain_authority(named, way);
    let opened = match build(&format!("http://{authority}{path}"), &authority, None, Vec::new()) {
        Ok(request) => line::open(ask, Some(proxy), &[]).await.map(|line| (line, request)),
        Err(error) => Err(line::Fault::NotMeasured(Because::new(Reason::Unsupported, error))),
    };
    let row = match opened {
        Ok((line, request)) => {
            let exchanged = exchange(line.stream, request, &ask.deadline).await;
            fill(ask, row, &exchanged, way, (&authority, &path))
        }
        Err(fault) => match fault.outcome(ask) {
            Ok(outcome) => row.set("outcome", outcome.as_str()).rest(Cell::Absent),
            // A proxy that refuses is one that loopback clients would fail at.
            Err(_) if matches!(fault, line::Fault::Tcp(_)) => row.set("outcome", Exchange::Reset.as_str()).rest(Cell::Absent),
            Err(because) => row.rest(Cell::NotMeasured(because)),
        },
    };
    sheet.push(row);
    Done { sheets: vec![sheet], succeeded: true }
}

#[cfg(test)]
mod tests;
