//! What a configuration is asked for: which gateway, which hop, where it is to listen.

use std::net::IpAddr;

use super::product::Product;
use super::syntax::Syntax;
use crate::complaint::Complaint;
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::labels;
use crate::target::{DEFAULT_PORT, Endpoint};

labels! {
    /// Which of several proxies in a row it is.
    pub enum Hop {
        Outer = "outer": "The first one, which clients reach: what they claim about themselves is thrown away.",
        Inner = "inner": "Behind another proxy of yours: what that one says is kept, and its address added.",
    }
}

/// A place to listen at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    /// The address; all of them without one.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.address {
            Some(address) => std::net::SocketAddr::new(address, self.port).fmt(f),
            None => self.port.fmt(f),
        }
    }
}

impl std::str::FromStr for Listen {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, port) = match text.parse::<std::net::SocketAddr>() {
            Ok(both) => (Some(both.ip()), both.port()),
            Err(_) => (None, text.parse().map_err(|_| "write PORT, ADDRESS:PORT or [ADDRESS]:PORT")?),
        };
        if port == 0 { Err("a port is a number from 1 to 65535") } else { Ok(Self { address, port }) }
    }
}

/// Everything that fills a template.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which hop.
    pub hop: Hop,
    /// The host name that clients use; the product's stand-in without one.
    pub name: Option<String>,
    /// Where it listens; the hop's usual place without one.
    pub listen: Option<Listen>,
    /// The certificate chain, as a file.
    pub cert: Option<String>,
    /// Its key, as a file.
    pub key: Option<String>,
    /// The gateway's own address.
    pub gateway: Endpoint,
    /// What the gateway's own certificate is held against, as a file of the edge's machine; nothing is checked without.
    pub gateway_ca: Option<String>,
    /// The SHA-256 of the gateway's own certificate, where it is known.
    pub pin: Option<String>,
    /// Where the Control UI stands below the gateway's root.
    pub base_path: Option<String>,
    /// From which addresses the gateway is reached by this hop.
    pub from: Vec<IpAddr>,
    /// The addresses of the hops in front of an inner one.
    pub before: Vec<IpAddr>,
    /// The longest the gateway is silent towards a client that is in, in milliseconds.
    pub tick_ms: f64,
    /// Whether that was measured on this gateway.
    pub measured: bool,
}

/// The longest the gateway is silent unless measured: its tick. Source: `policy.tickIntervalMs` of hello-ok, 2026.1.29 to 2026.9.6.
pub const TICK_MS: f64 = 30_000.0;

/// A port of its own for a hop that speaks TLS (RFC 9110, section 4.2.2), and one for a hop behind another.
const HTTPS: u16 = 443;
const INNER: u16 = 8080;

/// The first port that a user may bind without privileges. Source: Linux, ip(7), `ip_unprivileged_port_start`.
const FREE: u16 = 1024;

impl Ask {
    /// The host name that clients use.
    pub fn name<'a>(&'a self, product: &'a Product) -> &'a str {
        self.name.as_deref().unwrap_or(&product.name)
    }

    /// Where it listens.
    pub fn listen(&self, product: &Product) -> Listen {
        let loopback = Some(IpAddr::from([127, 0, 0, 1]));
        let remote = self.before.iter().any(|a| !a.is_loopback());
        self.listen.unwrap_or(match self.hop {
            // A user's own program: the gateway's port, unless it has none or one that a user may not bind.
            _ if product.syntax == Syntax::Ssh => {
                Listen { address: loopback, port: Some(self.gateway.port).filter(|port| *port >= FREE).unwrap_or(DEFAULT_PORT) }
            }
            Hop::Outer => Listen { address: None, port: HTTPS },
            Hop::Inner => Listen { address: loopback.filter(|_| !remote), port: INNER },
        })
    }

    /// Whether clients reach it over TLS: always at the outer end, further in where a certificate was named.
    pub fn tls(&self) -> bool {
        self.hop == Hop::Outer || self.cert.is_some()
    }

    /// Whether the gateway can only be reached from its own machine.
    pub fn on_loopback(&self) -> bool {
        self.gateway.scheme == Scheme::Unix || self.gateway.class() == AddressClass::Loopback
    }

    /// Whether the gateway itself speaks TLS.
    pub fn gateway_tls(&self) -> bool {
        self.gateway.scheme == Scheme::Wss
    }

    /// Whether a token may go to the gateway: no plain text outside loopback, tailnet and private addresses. Where a name leads
    /// to is not asked here.
    ///
    /// # Errors
    /// A complaint about the gateway's address.
    pub fn guarded(&self) -> Result<(), Complaint> {
        let open = matches!(self.gateway.class(), AddressClass::Public | AddressClass::LinkLocal | AddressClass::FakeIp);
        if self.gateway.scheme != Scheme::Ws || !open {
            return Ok(());
        }
        let complaint = Complaint::new("tokens would go to the gateway in plain text, over a network that is not yours");
        let complaint = complaint.flag("--gateway", &self.gateway.to_string(), "neither loopback, tailnet nor private");
        Err(complaint.help("switch on gateway.tls and name it as wss://, or put the gateway where only a tailnet reaches it"))
    }

    /// How long an edge may have to be silent: above two ticks, because the client itself gives up after those; and an hour at
    /// least, because a plain HTTP call waits for its answer without any tick.
    pub fn idle_s(&self) -> u64 {
        const HOUR_S: u64 = 3600;
        let above = (self.tick_ms * 2.5 / 1000.0).ceil() as u64;
        above.max(HOUR_S)
    }

    /// Whether the product can do what is asked.
    ///
    /// # Errors
    /// A complaint about a hop, a socket or a word that the product cannot have.
    pub fn fits(&self, product: &Product) -> Result<(), Complaint> {
        let title = &product.title;
        if self.hop == Hop::Inner && !product.hops {
            let complaint = Complaint::new(format!("{title} is not put behind another proxy"));
            return Err(complaint.flag("--hop", "inner", "not for this product"));
        }
        if let (Hop::Outer, Some(before)) = (self.hop, self.before.first()) {
            let complaint = Complaint::new("nothing of yours stands in front of the outermost proxy");
            let complaint = complaint.flag("--before", &before.to_string(), "for an inner one");
            return Err(complaint.help("add --hop inner where this proxy stands behind another; leave --before out otherwise"));
        }
        if self.gateway.scheme == Scheme::Unix && !product.unix {
            let complaint = Complaint::new(format!("{title} does not reach a Unix socket"));
            let complaint = complaint.flag("--gateway", &self.gateway.to_string(), "a Unix socket");
            return Err(complaint.help("`clawprobe advise` lists what does"));
        }
        self.guarded()?;
        if let Some(file) = self.gateway_ca.as_ref().filter(|_| !product.proxy || !self.gateway_tls()) {
            let (title, label) = match product.proxy {
                true => ("the gateway shows no certificate".to_owned(), "only with a wss:// gateway"),
                false => (format!("{title} does not end the gateway's TLS"), "not for this product"),
            };
            return Err(Complaint::new(title).flag("--gateway-ca", file, label));
        }
        self.writable(product)
    }

    /// Whether the words of a user's can be written in the product's configuration.
    fn writable(&self, product: &Product) -> Result<(), Complaint> {
        let title = &product.title;
        let socket = (self.gateway.scheme == Scheme::Unix).then_some(&self.gateway.host);
        let files = [("--cert", &self.cert), ("--key", &self.key), ("--gateway-ca", &self.gateway_ca)];
        for (flag, word) in files.map(|(flag, file)| (flag, file.as_ref())).into_iter().chain([("--gateway", socket)]) {
            let Some(word) = word else { continue };
            if let Some(bad) = product.syntax.refuses(word) {
                let shown: String = word.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
                let complaint = Complaint::new(format!("{bad:?} cannot be written safely in the configuration of {title}"));
                return Err(complaint.flag(flag, &shown, "rename the file or its folder"));
            }
        }
        Ok(())
    }
}
