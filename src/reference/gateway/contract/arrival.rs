//! What arrives at the gateway's port, as far as it tells of an edge: a request, or something the gateway does not speak.

use std::net::IpAddr;

use serde::Serialize;
use tokio_rustls::rustls::server::Acceptor;

use super::Contract;
use crate::reference::head::Head;

/// The first byte of TLS: a handshake record.
const HANDSHAKE: u8 = 0x16;
/// What a PROXY line of version 2 begins with (proxy-protocol.txt, section 2.2).
const PROXY_V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The most of a peer's text that is told.
const LONGEST: usize = 120;

/// One arrival.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "arrives", rename_all = "kebab-case")]
pub enum Arrival {
    /// A request.
    Request(Box<Contract>),
    /// A PROXY line, which the gateway does not know: it answers 400.
    ProxyLine {
        /// From where.
        peer: Option<IpAddr>,
        /// The line, or its version.
        line: String,
    },
    /// TLS at a port that speaks plain text.
    Tls {
        /// From where.
        peer: Option<IpAddr>,
        /// The server name asked for.
        name: Option<String>,
        /// The protocols offered.
        alpn: Vec<String>,
    },
    /// HTTP/2 without TLS.
    Http2 {
        /// From where.
        peer: Option<IpAddr>,
    },
    /// Kinds beyond those that are told.
    More {
        /// How many were told.
        kinds: usize,
    },
    /// Something else.
    Junk {
        /// From where.
        peer: Option<IpAddr>,
        /// How many bytes were read.
        bytes: usize,
    },
}

impl Arrival {
    /// A request.
    pub fn request(head: &Head, peer: Option<IpAddr>, tls: bool, trusted: &[IpAddr]) -> Self {
        Self::Request(Box::new(Contract::of(head, peer, tls, trusted)))
    }

    /// What is no request.
    pub fn junk(bytes: &[u8], peer: Option<IpAddr>) -> Self {
        if bytes.first() == Some(&HANDSHAKE) {
            let (name, alpn) = hello(bytes);
            return Self::Tls { peer, name, alpn };
        }
        if bytes.starts_with(PROXY_V2) {
            return Self::ProxyLine { peer, line: "version 2".to_owned() };
        }
        match bytes.split(|byte| *byte == b'\r' || *byte == b'\n').next().map(String::from_utf8_lossy) {
            Some(line) if line.starts_with("PROXY ") => {
                Self::ProxyLine { peer, line: line.chars().filter(|c| !c.is_control()).take(LONGEST).collect() }
            }
            Some(line) if line.starts_with("PRI * HTTP/2") => Self::Http2 { peer },
            _ => Self::Junk { peer, bytes: bytes.len() },
        }
    }

    /// What tells one arrival from another.
    pub fn shape(&self) -> String {
        match self {
            Self::Request(contract) => contract.shape(),
            Self::ProxyLine { peer, line } => format!("{peer:?} PROXY {:?}", line.split(' ').nth(1)),
            Self::Junk { peer, .. } => format!("{peer:?} junk"),
            other => format!("{other:?}"),
        }
    }
}

/// The server name and the protocols of a TLS hello, as far as it came.
fn hello(mut bytes: &[u8]) -> (Option<String>, Vec<String>) {
    let mut acceptor = Acceptor::default();
    if acceptor.read_tls(&mut bytes).is_err() {
        return (None, Vec::new());
    }
    let Ok(Some(accepted)) = acceptor.accept() else { return (None, Vec::new()) };
    let hello = accepted.client_hello();
    let alpn = hello.alpn().into_iter().flatten().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    (hello.server_name().map(str::to_owned), alpn)
}
