//! What is to be told of ways beyond their rows: the addresses of a name and which one a client takes, and what becomes of a
//! request's path, host and TLS at an edge.

use super::Report;
use super::grid::{several_sites, shown};
use super::style::Style;
use super::table::row;
use super::text::tame;
use crate::facts::tables::passage::{Names, Prefix, TlsEnds};
use crate::facts::tables::tcp::Taken;
use crate::facts::{Cell, Row, SheetState, Value, derived};
use crate::path::{Kind, Path};

/// A line for each path that has more than one address, and one for each edge that does more than hand on.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let paths = &report.judgement.topology.paths;
    let addresses = block("addresses", paths.iter().filter_map(|path| addresses(report, path)), style);
    addresses + &block("passage", paths.iter().filter_map(|path| passage(report, path)), style)
}

/// What becomes of a request at the edge, unless that is what everybody expects.
fn passage(report: &Report<'_>, path: &Path) -> Option<String> {
    let facts = &report.judgement.facts;
    let look = |table: &str, field: &str| facts.look(table, &path.vantage, &[], field);
    let below = look("path", "below").text().map(tame).unwrap_or_default();
    let mut pieces: Vec<String> = Vec::new();
    pieces.extend(word(&look("passage", "prefix")).map(|prefix| match prefix {
        Prefix::Stripped => format!("the edge strips the prefix {below}"),
        Prefix::Kept => format!("the edge keeps the prefix {below}"),
    }));
    pieces.extend(word(&look("passage", "names")).and_then(|names| match names {
        Names::Decide => Some("the edge decides by the name that is asked for".to_owned()),
        Names::DoNotMatter => None,
    }));
    let tunnel = path.kind == Kind::Tunnel;
    pieces.extend(word(&look("passage", "tls")).and_then(|ends| match ends {
        TlsEnds::Twice => Some("TLS ends at the edge; the gateway speaks TLS too".to_owned()),
        TlsEnds::BehindOnly => Some("the edge is asked in plain text; the gateway speaks TLS".to_owned()),
        TlsEnds::OneCertificate if !tunnel => Some("TLS passes the edge, or both have one certificate".to_owned()),
        TlsEnds::OneCertificate | TlsEnds::AtEdge | TlsEnds::Nowhere => None,
    }));
    (!pieces.is_empty()).then(|| format!("{}: {}", shown(&path.vantage, several_sites(report)), pieces.join(" · ")))
}

fn word<T: std::str::FromStr>(cell: &Cell) -> Option<T> {
    cell.text()?.parse().ok()
}

/// Paths by which HTTP/3 is offered: told as seen, and not measured.
pub fn offers_http3<'a>(report: &'a Report<'_>) -> impl Iterator<Item = &'a Path> {
    let offers =
        |path: &&Path| report.judgement.facts.look("passage", &path.vantage, &[], "http3").get() == Some(&Value::Bool(true));
    report.judgement.topology.paths.iter().filter(offers)
}

/// Lines under one label.
fn block(label: &str, lines: impl Iterator<Item = String>, style: &Style) -> String {
    lines.enumerate().map(|(at, line)| row(if at == 0 { label } else { "" }, &line, style)).collect()
}

/// Each address, how it ended, and which one a client takes.
fn addresses(report: &Report<'_>, path: &Path) -> Option<String> {
    let facts = &report.judgement.facts;
    let sheet = facts.sheet("tcp", Some(&path.vantage)).filter(|sheet| sheet.state == SheetState::Complete)?;
    let named: Vec<&Row> = sheet.rows.iter().filter(|row| derived::is_named(row)).collect();
    if named.len() < 2 {
        return None;
    }
    let host = facts.look("path", &path.vantage, &[], "host").text().map(|host| format!(" ({})", tame(host))).unwrap_or_default();
    let each: Vec<String> = named.iter().map(|row| format!("{} {}", address(row), ended(row))).collect();
    Some(format!("{}{host}: {}; {}", shown(&path.vantage, several_sites(report)), each.join(", "), who(&named)))
}

fn address(row: &Row) -> String {
    row.key("address").map(|a| tame(&a.to_string())).unwrap_or_default()
}

/// How an attempt ended, and when where that matters.
fn ended(row: &Row) -> String {
    let (connected, after) = (row.cell("connected"), row.cell("after").and_then(Cell::get));
    match (connected, after) {
        (Some(Cell::Value { value }), Some(after)) if connected.is_some_and(|c| c.is("accepted")) => {
            format!("{} in {after}", tame(&value.to_string()))
        }
        (Some(Cell::Value { value }), Some(after)) if connected.is_some_and(|c| c.is("silent")) => {
            format!("{} for {after}", tame(&value.to_string()))
        }
        (Some(Cell::Value { value }), _) => tame(&value.to_string()),
        _ => "not measured".to_owned(),
    }
}

/// Which address which client takes.
fn who(named: &[&Row]) -> String {
    let taken = |row: &Row| row.cell("taken").and_then(word::<Taken>);
    let by =
        |client: Taken| named.iter().find(|row| [Some(client), Some(Taken::Clients)].contains(&taken(row))).map(|r| address(r));
    if named.iter().all(|row| taken(row).is_none()) {
        return "which one a client takes is not known".to_owned();
    }
    match (by(Taken::Node), by(Taken::Browsers)) {
        (Some(node), Some(browser)) if node == browser => format!("clients take {node}"),
        (Some(node), Some(browser)) => format!("Node's clients take {node}, browsers {browser}"),
        (Some(node), None) => format!("Node's clients take {node}"),
        (None, Some(browser)) => format!("browsers take {browser}, and Node's clients give up (250 ms for each but the last)"),
        (None, None) => "no client gets through".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Sheet;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::passage::PASSAGE;
    use crate::facts::tables::tcp::TCP;
    use crate::path::Vantage;

    fn told(rows: &[(&str, &str, f64, &str)]) -> String {
        let mut sample = sample::symptoms();
        let at = Vantage::path("here", "edge:corp");
        sample.judgement.facts.take("tcp", Some(&at));
        let mut sheet = Sheet::new(&TCP, &at);
        for (address, connected, after, taken) in rows {
            let row = RowBuilder::new(&TCP, [Value::from(*address), Value::Int(443)]).set("named", true);
            let row = row.set("connected", *connected).set("after", Value::ms(*after)).set("taken", *taken);
            sheet.push(row.rest(Cell::Absent));
        }
        sample.judgement.facts.add(sheet);
        render(&sample.report(), &Style { width: 200, ..Style::default() }).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_an_edge_does_to_path_name_and_tls_is_one_line() {
        let told = |cells: &[(&str, &str)]| {
            let mut sample = sample::symptoms();
            let at = Vantage::path("here", "edge:lab");
            let mut path = sample.judgement.facts.take("path", Some(&at)).unwrap();
            path.rows[0].put("below", Cell::value("/claw"));
            sample.judgement.facts.add(path);
            let mut sheet = Sheet::new(&PASSAGE, &at);
            let row = cells.iter().fold(RowBuilder::new(&PASSAGE, []), |row, (field, word)| row.set(field, *word));
            sheet.push(row.rest(Cell::Absent));
            sample.judgement.facts.add(sheet);
            let text = render(&sample.report(), &Style { width: 200, ..Style::default() });
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&[("tls", "at-edge"), ("names", "do-not-matter")]), "", "as everywhere");
        assert_eq!(told(&[("prefix", "stripped")]), "passage edge:lab: the edge strips the prefix /claw");
        assert_eq!(
            told(&[("prefix", "kept"), ("names", "decide"), ("tls", "twice")]),
            "passage edge:lab: the edge keeps the prefix /claw · the edge decides by the name that is asked for · TLS ends at \
             the edge; the gateway speaks TLS too"
        );
    }

    #[test]
    fn one_address_is_no_matter() {
        assert_eq!(told(&[("192.0.2.1", "accepted", 1.0, "clients")]), "");
    }

    #[test]
    fn each_address_is_told_and_who_takes_it() {
        let (silent, good) = (("2001:db8::1", "silent", 1_000.0, "nobody"), ("192.0.2.1", "accepted", 12.0, "clients"));
        assert_eq!(
            told(&[silent, good]),
            "addresses edge:corp (gw.example): 2001:db8::1 silent for 1 s, 192.0.2.1 accepted in 12 ms; clients take 192.0.2.1"
        );
        let slow = ("2001:db8::1", "accepted", 400.0, "browsers");
        assert!(told(&[slow, ("192.0.2.1", "accepted", 200.0, "node")]).ends_with("take 192.0.2.1, browsers 2001:db8::1"));
        assert!(
            told(&[slow, ("192.0.2.1", "refused", 0.1, "nobody")]).contains("refused; browsers take 2001:db8::1, and Node's")
        );
        assert!(told(&[silent, ("192.0.2.1", "refused", 0.1, "nobody")]).ends_with("refused; no client gets through"));
    }
}
