//! Sites, paths and vantages: from where, and by which way, a gateway is asked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::labels;

labels! {
    /// How a request reaches a gateway; the order of the variants is the one rank of kinds, innermost first.
    pub enum Kind {
        Local = "local": "A loopback address of this machine.",
        Lan = "lan": "An address of this machine or of a private network.",
        Tailnet = "tailnet": "An address inside the tailnet.",
        Tunnel = "tunnel": "A forwarded port, such as an SSH forward.",
        Serve = "serve": "Tailscale Serve.",
        Funnel = "funnel": "Tailscale Funnel.",
        Edge = "edge": "A reverse proxy or another edge.",
        Public = "public": "A public address or name.",
    }
}

labels! {
    /// Whether something stands between the client and the gateway. Derived, never unmeasured.
    pub enum Class {
        Direct = "direct": "Nothing between the client and the gateway's own socket.",
        Edge = "edge": "A proxy, tunnel, Serve, Funnel or another forwarder.",
    }
}

impl Kind {
    /// The class a kind has when nothing else is known.
    pub const fn class(self) -> Class {
        match self {
            Self::Local | Self::Lan | Self::Tailnet => Class::Direct,
            Self::Tunnel | Self::Serve | Self::Funnel | Self::Edge | Self::Public => Class::Edge,
        }
    }
}

impl Kind {
    /// Whether what is dialled ends TLS by itself, with a certificate that is not the gateway's.
    pub const fn has_own_certificate(self) -> bool {
        matches!(self, Self::Edge | Self::Serve | Self::Funnel)
    }
}

labels! {
    /// Where a site stands towards the gateway. Derived, never assumed.
    pub enum Role {
        GatewayHost = "gateway-host": "A direct path dials one of the site's own addresses.",
        Client = "client": "The gateway is on another machine.",
        Unknown = "unknown": "Nothing tells.",
    }
}

/// The name of the machine that runs clawprobe, unless a recording was given another.
pub const HERE: &str = "here";

/// From where a fact was seen: a site, or a path that starts at a site.
///
/// Prints as `here` or `here/edge:corp`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vantage {
    /// The machine or network namespace.
    pub site: String,
    /// The path's name (`local`, `edge:corp`), if the fact is about a path.
    pub path: Option<String>,
}

impl Vantage {
    /// A site as such.
    pub fn site(site: impl Into<String>) -> Self {
        Self { site: site.into(), path: None }
    }

    /// A path that starts at a site.
    pub fn path(site: impl Into<String>, path: impl Into<String>) -> Self {
        Self { site: site.into(), path: Some(path.into()) }
    }

    /// The site this vantage belongs to.
    pub fn at_site(&self) -> Self {
        Self::site(self.site.clone())
    }
}

impl fmt::Display for Vantage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            None => f.pad(&self.site),
            Some(path) => f.pad(&format!("{}/{path}", self.site)),
        }
    }
}

impl FromStr for Vantage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = |part: &str| {
            let fits =
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-:.".contains(&b));
            if fits { Ok(part.to_owned()) } else { Err(format!("`{text}` is not a vantage such as here or here/edge:corp")) }
        };
        match text.split_once('/') {
            None => Ok(Self::site(word(text)?)),
            Some((site, path)) => Ok(Self::path(word(site)?, word(path)?)),
        }
    }
}

impl TryFrom<String> for Vantage {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Vantage> for String {
    fn from(vantage: Vantage) -> Self {
        vantage.to_string()
    }
}

/// A path of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// Site and name, as in `here/edge:corp`.
    pub vantage: Vantage,
    /// How a request reaches the gateway.
    pub kind: Kind,
    /// Direct or edge. In a plan it is the kind's; the topology of a judgement sharpens it by the listener's owner.
    pub class: Class,
    /// Names (within the same site) of the paths this one passes on its way, innermost first.
    pub rides_on: Vec<String>,
}

/// A site of the plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The name, `here` unless joined or a peer.
    pub name: String,
    /// Derived at judging; `unknown` in a plan.
    pub role: Role,
}

/// All sites and paths of a judgement, with roles, classes and rides-on settled: what conditions and causes walk over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// Sites in order of appearance.
    pub sites: Vec<Site>,
    /// Paths in order of the plan.
    pub paths: Vec<Path>,
}

impl Topology {
    /// The path seen from a vantage.
    pub fn path(&self, vantage: &Vantage) -> Option<&Path> {
        self.paths.iter().find(|p| &p.vantage == vantage)
    }

    /// The site of a name.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|s| s.name == name)
    }

    /// The innermost planned direct path to the same gateway, never the path itself: what an edge is compared with.
    ///
    /// `apart` tells which pairs are known to lead to different gateways (`same-gateway == refuted`).
    pub fn direct(&self, of: &Vantage, apart: impl Fn(&Vantage, &Vantage) -> bool) -> Option<&Path> {
        self.paths
            .iter()
            .filter(|p| p.class == Class::Direct && &p.vantage != of && !apart(of, &p.vantage))
            .min_by_key(|p| (p.kind, p.vantage.site != of.site))
    }

    /// The gateway's end of a path: the one site that is a gateway host, if the path's own site is it or there is just one.
    pub fn host(&self, of: &Vantage) -> Option<&Site> {
        let own = self.site(&of.site).filter(|s| s.role == Role::GatewayHost);
        own.or_else(|| {
            let mut hosts = self.sites.iter().filter(|s| s.role == Role::GatewayHost);
            hosts.next().filter(|_| hosts.next().is_none())
        })
    }

    /// Forgets that a path rides on one that is known to lead to another gateway.
    pub fn part(&mut self, apart: impl Fn(&Vantage, &Vantage) -> bool) {
        for path in &mut self.paths {
            let outer = path.vantage.clone();
            path.rides_on.retain(|name| ridden(&outer, name).is_none_or(|inner| !apart(&outer, &inner)));
        }
    }

    /// Whether `inner` lies on the way of `outer`, directly or through other paths.
    pub fn rides(&self, outer: &Vantage, inner: &Vantage) -> bool {
        let mut open = vec![outer.clone()];
        let mut seen = Vec::new();
        while let Some(at) = open.pop() {
            if seen.contains(&at) {
                continue;
            }
            for name in self.path(&at).map(|p| p.rides_on.as_slice()).unwrap_or_default() {
                let next = ridden(&at, name);
                if next.as_ref() == Some(inner) {
                    return true;
                }
                open.extend(next);
            }
            seen.push(at);
        }
        false
    }
}

/// The path that a name in another one's `rides_on` means.
fn ridden(outer: &Vantage, name: &str) -> Option<Vantage> {
    if name.contains('/') { name.parse().ok() } else { Some(Vantage::path(&outer.site, name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str, kind: Kind, rides_on: &[&str]) -> Path {
        Path {
            vantage: Vantage::path(HERE, name),
            kind,
            class: kind.class(),
            rides_on: rides_on.iter().map(|s| s.to_string()).collect(),
        }
    }

    #[test]
    fn the_direct_path_is_the_innermost_that_is_not_refuted() {
        let t = Topology {
            sites: vec![],
            paths: vec![path("lan", Kind::Lan, &[]), path("local", Kind::Local, &[]), path("edge", Kind::Edge, &["local"])],
        };
        let edge = Vantage::path(HERE, "edge");
        assert_eq!(t.direct(&edge, |_, _| false).unwrap().kind, Kind::Local);
        assert_eq!(t.direct(&edge, |_, b| b.path.as_deref() == Some("local")).unwrap().kind, Kind::Lan);
        assert_eq!(t.direct(&Vantage::path(HERE, "local"), |_, _| false).unwrap().kind, Kind::Lan);
    }

    #[test]
    fn rides_on_is_transitive_and_ends_on_a_loop() {
        let t = Topology {
            sites: vec![],
            paths: vec![path("local", Kind::Local, &["b"]), path("a", Kind::Edge, &["local"]), path("b", Kind::Edge, &["a"])],
        };
        let v = |n: &str| Vantage::path(HERE, n);
        assert!(t.rides(&v("b"), &v("local")));
        assert!(!t.rides(&v("a"), &v("lan")));
    }

    #[test]
    fn a_path_to_another_gateway_rides_on_nothing_of_the_first() {
        let v = |n: &str| Vantage::path(HERE, n);
        let paths =
            vec![path("local", Kind::Local, &[]), path("a", Kind::Edge, &["local"]), path("b", Kind::Edge, &["local", "a"])];
        let mut t = Topology { sites: vec![], paths };
        t.part(|outer, inner| (outer, inner) == (&v("a"), &v("local")) || (outer, inner) == (&v("b"), &v("a")));
        assert!(!t.rides(&v("a"), &v("local")) && !t.rides(&v("b"), &v("a")));
        assert!(t.rides(&v("b"), &v("local")));
    }

    #[test]
    fn a_vantage_reads_back() {
        for text in ["here", "gw/local", "here/edge:corp", "laptop/edge:2"] {
            assert_eq!(text.parse::<Vantage>().unwrap().to_string(), text);
        }
        assert!("here/".parse::<Vantage>().is_err());
    }
}
