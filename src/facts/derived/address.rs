//! Which of a path's addresses a client takes.

use crate::eyeballs::{self, Attempt, End};
use crate::facts::sheet::{Row, Sheet};
use crate::facts::store::Facts;
use crate::facts::tables::listener::Family;
use crate::facts::tables::tcp::{Connected, Taken};
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::path::Topology;

/// Writes `tcp.taken`.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let Some(mut sheet) = facts.take("tcp", Some(&path.vantage)) else { continue };
        let taken = taken(&sheet);
        for (row, cell) in sheet.rows.iter_mut().zip(taken) {
            row.put("taken", cell);
        }
        facts.add(sheet);
    }
}

/// The row whose address later probes of the path asked: the one that Node's clients take, or else the first that accepted.
pub fn asked(sheet: &Sheet) -> Option<usize> {
    let by_node = |row: &Row| row.cell("taken").is_some_and(|c| c.is(Taken::Clients.as_str()) || c.is(Taken::Node.as_str()));
    let first = || sheet.rows.iter().position(|row| is_named(row) && row.cell("connected").is_some_and(|c| c.is("accepted")));
    sheet.rows.iter().position(by_node).or_else(first)
}

/// Whether the path names the address of a row.
pub fn is_named(row: &Row) -> bool {
    row.cell("named").and_then(Cell::get) == Some(&true.into())
}

/// One cell for each row.
fn taken(sheet: &Sheet) -> Vec<Cell> {
    let named = sheet.rows.iter().filter(|row| is_named(row)).count();
    let mut told: Vec<Result<Option<(usize, i64)>, Because>> = Vec::new();
    for (index, row) in sheet.rows.iter().enumerate().filter(|(_, row)| is_named(row)) {
        told.push(match row.cell("place") {
            // One address has no order.
            _ if named == 1 => Ok(Some((index, 1))),
            Some(Cell::Value { value: Value::Int(place) }) => Ok(Some((index, *place))),
            Some(Cell::NotMeasured(because)) => Err(because.clone()),
            Some(_) => Ok(None),
            None => Err(Because::new(Reason::Unsupported, "nobody asked in which order the addresses are handed out")),
        });
    }
    let cells = told.into_iter().collect::<Result<Vec<_>, _>>().and_then(|handed| by_clients(sheet, handed));
    let cell = |(index, row): (usize, &Row)| match &cells {
        _ if !is_named(row) => Cell::Absent,
        Err(because) => Cell::NotMeasured(because.clone()),
        Ok(cells) => cells.iter().find(|(at, _)| *at == index).map_or(Cell::Absent, |(_, taken)| Cell::value(taken.as_str())),
    };
    sheet.rows.iter().enumerate().map(cell).collect()
}

/// What each client makes of the addresses that it is given.
fn by_clients(sheet: &Sheet, handed: Vec<Option<(usize, i64)>>) -> Result<Vec<(usize, Taken)>, Because> {
    let mut handed: Vec<(usize, i64)> = handed.into_iter().flatten().collect();
    handed.sort_by_key(|(_, place)| *place);
    // The family has a column of its own, as a public report has stand-ins for addresses.
    let is_v4 = |index: usize| sheet.rows[index].cell("family").is_some_and(|c| c.is(Family::V4.as_str()));
    let handed: Vec<usize> = handed.into_iter().map(|(index, _)| index).collect();
    let turns = eyeballs::in_turn(&handed, is_v4);
    let attempts: Vec<Attempt> = turns.iter().map(|index| attempt(&sheet.rows[*index])).collect::<Result<_, _>>()?;
    let unclear = |_| Because::new(Reason::Deadline, "an address was not waited for as long as clients do");
    let (node, browser) = (eyeballs::node(&attempts).map_err(unclear)?, eyeballs::browser(&attempts).map_err(unclear)?);
    let whose = |turn: usize| match (node == Some(turn), browser == Some(turn)) {
        (true, true) => Taken::Clients,
        (true, false) => Taken::Node,
        (false, true) => Taken::Browsers,
        (false, false) => Taken::Nobody,
    };
    Ok(turns.iter().enumerate().map(|(turn, index)| (*index, whose(turn))).collect())
}

fn attempt(row: &Row) -> Result<Attempt, Because> {
    let connected = match row.cell("connected") {
        Some(Cell::NotMeasured(because)) => return Err(because.clone()),
        cell => cell.and_then(Cell::text).and_then(|word| word.parse().ok()),
    };
    let end = match connected {
        Some(Connected::Accepted) => End::Accepted,
        Some(Connected::Silent) => End::Silent,
        Some(Connected::Refused | Connected::Reset | Connected::Unreachable) => End::Failed,
        None => return Err(Because::new(Reason::Unsupported, "it is not told how the attempt ended")),
    };
    let after = match row.cell("after").and_then(Cell::get) {
        Some(Value::Ms(after)) => *after,
        // Without times a refusal is quick, and silence was waited for; only an acceptance may be too late.
        _ if end == End::Silent => eyeballs::PATIENCE_MS,
        _ => 0.0,
    };
    Ok(Attempt { end, after })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::tcp::TCP;
    use crate::path::Vantage;

    /// Rows in the order in which they were dialled: address, place, how it ended, after how many milliseconds.
    fn told(rows: &[(&str, Cell, &str, f64)]) -> Vec<String> {
        let mut sheet = Sheet::new(&TCP, &Vantage::path("here", "edge"));
        for (address, place, connected, after) in rows {
            let family = if address.contains(':') { "v6" } else { "v4" };
            let row = RowBuilder::new(&TCP, [Value::from(*address), Value::Int(443)]).set("named", true).set("family", family);
            let row = row.cell("place", place.clone()).set("connected", *connected).set("after", Value::ms(*after));
            sheet.push(row.rest(Cell::Absent));
        }
        taken(&sheet).iter().map(Cell::to_string).collect()
    }

    fn place(place: i64) -> Cell {
        Cell::value(place)
    }

    #[test]
    fn an_address_alone_is_taken_or_not() {
        let nobody_knows = Cell::not_measured(Reason::Unsupported);
        assert_eq!(told(&[("192.0.2.1", nobody_knows.clone(), "accepted", 900.0)]), ["clients"]);
        assert_eq!(told(&[("192.0.2.1", nobody_knows, "refused", 0.1)]), ["nobody"]);
    }

    #[test]
    fn places_and_not_rows_decide() {
        let rows = [("192.0.2.1", place(2), "accepted", 1.0), ("2001:db8::1", place(1), "accepted", 1.0)];
        assert_eq!(told(&rows), ["nobody", "clients"]);
        let rows = [("192.0.2.1", place(2), "accepted", 1.0), ("2001:db8::1", place(1), "silent", 1_000.0)];
        assert_eq!(told(&rows), ["clients", "nobody"]);
    }

    #[test]
    fn clients_may_differ() {
        let rows = [("2001:db8::1", place(1), "accepted", 300.0), ("192.0.2.1", place(2), "accepted", 200.0)];
        assert_eq!(told(&rows), ["browsers", "node"]);
        let rows = [("2001:db8::1", place(1), "accepted", 300.0), ("192.0.2.1", place(2), "refused", 0.1)];
        assert_eq!(told(&rows), ["browsers", "nobody"]);
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        let unknown = Cell::not_measured(Reason::Unsupported);
        let rows = [("2001:db8::1", unknown.clone(), "accepted", 1.0), ("192.0.2.1", unknown, "accepted", 1.0)];
        assert_eq!(told(&rows), ["not measured: unsupported", "not measured: unsupported"]);
        let rows = [("2001:db8::1", place(1), "silent", 100.0), ("192.0.2.1", place(2), "accepted", 1.0)];
        assert!(told(&rows)[1].starts_with("not measured: deadline"), "{rows:?}");
        let rows = [("2001:db8::1", place(1), "accepted", 1.0), ("192.0.2.1", Cell::Absent, "accepted", 1.0)];
        assert_eq!(told(&rows), ["clients", "absent"], "it is handed to no client");
    }
}
