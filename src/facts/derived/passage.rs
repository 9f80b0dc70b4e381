//! What becomes of a request's path, host and TLS on the way through an edge.

use super::{asked, pair};
use crate::facts::sheet::{Row, RowBuilder, Sheet, SheetState};
use crate::facts::store::Facts;
use crate::facts::tables::http::{Author, Body, Exchange};
use crate::facts::tables::passage::{Names, PASSAGE, Prefix, TlsEnds};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tls::{Handshake, Trust};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::path::{Class, Path, Topology, Vantage};

/// Writes `passage` for each path through an edge; `pair` is settled by then.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in topology.paths.iter().filter(|path| path.class == Class::Edge) {
        let row = RowBuilder::new(&PASSAGE, [])
            .cell("prefix", prefix(facts, &path.vantage))
            .cell("names", names(facts, topology, path))
            .cell("tls", tls(facts, topology, path))
            .cell("http3", http3(facts, &path.vantage));
        facts.add(Sheet { rows: vec![row.rest(Cell::Absent)], ..Sheet::new(&PASSAGE, &path.vantage) });
    }
}

fn health(facts: &Facts, at: &Vantage, field: &str) -> Cell {
    facts.look("http", at, &[("probe", "health"), ("address", "named")], field)
}

/// The gateway has its health route in one place and answers any path it does not know with its page.
fn prefix(facts: &Facts, at: &Vantage) -> Cell {
    match (facts.look("path", at, &[], "below"), health(facts, at, "body")) {
        (Cell::NotMeasured(because), _) => Cell::NotMeasured(because),
        (Cell::Absent, _) => Cell::Absent,
        (_, Cell::NotMeasured(because)) => Cell::NotMeasured(because),
        (_, body) if body.is(Body::Live.as_str()) => Cell::value(Prefix::Stripped.as_str()),
        (_, body) if body.is(Body::ControlUi.as_str()) => Cell::value(Prefix::Kept.as_str()),
        _ => Cell::Absent,
    }
}

/// Compares the path with others that lead to the same address and port by another name.
fn names(facts: &Facts, topology: &Topology, path: &Path) -> Cell {
    let look = |at: &Vantage, field: &str| facts.look("path", at, &[], field);
    let own = peer(facts, &path.vantage);
    let alike = |other: &&Path| {
        let same = |field: &str| look(&path.vantage, field) == look(&other.vantage, field);
        own.is_some()
            && other.vantage != path.vantage
            && peer(facts, &other.vantage) == own
            && same("scheme")
            && same("below")
            && !same("host")
    };
    let mut others = topology.paths.iter().filter(|other| other.class == Class::Edge).filter(alike).peekable();
    if others.peek().is_none() {
        return Cell::not_measured(Because::new(Reason::NotPlanned, "no path asks the same address by another name"));
    }
    let all: Option<Vec<bool>> = others.chain([path]).map(|p| leads(facts, &p.vantage)).collect();
    Cell::maybe(all.and_then(|all| match (all.contains(&true), all.contains(&false)) {
        (true, true) => Some(Names::Decide.as_str()),
        (true, false) => Some(Names::DoNotMatter.as_str()),
        _ => None,
    }))
}

/// The address and port that were asked.
fn peer(facts: &Facts, at: &Vantage) -> Option<(Value, Value)> {
    let sheet = facts.sheet("tcp", Some(at))?;
    let row = &sheet.rows[asked(sheet)?];
    Some((row.key("address")?.clone(), row.key("port")?.clone()))
}

/// Whether a path leads to the gateway (`true`) or to something else; `None` where neither is sure.
fn leads(facts: &Facts, at: &Vantage) -> Option<bool> {
    let (author, outcome) = (health(facts, at, "author"), health(facts, at, "outcome"));
    let tls = |field: &str| facts.look("tls", at, &[("purpose", "use")], field);
    if author.is(Author::Gateway.as_str()) {
        return Some(true);
    }
    let answered = outcome.is(Exchange::Answered.as_str()) && matches!(author, Cell::Value { .. });
    let other_name = tls("trust").is(Trust::WrongName.as_str()) || tls("outcome").is(Handshake::Alert.as_str());
    (answered || other_name).then_some(false)
}

/// What a path shows of TLS: none, or the fingerprint of a certificate.
enum Shown {
    Plain,
    Certificate(Value),
}

fn shown(facts: &Facts, at: &Vantage) -> Result<Option<Shown>, Because> {
    let tls = |field: &str| facts.look("tls", at, &[("purpose", "use")], field);
    match facts.look("path", at, &[], "scheme") {
        Cell::NotMeasured(because) => Err(because),
        scheme if scheme.is(Scheme::Wss.as_str()) => match (tls("outcome"), tls("fingerprint")) {
            (Cell::NotMeasured(because), _) => Err(because),
            (outcome, Cell::Value { value }) if outcome.is(Handshake::Established.as_str()) => {
                Ok(Some(Shown::Certificate(value)))
            }
            _ => Ok(None),
        },
        // In plain text only what was answered by HTTP is known to be so.
        _ => match health(facts, at, "author") {
            Cell::NotMeasured(because) => Err(because),
            author => Ok(author.is(Author::Gateway.as_str()).then_some(Shown::Plain)),
        },
    }
}

/// Compares what the edge shows with what the gateway itself does.
fn tls(facts: &Facts, topology: &Topology, path: &Path) -> Cell {
    let Some(direct) = topology.direct(&path.vantage, |a, b| pair::apart(facts, a, b)) else {
        return Cell::not_measured(Because::new(Reason::NotPlanned, "no direct path shows what the gateway itself speaks"));
    };
    match (shown(facts, &path.vantage), shown(facts, &direct.vantage)) {
        (Err(because), _) | (_, Err(because)) => Cell::NotMeasured(because),
        (Ok(edge), Ok(gateway)) => Cell::maybe(edge.zip(gateway).map(|both| ends(both).as_str())),
    }
}

fn ends(both: (Shown, Shown)) -> TlsEnds {
    match both {
        (Shown::Plain, Shown::Plain) => TlsEnds::Nowhere,
        (Shown::Plain, Shown::Certificate(_)) => TlsEnds::BehindOnly,
        (Shown::Certificate(_), Shown::Plain) => TlsEnds::AtEdge,
        (Shown::Certificate(a), Shown::Certificate(b)) if a == b => TlsEnds::OneCertificate,
        (Shown::Certificate(_), Shown::Certificate(_)) => TlsEnds::Twice,
    }
}

/// Whether an answer offers HTTP/3; `clear` takes offers back (RFC 7838, section 3).
fn http3(facts: &Facts, at: &Vantage) -> Cell {
    let (rows, state) = facts.rows("http", Some(at));
    let answered = rows.iter().filter(|row| row.cell("outcome").is_some_and(|c| c.is(Exchange::Answered.as_str())));
    let answered: Vec<&Row> = answered.filter(|row| row.key("probe").and_then(Value::as_text) != Some("via-proxy")).collect();
    let offers = |row: &&Row| row.cell("alt-svc").and_then(Cell::text).is_some_and(offers_http3);
    match state {
        SheetState::NotMeasured(because) => Cell::NotMeasured(because),
        _ if answered.is_empty() => Cell::not_measured(Because::new(Reason::Blocked, format!("http@{at}[probe=health].outcome"))),
        _ => Cell::value(answered.iter().any(offers)),
    }
}

/// `h3`, or a draft of it such as `h3-29` (RFC 9114, section 3.1.1; RFC 7838, section 3).
fn offers_http3(header: &str) -> bool {
    let protocols = header.split(',').filter_map(|offer| offer.split_once('=')).map(|(protocol, _)| protocol.trim());
    protocols.into_iter().any(|protocol| protocol == "h3" || protocol.starts_with("h3-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_of_http3_is_read_off_the_header() {
        for (header, offers) in [
            (r#"h3=":443"; ma=2592000"#, true),
            (r#"h2=":443", h3-29=":443"; ma=86400"#, true),
            (r#"h2="alt.example:8000""#, false),
            ("clear", false),
            (r#"h30=":443""#, false),
        ] {
            assert_eq!(offers_http3(header), offers, "{header}");
        }
    }

    #[test]
    fn where_tls_ends_follows_from_what_both_show() {
        let certificate = |text: &str| Shown::Certificate(Value::from(text));
        assert_eq!(ends((certificate("a"), certificate("b"))), TlsEnds::Twice);
        assert_eq!(ends((certificate("a"), certificate("a"))), TlsEnds::OneCertificate);
        assert_eq!(ends((certificate("a"), Shown::Plain)), TlsEnds::AtEdge);
        assert_eq!(ends((Shown::Plain, certificate("a"))), TlsEnds::BehindOnly);
        assert_eq!(ends((Shown::Plain, Shown::Plain)), TlsEnds::Nowhere);
    }
}
