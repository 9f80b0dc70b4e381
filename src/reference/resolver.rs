//! A name server that answers from a list, over UDP and TCP.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What it answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// The address it listens on, UDP and TCP.
    pub listen: Vec<String>,
    /// Its port; 0 finds one.
    pub port: u16,
    /// Nobody listens.
    pub stopped: bool,
    /// Addresses by name; a name that is not here does not exist.
    pub name: BTreeMap<String, Vec<std::net::IpAddr>>,
    /// The response code for every name, such as `servfail` or `refused`, instead of an answer.
    pub code: Option<String>,
    /// Hears every question and never answers.
    pub silent: bool,
}
