//! A probe as the shelf holds it: a named use of a primitive.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::facts::tables::path::Scheme;
use crate::labels;
use crate::path::Kind;

labels! {
    /// How a probe asks. None of them writes.
    pub enum Method {
        Get = "GET": "An HTTP request for a route, or for an upgrade.",
        Head = "HEAD": "An HTTP request for the head of an answer.",
        Extended = "CONNECT": "The extended CONNECT of RFC 8441: an upgrade over HTTP/2.",
        Connect = "connect": "The gateway's own `connect`, over WebSocket.",
        Health = "health": "The gateway's own `health`, over WebSocket, after login.",
    }
}

/// One probe file.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The id, which is also the file's name.
    pub id: String,
    /// The primitive.
    pub primitive: String,
    /// One sentence.
    pub summary: String,
    /// Kinds of path it is asked of; empty for a probe of the site.
    pub paths: Vec<Kind>,
    /// Schemes of a path it is asked of; empty for any.
    pub schemes: Vec<Scheme>,
    /// Ids of probes of the same lane that must have succeeded.
    pub needs: Vec<String>,
    /// Its own deadline.
    pub deadline: Duration,
    /// Pre-authentication sockets it opens at once.
    pub sockets: usize,
    /// Connections it makes at most, one after the other; to a name with more than one address `tcp` makes one for each.
    pub connections: usize,
    /// Whether it asks both loopback families of a `local` path, each by connections of its own.
    pub families: bool,
    /// How it asks.
    pub methods: Vec<Method>,
    /// Names of the headers it sends, in order; the configured ones of an edge's login come after them.
    pub headers: Vec<String>,
    /// Whether it is the first to go when the budget has no room for everything.
    pub spare: bool,
    /// Whether it may send the credential, and so may fail an attempt.
    pub credential: bool,
    /// Parameters; those named like a key column of the primitive's tables fix that column.
    pub with: BTreeMap<String, String>,
}

impl Probe {
    /// Whether it is asked of paths of a kind that have this scheme.
    pub fn asks(&self, kind: Kind, scheme: Scheme) -> bool {
        self.paths.contains(&kind) && (self.schemes.is_empty() || self.schemes.contains(&scheme))
    }

    /// The most connections it makes on a path of a kind.
    pub fn connections(&self, kind: Kind) -> usize {
        self.connections * if self.families && kind == Kind::Local { 2 } else { 1 }
    }
}
