//! The header contract: what an edge makes of what a client says, read off one request as it arrives at the gateway.
//!
//! A request of the companion line ([`line`]) claims things that no client may decide, so that for each header it shows whether
//! the edge stripped, overwrote, extended or handed it on. Of any other request only what arrives is known. Values are told of
//! headers about proxies alone: any other may hold a secret.

mod arrival;
mod told;
mod trust;
mod watch;

use std::net::IpAddr;

use serde::Serialize;

pub use arrival::Arrival;
pub use trust::{Trust, Verdict};
pub use watch::Watch;

use super::client::proxy_shaped;
use crate::labels;
use crate::reference::head::Head;

/// The header that marks a request of a companion line: [`HONEST`] claims nothing, the others claim everything, as they ask for
/// an upgrade or not.
const MARK: &str = "X-Clawprobe-Claims";
/// The mark of a request that claims nothing.
const HONEST: &str = "nothing";
/// The marks of those that claim everything.
const PLAIN: &str = "plain";
/// See [`PLAIN`].
const UPGRADE: &str = "upgrade";
/// The path that the companion line asks for.
const PATH: &str = "/clawprobe-contract";
/// The address that is claimed: one for documentation (RFC 5737).
const CLAIMED: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 77));

/// What the companion line claims.
const CLAIMS: &[(&str, &str)] = &[
    ("Forwarded", "for=198.51.100.77;proto=claimed;host=claimed.invalid"),
    ("X-Forwarded-For", "198.51.100.77"),
    ("X-Forwarded-Proto", "claimed"),
    ("X-Forwarded-Host", "claimed.invalid"),
    ("X-Forwarded-Port", "7"),
    ("X-Real-IP", "198.51.100.77"),
    ("Tailscale-User-Login", "claimed@claimed.invalid"),
    ("Tailscale-User-Name", "claimed"),
];

/// What `curl` and the companion line send beside the claims.
const OWN: &[&str] = &["host", "user-agent", "accept", "connection", "upgrade", "sec-websocket-version", "sec-websocket-key"];

labels! {
    /// What became of a header on its way.
    pub enum Fate {
        Added = "added": "The client did not send it.",
        Overwritten = "overwritten": "The edge's value stands in the place of the claimed one.",
        Appended = "appended": "The edge's value follows the claimed one.",
        Passed = "passed": "The claimed value arrives.",
        Stripped = "stripped": "The claimed value was taken away.",
        Arrives = "arrives": "It is there; a request that is not of the companion line does not tell who set it.",
    }
}

/// One header and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its name, as it arrives.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// What arrives, of headers about proxies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What one request shows of the edge in front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contract {
    /// The address the request comes from; a Unix socket has none.
    pub peer: Option<IpAddr>,
    /// Whether it came by TLS.
    pub tls: bool,
    /// The method, path without query, and version of HTTP.
    pub request: String,
    /// What it claims, if it is one of the companion line's: everything or nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<bool>,
    /// What stands before the companion line's own path; nothing if the edge strips its prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// `Host`.
    pub host: Option<String>,
    /// `Upgrade` and `Connection` as they arrive, if an upgrade was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<[String; 2]>,
    /// Headers about proxies, and whatever the edge added.
    pub headers: Vec<Line>,
    /// What the gateway makes of its client, and what to set.
    pub trust: Trust,
}

impl Contract {
    /// Reads a request.
    pub fn of(head: &Head, peer: Option<IpAddr>, tls: bool, trusted: &[IpAddr]) -> Self {
        let mark = head.get(MARK);
        let claims = mark.map(|what| what != HONEST);
        let path = head.path();
        let version = head.first.rsplit(' ').next().unwrap_or_default();
        let asked = mark.map_or_else(|| head.get("upgrade").is_some(), |what| what == UPGRADE);
        let shown = |name: &str| head.get(name).unwrap_or("none").to_owned();
        Self {
            peer,
            tls,
            request: format!("{} {path} {version}", head.method()),
            claims,
            prefix: mark.and_then(|_| path.strip_suffix(PATH)).filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            host: head.get("host").map(str::to_owned),
            upgrade: asked.then(|| ["upgrade", "connection"].map(shown)),
            headers: lines(head, claims),
            trust: Trust::of(head, peer, claims == Some(true), trusted),
        }
    }

    /// What tells one shape of request from another: everything but addresses of clients, and paths.
    pub fn shape(&self) -> String {
        let lines: Vec<String> = self.headers.iter().map(|line| format!("{} {}", line.name.to_lowercase(), line.fate)).collect();
        let method = self.request.split(' ').next().unwrap_or_default();
        let (prefix, upgrade) = (&self.prefix, &self.upgrade);
        format!("{:?} {} {method} {:?} {prefix:?} {upgrade:?} {lines:?} {}", self.peer, self.tls, self.claims, self.trust.verdict)
    }
}

/// The words of the companion lines, through the edge at a URL: a request without claims, one with them, and an upgrade.
pub fn line(url: &str) -> [Vec<String>; 3] {
    let url = format!("{}{PATH}", url.trim_end_matches('/'));
    let header = |name: &str, value: &str| ["-H".to_owned(), format!("{name}: {value}")];
    let command = |what: &str, said: &[(&str, &str)]| {
        let mut words: Vec<String> = ["curl", "-sko", "/dev/null", "--http1.1", "--max-time", "5"].map(str::to_owned).to_vec();
        words.extend(header(MARK, what));
        words.extend(said.iter().flat_map(|(name, value)| header(name, value)));
        words.push(url.clone());
        words
    };
    // The key is the one of RFC 6455, section 1.3.
    let upgrade = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    [command(HONEST, &[]), command(PLAIN, CLAIMS), command(UPGRADE, &[CLAIMS, &upgrade].concat())]
}

/// Every header about proxies and every one the edge added, in the order of arrival; then what was stripped.
fn lines(head: &Head, claims: Option<bool>) -> Vec<Line> {
    let mut all: Vec<Line> = Vec::new();
    for (name, _) in &head.lines {
        let about = proxy_shaped(name) || name.eq_ignore_ascii_case("via");
        let known = name.eq_ignore_ascii_case(MARK) || OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
        if all.iter().any(|line| line.name.eq_ignore_ascii_case(name)) || known || !(about || claims.is_some()) {
            continue;
        }
        let value = joined(head, name);
        let fate = match claims {
            Some(true) => fate(name, &value),
            Some(false) => Fate::Added,
            None => Fate::Arrives,
        };
        all.push(Line { name: name.clone(), fate, value: about.then_some(value) });
    }
    let gone = CLAIMS.iter().filter(|(name, _)| claims == Some(true) && head.get(name).is_none());
    all.extend(gone.map(|(name, _)| Line { name: (*name).to_owned(), fate: Fate::Stripped, value: None }));
    all
}

/// All lines of a name as one: Node joins them so.
fn joined(head: &Head, name: &str) -> String {
    let values: Vec<&str> =
        head.lines.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect();
    values.join(", ")
}

fn fate(name: &str, value: &str) -> Fate {
    match CLAIMS.iter().find(|(claim, _)| claim.eq_ignore_ascii_case(name)) {
        None => Fate::Added,
        Some((_, claimed)) if value == *claimed => Fate::Passed,
        Some((_, claimed)) if value.strip_prefix(claimed).is_some_and(|rest| rest.trim_start().starts_with(',')) => {
            Fate::Appended
        }
        Some(_) => Fate::Overwritten,
    }
}

#[cfg(test)]
mod tests;
