//! `hello-ok`: the payload of an accepted connect. Source: `docs/gateway/protocol/handshake.md` and the wire.
//!
//! Every member may be missing. `auth` is there only from 2026.4.29 on and `auth.method` only from 2026.9.6 on, `server.bootId`
//! from 2026.8.1 on; `server.version` is `dev` up to 2026.3.1. `pluginSurfaceUrls` and `auth.deviceToken` are bearer secrets and
//! are never read.

use std::time::Duration;

use serde_json::Value;

use super::frame::{ms, text};
use crate::facts::tables::site::Slot;

/// What a hello says, as far as we use it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hello {
    /// The protocol agreed on.
    pub protocol: Option<i64>,
    /// `server.version`.
    pub version: Option<String>,
    /// `server.bootId`: one per start of the gateway.
    pub boot_id: Option<String>,
    /// `snapshot.uptimeMs`.
    pub uptime: Option<Duration>,
    /// `auth.scopes`: those this connection really has; `None` where the release does not tell.
    pub scopes: Option<Vec<String>>,
    /// `auth.method`: token, password, device-token, bootstrap-token, tailscale, trusted-proxy, none.
    pub method: Option<String>,
    /// `policy.tickIntervalMs`.
    pub tick: Option<Duration>,
    /// `policy.maxPayload`, bytes.
    pub max_payload: Option<i64>,
}

/// The most scopes that are read: the product knows fewer than ten.
const MOST_SCOPES: usize = 32;

impl Hello {
    /// Reads the payload of an accepted connect.
    pub fn read(payload: &Value) -> Self {
        let scopes = payload.pointer("/auth/scopes").and_then(Value::as_array);
        Self {
            protocol: payload.get("protocol").and_then(Value::as_i64),
            version: text(payload, "/server/version"),
            boot_id: text(payload, "/server/bootId"),
            uptime: ms(payload, "/snapshot/uptimeMs"),
            scopes: scopes.map(|s| s.iter().filter_map(Value::as_str).take(MOST_SCOPES).map(str::to_owned).collect()),
            method: text(payload, "/auth/method"),
            tick: ms(payload, "/policy/tickIntervalMs"),
            max_payload: payload.pointer("/policy/maxPayload").and_then(Value::as_i64),
        }
    }

    /// What the gateway asks for, if the method tells.
    pub fn server_mode(&self) -> Option<Slot> {
        self.method.as_deref().and_then(|m| m.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hello_of_2026_9_6_reads() {
        let hello = Hello::read(&serde_json::json!({"type": "hello-ok", "protocol": 4,
            "server": {"version": "2026.9.6", "bootId": "b", "connId": "c"},
            "snapshot": {"uptimeMs": 607_455, "health": {}},
            "auth": {"method": "token", "role": "operator", "scopes": [], "deviceToken": "never read"},
            "policy": {"maxPayload": 26_214_400, "tickIntervalMs": 30_000}}));
        assert_eq!(hello.version.as_deref(), Some("2026.9.6"));
        assert_eq!(hello.scopes, Some(vec![]));
        assert_eq!(hello.server_mode(), Some(Slot::Token));
        assert_eq!(hello.tick, Some(super::super::limits::TICK));
        assert!(!format!("{hello:?}").contains("never read"));
    }

    #[test]
    fn an_old_hello_has_no_auth() {
        let hello =
            Hello::read(&serde_json::json!({"type": "hello-ok", "protocol": 3, "server": {"version": "dev", "host": "x"},
            "policy": {"maxPayload": 524_288, "tickIntervalMs": 30_000}}));
        assert_eq!((hello.protocol, hello.scopes.as_ref(), hello.server_mode()), (Some(3), None, None));
        assert_eq!(Hello::read(&Value::Null), Hello::default());
    }
}
