//! An arrival in words.

use std::fmt;
use std::net::IpAddr;

use super::{Arrival, Contract, Fate};

impl fmt::Display for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(contract) => contract.fmt(f),
            Self::ProxyLine { peer, line } => {
                writeln!(f, "PROXY line   {}   {line}", from(*peer))?;
                row(
                    f,
                    "verdict",
                    "the gateway does not know it and says 400: turn it off towards the gateway (send-proxy, proxy_protocol)",
                )
            }
            Self::Tls { peer, name, alpn } => {
                let (name, alpn) = (name.as_deref().unwrap_or("no name"), alpn.join(" "));
                writeln!(f, "TLS hello   {}   for {name}   offers {alpn}", from(*peer))?;
                row(f, "verdict", "the gateway speaks plain text here (TLS-02): let the edge ask by http, or turn gateway.tls on")
            }
            Self::Http2 { peer } => {
                writeln!(f, "HTTP/2   {}   without TLS", from(*peer))?;
                row(f, "verdict", "the gateway speaks HTTP/1.1 only: let the edge ask by that")
            }
            Self::More { kinds } => writeln!(f, "more   {kinds} kinds were told; of others nothing is said"),
            Self::Junk { peer, bytes } => writeln!(f, "no HTTP   {}   {bytes} bytes", from(*peer)),
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.tls { "by TLS" } else { "in plain text" };
        let whose = match self.claims {
            Some(true) => "   with the claims",
            Some(false) => "   without claims",
            None => "",
        };
        writeln!(f, "{}   {} {how}{whose}", self.request, from(self.peer))?;
        row(f, "host", self.host.as_deref().unwrap_or("none"))?;
        if let Some(prefix) = &self.prefix {
            row(f, "prefix", &format!("{prefix} is kept; the gateway knows it only as gateway.controlUi.basePath"))?;
        }
        if let Some([upgrade, connection]) = &self.upgrade {
            row(f, "upgrade", &format!("Upgrade: {upgrade}, Connection: {connection}"))?;
        }
        for fate in Fate::ALL {
            for line in self.headers.iter().filter(|line| line.fate.as_str() == fate.name) {
                let value = line.value.as_deref().map(|value| format!(": {value}")).unwrap_or_default();
                row(f, fate.name, &format!("{}{value}", line.name))?;
            }
        }
        let client = self.trust.client.map(|ip| format!(", client {ip}")).unwrap_or_default();
        row(f, "verdict", &format!("{}{client}", self.trust.verdict))?;
        let known = if self.trust.known { "" } else { "   (not told to this stand-in by --trusted-proxy)" };
        row(f, "advice", &format!("{}{known}", self.trust.advice))
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, what: &str) -> fmt::Result {
    writeln!(f, "  {name:<12}{what}")
}

fn from(peer: Option<IpAddr>) -> String {
    peer.map_or_else(|| "from a Unix socket".to_owned(), |peer| format!("from {peer}"))
}
