//! What is to be asked: the ways to the gateway and everything needed to ask, as the settings yield them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::tables::site::{ConfigState, CredentialState, Slot, Source};
use crate::path::{Class, Kind};
use crate::secret::Secret;

/// The gateway's default port. Source: openclaw docs, `gateway.port`.
pub const DEFAULT_PORT: u16 = 18789;

/// The health route unless told otherwise. Source: openclaw docs, gateway/health.
pub const HEALTH_PATH: &str = "/health";

/// Where a way ends: scheme, host and port, path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Plain text, TLS or a Unix socket.
    pub scheme: Scheme,
    /// Host name or address without brackets; for a Unix socket its file.
    pub host: String,
    /// Port; 0 for a Unix socket.
    pub port: u16,
    /// Path of the upgrade, `/` unless given.
    pub path: String,
    /// The query string, kept as a secret because people put tokens there.
    pub query: Option<Secret>,
}

impl Endpoint {
    /// The host as an address, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// To which network the host belongs, as far as its spelling tells; `localhost` counts as loopback (RFC 6761).
    pub fn class(&self) -> AddressClass {
        match self.ip() {
            Some(ip) => AddressClass::of(ip),
            None if self.host.eq_ignore_ascii_case("localhost") => AddressClass::Loopback,
            None => AddressClass::Name,
        }
    }

    /// `host:port`, with brackets around an IPv6 address: the value of a `Host` header when the port is not the scheme's own.
    pub fn authority(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }

    /// Path and query for a request line. Contains secrets: only for the wire.
    pub fn request_target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{}", self.path, query.reveal()),
            None => self.path.clone(),
        }
    }
}

impl fmt::Display for Endpoint {
    /// The URL without its query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::Unix => write!(f, "unix:{}", self.host),
            Scheme::Ws => write!(f, "ws://{}{}", self.authority(), if self.path == "/" { "" } else { &self.path }),
            Scheme::Wss => write!(f, "wss://{}{}", self.authority(), if self.path == "/" { "" } else { &self.path }),
        }
    }
}

/// A way to the gateway that somebody named or something revealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The path's name: `local`, `edge`, `edge:2`, `edge:corp`.
    pub name: String,
    /// How a request reaches the gateway.
    pub kind: Kind,
    /// Where it ends.
    pub endpoint: Endpoint,
    /// Where it came from.
    pub origin: Source,
    /// The flag, variable or key that named it.
    pub place: String,
    /// Whether its edge gives a client on loopback an address of its own to tell the gateway of: the built-in edge does, and a
    /// run against it needs no address beside loopback. Settings never say so.
    pub vouches: bool,
}

/// The shared secret the settings yield, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// What became of it.
    pub state: CredentialState,
    /// Token or password.
    pub slot: Option<Slot>,
    /// The secret, when present.
    pub secret: Option<Secret>,
    /// Kind of source.
    pub source: Option<Source>,
    /// The flag, variable or key.
    pub place: Option<String>,
}

/// The configuration file as read.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigFile {
    /// What became of it.
    pub state: ConfigState,
    /// The file.
    pub file: PathBuf,
    /// What led to it.
    pub source: Source,
    /// Where and why it could not be understood.
    pub error: Option<String>,
    /// `gateway.mode`.
    pub mode: Option<String>,
    /// `gateway.bind`.
    pub bind: Option<String>,
    /// `gateway.port`, or the product's default.
    pub port: u16,
    /// `gateway.auth.mode`.
    pub auth_mode: Option<String>,
    /// `gateway.tls.enabled`.
    pub tls: bool,
    /// `gateway.controlUi.basePath`.
    pub base_path: Option<String>,
    /// `gateway.tailscale.mode`.
    pub tailscale: Option<String>,
    /// Whether `gateway.remote.sshTarget` names a machine.
    pub ssh_target: bool,
    /// `gateway.trustedProxies`.
    pub trusted_proxies: Vec<String>,
    /// `gateway.auth.allowTailscale`.
    pub allow_tailscale: Option<bool>,
}

/// One setting as one source gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Kind of source.
    pub source: Source,
    /// The setting: port, bind, url, mode, plain-to-names, token, password, remote-token, remote-password.
    pub key: &'static str,
    /// The value; a secret's text stands in `secret` instead.
    pub value: String,
    /// The secret, for token and password.
    pub secret: Option<Secret>,
    /// The flag, variable or key that holds it.
    pub place: String,
}

/// A proxy variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyVariable {
    /// The variable, in capitals.
    pub name: String,
    /// The proxy, without credentials: `host:port`.
    pub proxy: String,
    /// Where it listens, when the host is an address or `localhost`.
    pub address: Option<SocketAddr>,
    /// Whether requests to loopback addresses would go to it.
    pub takes_loopback: bool,
}

/// A resolver to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedResolver {
    /// The name in reports.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
}

/// How TLS is to be verified and spoken.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// Roots to trust beside the system's, as PEM.
    pub ca: Option<Vec<u8>>,
    /// SHA-256 of the leaf, 64 lower-case hex digits, which then is all that counts, on every path that has none of its own.
    pub pin: Option<String>,
    /// The same for single paths, by their names.
    pub pins: BTreeMap<String, String>,
    /// Client certificate chain and key, as PEM.
    pub client: Option<(Vec<u8>, Secret)>,
}

impl TlsSettings {
    /// The same for one path: the client's certificate is for edges, and no gateway gets to see it; and a pin of its own goes
    /// before the one for all. A pin is a pin: a certificate that somebody vouches for does not take its place.
    pub fn towards(&self, way: &Way) -> Cow<'_, Self> {
        let hidden = way.kind.class() == Class::Direct && self.client.is_some();
        let own = self.pins.get(&way.name);
        if !hidden && own.is_none() {
            return Cow::Borrowed(self);
        }
        let client = self.client.clone().filter(|_| !hidden);
        Cow::Owned(Self { client, pin: own.or(self.pin.as_ref()).cloned(), ..self.clone() })
    }
}

/// What a world of our own gives in the place of the machine's: nothing where a real gateway is asked. Settings never say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// The ports at which this very process plays the gateway.
    pub gateway_ports: Vec<u16>,
    /// The name server that stands for the machine's own.
    pub name_server: Option<SocketAddr>,
}

/// Everything the settings yield about what to ask and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The ways, innermost kind first.
    pub ways: Vec<Way>,
    /// The credential to try.
    pub credential: Credential,
    /// The configuration file.
    pub config: ConfigFile,
    /// Every source of every setting.
    pub settings: Vec<Setting>,
    /// Proxy variables.
    pub proxies: Vec<ProxyVariable>,
    /// Path of the health route, if somebody says; else it is [`HEALTH_PATH`], below the path of an edge's URL.
    pub health_path: Option<String>,
    /// Named resolvers, beside the system's.
    pub resolvers: Vec<NamedResolver>,
    /// TLS.
    pub tls: TlsSettings,
    /// Headers for the edge's own authentication (`--header-file`): sent on edge paths only, and only where the
    /// credential may go too ([`crate::fitness`]): over TLS that convinces, or to a loopback, tailnet or private address.
    pub headers: Vec<(String, Secret)>,
    /// Every secret that was read, for the redactor.
    pub secrets: Vec<Secret>,
    /// The world of our own that is asked, if it is one.
    pub world: World,
}
