//! What a reference gateway is told to be.

use std::net::IpAddr;

use serde::Deserialize;

use crate::labels;
use crate::openclaw::limits::{PING, TICK};
use crate::reference::certificate::Kind;
use crate::reference::script::Answer;
use crate::secret::Secret;

labels! {
    /// `gateway.auth.mode`.
    pub enum Auth {
        Token = "token": "A shared token.",
        Password = "password": "A shared password.",
        None = "none": "No secret; a device identity is still asked for.",
    }
}

labels! {
    /// How far the gateway has come.
    pub enum Phase {
        Ready = "ready": "Serves.",
        Starting = "starting": "Listens, and asks to come back.",
        Draining = "draining": "About to end.",
        Suspended = "suspended": "Lets operators in and refuses what they ask.",
    }
}

/// The options; the defaults are a gateway as it is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Where it listens; see [`crate::reference::front::Front::bind`].
    pub listen: Vec<String>,
    /// Its port; 0 finds one.
    pub port: u16,
    /// Every connection is refused.
    pub stopped: bool,
    /// The release it behaves as; see [`super::release`].
    pub release: String,
    /// What it asks for.
    pub auth: Auth,
    /// The token or password.
    pub secret: Secret,
    /// `gateway.trustedProxies`.
    pub trusted_proxies: Vec<IpAddr>,
    /// The certificate of its TLS; plain text without.
    pub tls: Option<Kind>,
    /// How far it has come.
    pub phase: Phase,
    /// How long it has been up when it begins to listen, in milliseconds: two gateways that stand up together are told apart by
    /// it.
    pub up_for_ms: u64,
    /// How long it is starting before it is ready, in milliseconds.
    pub starts_for_ms: u64,
    /// Addresses that have used up their attempts count as locked out from the start.
    pub locked_out: bool,
    /// Unauthenticated sockets that others hold already, of the 32 there may be.
    pub sockets_taken: usize,
    /// How long it keeps its challenge back, in milliseconds, as a busy one does.
    pub challenge_after_ms: u64,
    /// How long it waits for a connect, in milliseconds; 0 for as long as the release does.
    pub handshake_ms: u64,
    /// After how long it is as if somebody killed it, in milliseconds; 0 for never.
    pub killed_after_ms: u64,
    /// Time between two pings, in milliseconds; 0 for none.
    pub ping_ms: u64,
    /// Time between two ticks, in milliseconds; 0 for none.
    pub tick_ms: u64,
    /// Answers by script that go before its own.
    pub answer: Vec<Answer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: ["127.0.0.1", "::1"].map(String::from).to_vec(),
            port: 0,
            stopped: false,
            release: String::from("2026.9.6"),
            auth: Auth::Token,
            secret: Secret::new(""),
            trusted_proxies: Vec::new(),
            tls: None,
            phase: Phase::Ready,
            up_for_ms: 0,
            starts_for_ms: 0,
            locked_out: false,
            sockets_taken: 0,
            challenge_after_ms: 0,
            handshake_ms: 0,
            killed_after_ms: 0,
            ping_ms: PING.as_millis() as u64,
            tick_ms: TICK.as_millis() as u64,
            answer: Vec::new(),
        }
    }
}
