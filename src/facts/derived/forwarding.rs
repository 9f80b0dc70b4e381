//! What an edge tells the gateway of its clients, from three answers of the readiness route: without a claim, with a claim to
//! come from loopback, and with one to come from a public address.
//!
//! Measured on nginx, Caddy, HAProxy, Apache, Envoy and Traefik in front of 2026.9.6, and on older releases. Before 2026.8.1 no
//! answer is a refusal: there a client that the gateway cannot attribute is remote, so that three remote answers tell nothing.

use super::release::{REFUSES, Release, release};
use crate::facts::sheet::{Row, RowBuilder, Sheet};
use crate::facts::store::Facts;
use crate::facts::tables::forwarding::{FORWARDING, Habit, Taken};
use crate::facts::tables::path::AddressClass;
use crate::facts::value::{Because, Cell, Reason, Value};
use crate::openclaw::upgrade::ATTRIBUTION;
use crate::path::{Kind, Path, Topology, Vantage};

/// Before this release only who asks for a loopback host is local: a client on the host is one, strangers are not.
const LOOKS_AT_PEER_ALONE: Release = [2026, 3, 31];

/// Writes `forwarding` for each path that leads through an edge and is no tunnel.
pub fn settle(facts: &mut Facts, topology: &Topology) {
    for path in topology.paths.iter().filter(|path| asks(path.kind)) {
        let row = row(facts, path);
        facts.add(Sheet { rows: vec![row], ..Sheet::new(&FORWARDING, &path.vantage) });
    }
}

/// Whether claims are made on a path of this kind: what comes out of a tunnel is local, and is meant to be.
const fn asks(kind: Kind) -> bool {
    matches!(kind, Kind::Serve | Kind::Funnel | Kind::Edge | Kind::Public)
}

fn row(facts: &Facts, path: &Path) -> Row {
    let at = &path.vantage;
    let alone = alone(facts, at);
    let (near, far) = (taken(facts, at, "claim-local"), taken(facts, at, "claim-remote"));
    let (edge, believed) = match [&alone, &near, &far].map(label) {
        [Ok(alone), Ok(near), Ok(far)] => read(alone, near, far, release(facts, at)),
        [Err(because), _, _] | [_, Err(because), _] | [_, _, Err(because)] => {
            (Cell::NotMeasured(because.clone()), Cell::NotMeasured(because))
        }
    };
    let row = RowBuilder::new(&FORWARDING, []).cell("alone", alone).cell("claiming-local", near).cell("claiming-remote", far);
    row.cell("edge", edge).cell("believed", believed).rest(Cell::Absent)
}

/// The edge's habit, and whether a claim is believed.
fn read(alone: Option<Taken>, near: Option<Taken>, far: Option<Taken>, release: Option<Release>) -> (Cell, Cell) {
    use Taken::{Local, Refused, Remote};
    let refuses = release.is_some_and(|release| release >= REFUSES);
    let (habit, believed) = match (alone, near, far) {
        (Some(Remote), Some(Remote), Some(Remote)) if refuses => (Some(Habit::Names), Some(false)),
        (Some(Remote), Some(Refused), Some(Remote)) => (Some(Habit::IfNone), Some(true)),
        (Some(Remote), Some(Refused), Some(Refused)) => (Some(Habit::Unseen), Some(false)),
        (Some(Refused), Some(Refused), Some(Remote)) => (Some(Habit::Believes), Some(true)),
        (Some(Refused), Some(Refused), Some(Refused)) => (Some(Habit::Unattributed), Some(false)),
        (Some(Local), Some(Refused), Some(Remote)) => (Some(Habit::Passes), Some(true)),
        (Some(Local), Some(Refused), Some(Refused)) => (Some(Habit::Passes), Some(false)),
        // Before 2026.8.1 a claim makes its client remote, believed or not.
        (Some(Local), Some(Remote), Some(Remote)) => (Some(Habit::Passes), None),
        (Some(Local), Some(Local), Some(Local)) => (Some(Habit::Strips), Some(false)),
        _ => (None, None),
    };
    (Cell::maybe(habit.map(Habit::as_str)), Cell::maybe(believed))
}

/// What was read off an answer, unless nobody could.
fn label(cell: &Cell) -> Result<Option<Taken>, Because> {
    match cell {
        Cell::NotMeasured(because) => Err(because.clone()),
        cell => Ok(cell.text().and_then(|word| word.parse().ok())),
    }
}

/// Whom a client without claims is taken for. An old gateway that is asked by a loopback name would take this very client for
/// local and others not, so that says nothing of others.
fn alone(facts: &Facts, at: &Vantage) -> Cell {
    let taken = taken(facts, at, "ready");
    let looks_at_host = release(facts, at).is_some_and(|release| release < LOOKS_AT_PEER_ALONE);
    let here = facts.look("path", at, &[], "address-class").is(AddressClass::Loopback.as_str());
    if taken.is(Taken::Local.as_str()) && looks_at_host && here {
        return Cell::not_measured(Because::new(
            Reason::Unsupported,
            "this release goes by the host that is asked for, which is loopback here",
        ));
    }
    taken
}

fn taken(facts: &Facts, at: &Vantage, probe: &str) -> Cell {
    let cell = |field: &str| facts.look("http", at, &[("probe", probe), ("address", "named")], field);
    let (error, detail) = (cell("error-type"), cell("detail"));
    match (cell("outcome"), detail.get()) {
        (Cell::NotMeasured(because), _) => Cell::NotMeasured(because),
        (outcome, _) if !outcome.is("answered") => {
            Cell::not_measured(Because::new(Reason::Blocked, format!("http@{at}[probe={probe}].outcome")))
        }
        _ if matches!(error, Cell::NotMeasured(_)) => error,
        _ if error.is(ATTRIBUTION) => Cell::value(Taken::Refused.as_str()),
        // One that is not ready says so to everybody, and what more it says differs by release.
        _ if !cell("body").is("ready") => Cell::Absent,
        (_, Some(Value::Bool(true))) => Cell::value(Taken::Local.as_str()),
        (_, Some(Value::Bool(false))) => Cell::value(Taken::Remote.as_str()),
        _ => Cell::Absent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: Option<Release> = Some([2026, 9, 6]);

    /// One letter for each answer: `L`ocal, `R`emote, `4`03, `-` for one that does not tell.
    fn told(answers: &str, release: Option<Release>) -> (String, String) {
        let taken = |letter: char| match letter {
            'L' => Some(Taken::Local),
            'R' => Some(Taken::Remote),
            '4' => Some(Taken::Refused),
            _ => None,
        };
        let mut all = answers.chars().map(taken);
        let (edge, believed) = read(all.next().unwrap(), all.next().unwrap(), all.next().unwrap(), release);
        let shown = |cell: Cell| cell.get().map_or_else(|| "-".to_owned(), Value::to_string);
        (shown(edge), shown(believed))
    }

    #[test]
    fn every_line_of_the_measured_table() {
        for (answers, edge, believed) in [
            ("RRR", "names", "false"),
            ("44R", "believes", "true"),
            ("R4R", "if-none", "true"),
            ("L4R", "passes", "true"),
            ("L44", "passes", "false"),
            ("LLL", "strips", "false"),
            ("444", "unattributed", "false"),
            ("R44", "unseen", "false"),
            ("---", "-", "-"),
            ("R-R", "-", "-"),
            ("LR4", "-", "-"),
        ] {
            assert_eq!(told(answers, NEW), (edge.to_owned(), believed.to_owned()), "{answers}");
        }
    }

    #[test]
    fn a_release_that_refuses_nobody_tells_less() {
        for release in [Some([2026, 7, 1]), None] {
            assert_eq!(told("RRR", release), ("-".to_owned(), "-".to_owned()));
            assert_eq!(told("LRR", release), ("passes".to_owned(), "-".to_owned()));
        }
    }
}
