//! Where the stand-ins of a world sit: their sockets and certificates, made before anything else because ports fill holes.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;

use serde::Deserialize;
use toml::Table;

use super::certificate::{self, Authority, Kind, Leaf};
use super::document::Document;
use super::front::Front;
use super::hostile::{self, Hostile};
use super::world::STANDS;
use super::{gateway, resolver};
use crate::complaint::Complaint;

/// The listening sockets of a stand-in, and its certificate if it speaks TLS.
pub type Seats = BTreeMap<&'static str, (Front, Option<Leaf>)>;

/// The longest path of a Unix socket, in bytes: `sun_path` and the NUL behind it.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Where a stand-in sits, read before its other options because ports fill their holes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Seat {
    listen: Vec<String>,
    port: u16,
    stopped: bool,
    hostile: Option<hostile::Options>,
    tls: Option<Kind>,
}

/// Binds a front for every stand-in and learns its port, makes its certificate and learns its pin. The other gateway shares the
/// first one's port, unless it listens where the first one does.
pub fn stands(document: &Document, authority: &Authority, holes: &mut BTreeMap<String, String>) -> Result<Seats, Complaint> {
    let mut seats = Seats::new();
    let table = document.filled(holes);
    for name in STANDS.iter().copied() {
        let Some(seat) = Seat::of(&table, name)? else { continue };
        let port = match (seats.get("gateway"), Seat::of(&table, "gateway")?) {
            (Some((Front { port, .. }, _)), Some(first)) if name == "other" && !seat.meets(&first) => *port,
            _ => seat.port,
        };
        let front = match seat.hostile.as_ref().map(|h| h.what) {
            Some(Hostile::DropsPackets) => Front::full(&seat.listen, port),
            _ if seat.stopped => Front::closed(&seat.listen, port),
            _ => Front::bind(&seat.listen, port),
        };
        let front = front.map_err(|why| seat.taken(document, name, &why, holes))?;
        let ips: Vec<String> = seat.listen.into_iter().filter(|place| place.parse::<IpAddr>().is_ok()).collect();
        let leaf = seat.tls.map(|kind| match (name, kind) {
            ("gateway" | "other", Kind::SelfSigned) => certificate::own(),
            _ => authority.leaf(kind, &ips),
        });
        let leaf = leaf.transpose();
        let leaf = leaf.map_err(|why| Complaint::new(format!("no certificate for the {name}: {why}")))?;
        holes.insert(format!("{name}.port"), front.port.to_string());
        holes.extend(leaf.as_ref().map(|leaf| (format!("{name}.pin"), leaf.pin())));
        holes.extend(leaf.as_ref().map(|leaf| (format!("{name}.certificate"), leaf.pem().0)));
        seats.insert(name, (front, leaf));
    }
    Ok(seats)
}

/// Binds the name server and learns its port.
pub fn name_server(document: &Document, holes: &mut BTreeMap<String, String>) -> Result<Option<resolver::Seat>, Complaint> {
    let Some(seat) = Seat::of(&document.filled(holes), "resolver")? else { return Ok(None) };
    let bound = resolver::Seat::bind(&seat.listen, seat.port, !seat.stopped)
        .map_err(|why| seat.taken(document, "resolver", &why, holes))?;
    holes.insert("resolver.port".to_owned(), bound.port.to_string());
    Ok(Some(bound))
}

impl Seat {
    /// Whether both listen on one address.
    fn meets(&self, other: &Self) -> bool {
        self.listen.iter().any(|place| other.listen.contains(place))
    }

    /// The seat of a stand-in, if the document has it.
    fn of(world: &Table, name: &str) -> Result<Option<Self>, Complaint> {
        let Some(table) = world.get(name) else { return Ok(None) };
        let mut seat: Self =
            table.clone().try_into().map_err(|why: toml::de::Error| Complaint::new(format!("{name}: {}", why.message())))?;
        if seat.listen.is_empty() {
            seat.listen = match name {
                "gateway" | "other" => gateway::Options::default().listen,
                _ => vec![String::from("127.0.0.1")],
            };
        }
        Ok(Some(seat))
    }

    /// The complaint, at the part of a file that told the place or the port.
    fn unfit(&self, document: &Document, name: &str, why: &io::Error) -> Complaint {
        let title = format!("the {name} cannot listen on {}: {why}", self.listen.join(", "));
        let says = |key| document.author(&[name, key]).is_some();
        let none = |place: &String| !place.starts_with("unix:") && place.parse::<IpAddr>().is_err();
        match self.listen.iter().position(none) {
            Some(number) => document.wrong(&[name, "listen", &number.to_string()], None, title, "names are not resolved"),
            None if self.port > 0 && says("port") => document.wrong(&[name, "port"], None, title, "not to be had"),
            None if says("listen") => document.wrong(&[name, "listen"], None, title, "not to be had"),
            None => Complaint::new(title),
        }
    }

    fn taken(&self, document: &Document, name: &str, why: &io::Error, holes: &BTreeMap<String, String>) -> Complaint {
        let files = self.listen.iter().filter_map(|place| place.strip_prefix("unix:"));
        let Some(long) = files.into_iter().find(|file| file.len() > LONGEST_SOCKET) else {
            return self.unfit(document, name, why);
        };
        let complaint = Complaint::new(format!(
            "the {name} cannot listen on unix:{long}: the path of a Unix socket has at most {LONGEST_SOCKET} bytes"
        ));
        let ours = holes.get("dir").is_some_and(|dir| long.starts_with(dir.as_str()));
        complaint.help(if ours { "set TMPDIR to a shorter path" } else { "name a shorter path" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_too_deep_in_the_worlds_own_folder_is_a_matter_of_tmpdir() {
        let why = io::Error::from(io::ErrorKind::InvalidInput);
        let dir = format!("/{}", "d".repeat(LONGEST_SOCKET));
        let seat = |place: &str| Seat { listen: vec![format!("unix:{place}/gateway.sock")], ..Seat::default() };
        let holes = BTreeMap::from([("dir".to_owned(), dir.clone())]);
        let complaint = seat(&dir).taken(&Document::default(), "gateway", &why, &holes);
        assert_eq!(complaint.help.as_deref(), Some("set TMPDIR to a shorter path"));
        assert_eq!(complaint.to_string().matches(&dir).count(), 1, "{complaint}");
        assert_eq!(
            seat(&dir).taken(&Document::default(), "gateway", &why, &BTreeMap::new()).help.as_deref(),
            Some("name a shorter path")
        );
        assert_eq!(seat("/short").taken(&Document::default(), "gateway", &why, &holes).help, None);
    }
}
