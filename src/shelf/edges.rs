//! `edges.toml`: what edge products do to quiet and to old connections, what they need to pass an upgrade, and what sizes they
//! take. Knowledge from elsewhere, so each number carries its source and the day it was taken from there.

use std::time::Duration;

use super::reader::{Item, Section, Source};
use crate::complaint::Complaint;
use crate::facts::tables::hold::Fate;
use crate::facts::tables::timer::Counts;
use crate::labels;

/// The file's name; every other file beside it, save the list of codes, is a matrix.
pub const FILE: &str = "edges.toml";

labels! {
    /// How something is known.
    pub enum By {
        Measured = "measured": "Measured, with the version named.",
        Vendor = "vendor": "The vendor says so.",
        Reported = "reported": "Somebody reports it.",
    }
}

labels! {
    /// What a timer measures.
    pub enum Kind {
        Idle = "idle": "Silence.",
        Lifetime = "lifetime": "Age, busy or not.",
    }
}

/// Where a number is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// How it is known.
    pub by: By,
    /// The product's version, the vendor's page, or the report.
    pub source: String,
    /// The day it was taken from there, `YYYY-MM-DD`.
    pub date: String,
}

/// A timer that ends connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// What it measures.
    pub kind: Kind,
    /// The setting.
    pub setting: String,
    /// The default; `None` when it is off unless set.
    pub default: Option<Duration>,
    /// Whose bytes count, for silence.
    pub counts: Option<Counts>,
    /// How it ends a connection; `None` where nobody tells.
    pub end: Option<Fate>,
    /// Where this is from.
    pub origin: Origin,
}

/// The largest size that is let through by default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Bytes.
    pub bytes: usize,
    /// The setting.
    pub setting: String,
    /// Where this is from.
    pub origin: Origin,
}

/// What the gateway gets to see of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clients {
    /// Which addresses, and on what that hangs.
    pub seen: String,
    /// Where this is from.
    pub origin: Origin,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Its word, as `http.product` has it where it is among those.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Whether somebody else runs it, so that it cannot be tried here.
    pub managed: bool,
    /// What it needs to pass an upgrade.
    pub upgrade: String,
    /// Where that is from.
    pub upgrade_origin: Origin,
    /// What the gateway gets to see of clients, where that differs from what any edge does.
    pub clients: Option<Clients>,
    /// Timers.
    pub timers: Vec<Timer>,
    /// The largest request head.
    pub header_limit: Option<Limit>,
    /// The largest request body.
    pub body_limit: Option<Limit>,
}

/// Reads the file.
///
/// # Errors
/// A complaint at the first thing that is wrong.
pub fn read(name: &str, text: &str) -> Result<Vec<Edge>, Complaint> {
    let source = Source::whole(name, text);
    let tree = source.parse()?;
    let products = Section::root(source, &tree, "the list of edges").items();
    products.iter().map(|(id, item)| edge(id.text, &item.section("an edge")?)).collect()
}

fn edge(id: &str, section: &Section<'_>) -> Result<Edge, Complaint> {
    section.only(&["title", "managed", "upgrade", "clients", "timer", "header-limit", "body-limit"])?;
    let upgrade = section.need("upgrade")?.section("an upgrade's need")?;
    upgrade.only(&["need", "by", "source", "date"])?;
    let limit = |key: &'static str| section.get(key).map(limit).transpose();
    let timers = section.need("timer")?.sections("a timer")?;
    Ok(Edge {
        id: id.to_owned(),
        title: section.need("title")?.text()?.text.to_owned(),
        managed: section.get("managed").map(|item| item.flag()).transpose()?.unwrap_or(false),
        upgrade: upgrade.need("need")?.text()?.text.to_owned(),
        upgrade_origin: origin(&upgrade)?,
        clients: section.get("clients").map(clients).transpose()?,
        timers: timers.iter().map(timer).collect::<Result<_, _>>()?,
        header_limit: limit("header-limit")?,
        body_limit: limit("body-limit")?,
    })
}

fn clients(item: Item<'_>) -> Result<Clients, Complaint> {
    let section = item.section("what is seen of clients")?;
    section.only(&["seen", "by", "source", "date"])?;
    Ok(Clients { seen: section.need("seen")?.text()?.text.to_owned(), origin: origin(&section)? })
}

fn timer(section: &Section<'_>) -> Result<Timer, Complaint> {
    section.only(&["kind", "setting", "default", "counts", "end", "by", "source", "date"])?;
    let kind = section.need("kind")?.text()?.label(Kind::ALL)?;
    let counts = section.get("counts").map(|item| item.text()?.label(Counts::ALL)).transpose()?;
    match (kind, counts) {
        (Kind::Idle, None) => return Err(section.complain("a timer of silence says whose bytes count", "`counts` is missing")),
        (Kind::Lifetime, Some(_)) => return Err(section.complain("a lifetime counts no bytes", "leave `counts` out")),
        _ => {}
    }
    Ok(Timer {
        kind,
        setting: section.need("setting")?.text()?.text.to_owned(),
        default: section.get("default").map(|item| item.duration()).transpose()?,
        counts,
        end: section.get("end").map(|item| item.text()?.label(Fate::ALL)).transpose()?,
        origin: origin(section)?,
    })
}

fn limit(item: Item<'_>) -> Result<Limit, Complaint> {
    let section = item.section("a limit")?;
    section.only(&["bytes", "setting", "by", "source", "date"])?;
    Ok(Limit {
        bytes: section.need("bytes")?.count()?,
        setting: section.need("setting")?.text()?.text.to_owned(),
        origin: origin(&section)?,
    })
}

fn origin(section: &Section<'_>) -> Result<Origin, Complaint> {
    let source = section.need("source")?.text()?;
    if source.text.trim().is_empty() {
        return Err(source.complain("a number from nowhere is no knowledge", "empty"));
    }
    Ok(Origin {
        by: section.need("by")?.text()?.label(By::ALL)?,
        source: source.text.to_owned(),
        date: section.need("date")?.day()?,
    })
}

/// How far from a default a measured time may lie to be taken for it: products look at their timers about once a second.
const NEAR: Duration = Duration::from_millis(1_500);

/// Timers of which this time is the default, with their products.
pub fn matching(edges: &[Edge], kind: Kind, after: Duration) -> impl Iterator<Item = (&Edge, &Timer)> {
    let near = move |timer: &&Timer| {
        timer.kind == kind && timer.default.is_some_and(|default| after + NEAR / 3 >= default && after <= default + NEAR)
    };
    edges.iter().flat_map(move |edge| edge.timers.iter().filter(near).map(move |timer| (edge, timer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"[x]
title = "X"
upgrade = { need = "nothing", by = "measured", source = "X 1", date = 2026-01-02 }
timer = [{ kind = "idle", setting = "t", default = "60s", counts = "either", end = "fin", by = "vendor", source = "a page", date = 2026-01-02 }]
"#;

    #[test]
    fn a_product_reads_with_its_sources() {
        let edges = read("edges.toml", ONE).unwrap();
        assert_eq!((edges[0].id.as_str(), edges[0].managed, edges[0].timers[0].end), ("x", false, Some(Fate::Fin)));
        assert_eq!(edges[0].timers[0].origin.date, "2026-01-02");
    }

    #[test]
    fn what_is_wrong_is_complained_about_where_it_stands() {
        for (good, bad, words) in [
            ("counts = \"either\", ", "", "whose bytes count"),
            ("\"idle\"", "\"lifetime\"", "counts no bytes"),
            ("\"either\"", "\"eiter\"", "did you mean `either`"),
            ("\"60s\"", "\"60\"", "not a duration"),
            ("source = \"a page\"", "source = \" \"", "from nowhere"),
            ("by = \"vendor\", ", "", "needs the key `by`"),
            ("setting = \"t\"", "seting = \"t\"", "did you mean `setting`"),
            (", date = 2026-01-02 }\n", " }\n", "needs the key `date`"),
            (
                "timer = ",
                "clients = { by = \"vendor\", source = \"a page\", date = 2026-01-02 }\ntimer = ",
                "needs the key `seen`",
            ),
        ] {
            assert!(ONE.contains(good), "{good}");
            let complaint = read("edges.toml", &ONE.replacen(good, bad, 1)).unwrap_err().to_string();
            assert!(complaint.contains(words), "{complaint}");
            assert!(complaint.contains('^'), "{complaint}");
        }
    }

    #[test]
    fn a_measured_time_finds_the_products_whose_default_it_is() {
        let edges = read("edges.toml", ONE).unwrap();
        let found = |ms| matching(&edges, Kind::Idle, Duration::from_millis(ms)).count();
        assert_eq!([59_000, 59_900, 60_100, 61_200, 62_000].map(found), [0, 1, 1, 1, 0]);
        assert_eq!(matching(&edges, Kind::Lifetime, Duration::from_secs(60)).count(), 0);
    }
}
