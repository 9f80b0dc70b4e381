//! What a browser would make of the dashboard as a path serves it.

use super::release::{Release, release};
use crate::facts::sheet::{Row, RowBuilder, Sheet};
use crate::facts::store::Facts;
use crate::facts::tables::browser::{BROWSER, Context, Needs};
use crate::facts::tables::http::PageSocket;
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::value::Cell;
use crate::path::{Topology, Vantage};

/// The last release whose page was read to sign by the browser alone (`crypto.subtle`).
const SIGNS_BY_BROWSER: Release = [2026, 7, 1];

/// The first release whose page was read to sign by itself. Those in between were not looked at.
const SIGNS_BY_ITSELF: Release = [2026, 9, 6];

/// Writes `browser` for each path.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in &topology.paths {
        let row = row(facts, &path.vantage);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&BROWSER, &path.vantage) });
    }
}

fn row(facts: &Facts, at: &Vantage) -> Row {
    let page = |field: &str| facts.look("http", at, &[("probe", "dashboard"), ("address", "named")], field);
    let path = |field: &str| facts.look("path", at, &[], field);
    let secure = path("scheme").is(Scheme::Wss.as_str());
    let own = path("address-class").is(AddressClass::Loopback.as_str());
    let (context, mixed) = match (page("body"), page("page-socket")) {
        (Cell::NotMeasured(because), _) => (Cell::NotMeasured(because.clone()), Cell::NotMeasured(because)),
        (body, socket) => {
            let context = if secure || own { Context::Secure } else { Context::Insecure };
            let served = body.is("control-ui").then(|| context.as_str());
            (Cell::maybe(served), Cell::value(secure && socket.is(PageSocket::Plain.as_str())))
        }
    };
    let needs = release(facts, at).and_then(needs).map(Needs::as_str);
    RowBuilder::new(&BROWSER, []).cell("context", context).maybe("needs", needs).cell("mixed", mixed).rest(Cell::Absent)
}

fn needs(release: Release) -> Option<Needs> {
    match release {
        old if old <= SIGNS_BY_BROWSER => Some(Needs::Secure),
        new if new >= SIGNS_BY_ITSELF => Some(Needs::Nothing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_releases_that_were_read_are_spoken_of() {
        for (release, expected) in [
            ([2026, 3, 13], Some(Needs::Secure)),
            ([2026, 7, 1], Some(Needs::Secure)),
            ([2026, 8, 1], None),
            ([2026, 9, 6], Some(Needs::Nothing)),
            ([2027, 1, 1], Some(Needs::Nothing)),
        ] {
            assert_eq!(needs(release), expected, "{release:?}");
        }
    }
}
