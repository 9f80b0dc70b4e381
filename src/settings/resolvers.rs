//! `--resolver NAME=IP[:PORT]` and `--health-path PATH`.

use std::net::{IpAddr, SocketAddr};

use super::given::Given;
use super::ways::is_name;
use crate::complaint::Complaint;
use crate::target::NamedResolver;

/// The port of DNS (RFC 1035).
const DNS_PORT: u16 = 53;

/// Reads the resolvers.
///
/// # Errors
/// A complaint about a name or an address.
pub fn read(values: &[String]) -> Result<Vec<NamedResolver>, Complaint> {
    let mut all: Vec<NamedResolver> = Vec::new();
    for value in values {
        let given = Given::flag("--resolver", value);
        let Some((name, address)) = value.split_once('=') else {
            return Err(given.wrong_all("a resolver is written NAME=IP[:PORT]", "no equals sign"));
        };
        if !is_name(name) || name == "system" {
            return Err(given.wrong("this cannot name a resolver", 0..name.len(), "a lower-case word other than system"));
        }
        if all.iter().any(|r| r.name == name) {
            return Err(given.wrong(format!("two resolvers are named {name}"), 0..name.len(), "choose another name"));
        }
        let bare =
            address.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().map(|ip| SocketAddr::new(ip, DNS_PORT));
        let Some(address) = bare.ok().or_else(|| address.parse().ok()).filter(|a: &SocketAddr| a.port() > 0) else {
            let span = name.len() + 1..value.len();
            return Err(given.wrong("a resolver is named by its address", span, "not IP or IP:PORT"));
        };
        all.push(NamedResolver { name: name.to_owned(), address });
    }
    Ok(all)
}

/// Reads the health path.
///
/// # Errors
/// A complaint when it is no absolute path.
pub fn health_path(flag: Option<&str>) -> Result<Option<String>, Complaint> {
    let Some(text) = flag else { return Ok(None) };
    let given = Given::flag("--health-path", text);
    if !text.starts_with('/') {
        return Err(given.wrong_all("the health path is no path", "must begin with a slash").help("for example /health"));
    }
    match text.find(|c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || c == '#' || c == '?') {
        Some(at) => Err(given.wrong("the health path is no path", at..text.len(), "no blank, query or fragment here")),
        None => Ok(Some(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_named_addresses() {
        let read = |values: &[&str]| read(&values.iter().map(|s| s.to_string()).collect::<Vec<_>>());
        let got = read(&["corp=10.0.0.53", "six=[fd00::53]", "odd=[::1]:5353", "four=127.0.0.1:54"]).unwrap();
        let shown: Vec<_> = got.iter().map(|r| format!("{} {}", r.name, r.address)).collect();
        assert_eq!(shown, ["corp 10.0.0.53:53", "six [fd00::53]:53", "odd [::1]:5353", "four 127.0.0.1:54"]);
        for bad in ["10.0.0.1", "Corp=10.0.0.1", "system=10.0.0.1", "a=dns.example", "a=1.1.1.1:0", "a=1.1.1.1:99999", "a="] {
            assert!(read(&[bad]).unwrap_err().to_string().contains("^"), "{bad}");
        }
        assert_eq!(read(&["a=1.1.1.1", "a=1.0.0.1"]).unwrap_err().title, "two resolvers are named a");
    }

    #[test]
    fn the_health_path_is_absolute() {
        assert_eq!(health_path(None).unwrap(), None);
        assert_eq!(health_path(Some("/claw/healthz")).unwrap().as_deref(), Some("/claw/healthz"));
        for bad in ["health", "", "/a b", "/a?b", "http://x/health"] {
            assert!(health_path(Some(bad)).unwrap_err().to_string().contains("--health-path"), "{bad}");
        }
    }
}
