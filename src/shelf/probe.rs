//! A probe as the shelf holds it: a named use of a primitive.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::facts::tables::path::Scheme;
use crate::path::Kind;

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
}
