//! A world keeps to itself: what its file names is its own, and nothing that is said in it leaves this machine or reaches a
//! gateway that is none of its stand-ins.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};

use toml::{Table, Value};

use super::document::{Document, at};
use crate::complaint::Complaint;
use crate::own::is_own;

/// Where stand-ins hand on to, and where clawprobe asks for names.
const ADDRESSES: &[[&str; 2]] = &[["edge", "upstream"], ["edge-2", "upstream"], ["peer", "relay"], ["client", "name-server"]];
/// Files that clawprobe is told to read.
const FILES: &[&str] = &["config", "state-dir", "token-file", "password-file", "header-file", "ca", "client-cert", "client-key"];

/// Holds what files say of a world against what it has. What a program says is its own business.
///
/// # Errors
/// A complaint about an address or a file of somebody else's.
pub fn check(document: &Document, world: &Table, holes: &BTreeMap<String, String>) -> Result<(), Complaint> {
    let (ports, folder) = (ports(holes), holes.get("dir").map_or("", String::as_str));
    let text = |path: &[&str]| at(world, path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let foreign = |path: &[&str], text: &str, label: &str| match document.author(path) {
        Some(_) => Err(document.wrong(path, None, format!("`{text}` is not of this world"), label).help(HELP)),
        None => Ok(()),
    };
    for path in ADDRESSES {
        if let Some(text) = text(path).filter(|text| !text.parse().is_ok_and(|address| is_ours(address, &ports))) {
            foreign(path, text, "no stand-in listens there")?;
        }
    }
    for file in FILES {
        let path = ["client", file];
        if let Some(text) = text(&path).filter(|text| !is_below(text, folder)) {
            foreign(&path, text, "not in {dir}")?;
        }
    }
    for (number, item) in items(at(world, &["client", "resolver"])) {
        let address = item.rsplit('=').next().unwrap_or_default();
        if !address.parse().is_ok_and(|address| is_ours(address, &ports)) {
            foreign(&["client", "resolver", &number], item, "no stand-in listens there")?;
        }
    }
    for (name, addresses) in at(world, &["resolver", "name"]).and_then(Value::as_table).into_iter().flatten() {
        for (number, item) in items(Some(addresses)) {
            if !item.parse().is_ok_and(is_own) {
                foreign(&["resolver", "name", name, &number], item, "no address of this machine")?;
            }
        }
    }
    for (name, value) in at(world, &["client", "env"]).and_then(Value::as_table).into_iter().flatten() {
        let (kind, value) = (name.to_ascii_uppercase(), value.as_str().unwrap_or_default());
        if kind.ends_with("_PROXY") && kind != "NO_PROXY" && !proxy_is_here(value) {
            foreign(&["client", "env", name], value, "no proxy on loopback")?;
        }
    }
    Ok(())
}

/// What to do about it.
const HELP: &str = "a reference world asks its own stand-ins, as in 127.0.0.1:{peer.port}, and reads files in {dir}";

/// The ports of a world.
pub fn ports(holes: &BTreeMap<String, String>) -> BTreeSet<u16> {
    let ports = holes.iter().filter(|(name, _)| name.ends_with(".port"));
    ports.filter_map(|(_, port)| port.parse().ok()).collect()
}

fn is_ours(address: SocketAddr, ports: &BTreeSet<u16>) -> bool {
    is_own(address.ip()) && ports.contains(&address.port())
}

/// Whether a file lies below a folder, by its name.
pub fn is_below(file: &str, folder: &str) -> bool {
    let file = Path::new(file);
    file.starts_with(folder) && file.components().all(|part| part != Component::ParentDir)
}

/// Nobody need listen at a proxy; but what listens is on this machine.
fn proxy_is_here(value: &str) -> bool {
    let place = value.split_once("://").map_or(value, |(_, place)| place);
    let place = place.split('/').next().unwrap_or_default();
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).trim_matches(['[', ']']);
    host.is_empty() || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn items(list: Option<&Value>) -> impl Iterator<Item = (String, &str)> {
    let items = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    items.filter_map(|(number, item)| Some((number.to_string(), item.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::written::Written;

    /// What is underlined in a file, if it is refused.
    fn refused(text: &str) -> Option<String> {
        let holes = [("edge.port", "4711"), ("dir", "/tmp/w")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (holes, mut document) = (BTreeMap::from(holes), Document::default());
        document.lay(&text.parse().unwrap(), Written::new("mine.toml", text));
        let place = check(&document, &document.filled(&holes), &holes).err()?.place.unwrap();
        assert_eq!(place.name, "mine.toml");
        Some(place.text[place.span].to_owned())
    }

    #[test]
    fn what_is_somebody_elses_is_refused() {
        for (text, marked) in [
            ("edge.upstream = '127.0.0.1:4712'", "'127.0.0.1:4712'"),
            ("peer.relay = '192.0.2.1:4711'", "'192.0.2.1:4711'"),
            ("peer.relay = 'localhost:4711'", "'localhost:4711'"),
            ("client.token-file = '/home/op/token'", "'/home/op/token'"),
            ("client.config = '{dir}/../token'", "'{dir}/../token'"),
            ("client.token-file = '-'", "'-'"),
            ("client.name-server = '192.0.2.53:53'", "'192.0.2.53:53'"),
            ("client.resolver = ['a=127.0.0.1:4711', 'b=192.0.2.53']", "'b=192.0.2.53'"),
            ("resolver.name.'gateway.example' = ['127.0.0.1', '192.0.2.1']", "'192.0.2.1'"),
            ("client.env.https_proxy = 'http://proxy.example:3128'", "'http://proxy.example:3128'"),
        ] {
            assert_eq!(refused(text).as_deref(), Some(marked), "{text}");
        }
    }

    #[test]
    fn its_own_is_not() {
        for text in [
            "edge.upstream = '127.0.0.1:{edge.port}'",
            "client.token-file = '{dir}/token'",
            "client.config = ''",
            "client.resolver = ['a=127.0.0.1:{edge.port}']",
            "client.env.HTTP_PROXY = 'http://127.0.0.1:9'",
            "client.env.NO_PROXY = 'gateway.example'",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }
}
