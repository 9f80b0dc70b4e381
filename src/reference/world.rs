//! A world as data: who stands there, and what a client is told of it.
//!
//! It is a TOML document. Texts may have holes: `{dir}`, `{token}`, `{password}`, `{address}` (one of this machine's own
//! beside loopback, if it has any), and for each stand-in `{NAME.port}` and, if it speaks TLS, `{NAME.pin}`. See [`super::document`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{edge, gateway, resolver, script};

/// Everybody there is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct World {
    /// The gateway.
    pub gateway: Option<gateway::Options>,
    /// Another gateway: at the same port where it listens on other addresses, else at one of its own.
    pub other: Option<gateway::Options>,
    /// The edge in front of the gateway.
    pub edge: Option<edge::Options>,
    /// A second edge.
    pub edge_2: Option<edge::Options>,
    /// A peer that is neither.
    pub peer: Option<script::Options>,
    /// A name server.
    pub resolver: Option<resolver::Options>,
    /// What clawprobe is told.
    pub client: Client,
    /// Texts of the files in `{dir}`.
    pub file: BTreeMap<String, String>,
}

/// The names of the stand-ins that take connections alone, in the order they are seated; the resolver comes after them.
pub const STANDS: &[&str] = &["gateway", "other", "edge", "edge-2", "peer"];

/// What clawprobe is told: flags by their names, and the environment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the flag of its name")]
pub struct Client {
    pub gateway: Option<String>,
    pub edge: Vec<String>,
    pub tailnet: Vec<String>,
    pub tunnel: Vec<String>,
    pub public: Vec<String>,
    pub config: Option<String>,
    pub state_dir: Option<String>,
    pub token_file: Option<String>,
    pub password_file: Option<String>,
    pub health_path: Option<String>,
    pub resolver: Vec<String>,
    pub ca: Option<String>,
    pub pin: Vec<String>,
    pub header_file: Option<String>,
    pub client_cert: Option<String>,
    pub client_key: Option<String>,
    /// The name server of the machine, `ADDRESS:PORT`; the machine's own without.
    #[serde(skip_serializing)]
    pub name_server: Option<String>,
    /// The environment; nothing else is in it.
    #[serde(skip_serializing)]
    pub env: BTreeMap<String, String>,
}

/// Lays a change over a document: tables are merged, everything else is replaced.
pub fn merge(base: &mut Table, change: &Table) {
    for (key, value) in change {
        match (base.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            _ => drop(base.insert(key.clone(), value.clone())),
        }
    }
}

/// The key at which two changes differ, if they cannot both be made.
pub fn conflict(one: &Table, two: &Table) -> Option<String> {
    one.iter().find_map(|(key, value)| match (value, two.get(key)?) {
        (Value::Table(a), Value::Table(b)) => conflict(a, b).map(|inner| format!("{key}.{inner}")),
        (a, b) => (a != b).then(|| key.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn a_change_replaces_what_it_names_and_nothing_else() {
        let mut base = table("[edge]\nupgrade = 'passed'\nport = 1\n[client]\nedge = ['a', 'b']");
        merge(&mut base, &table("[edge]\nupgrade = 'held'\n[client]\nedge = []\n[peer]\nport = 2"));
        assert_eq!(base, table("[edge]\nupgrade = 'held'\nport = 1\n[client]\nedge = []\n[peer]\nport = 2"));
    }

    #[test]
    fn two_changes_conflict_where_they_differ() {
        let one = table("[gateway]\nauth = 'none'\n[edge]\nport = 1");
        assert_eq!(conflict(&one, &table("[gateway]\nphase = 'starting'")), None);
        assert_eq!(conflict(&one, &table("[gateway]\nauth = 'token'")), Some("gateway.auth".into()));
    }
}
