//! The `connect` request of a device-less probe.
//!
//! Source: `docs/gateway/protocol/handshake.md`, corrected by the wire: `client.id` and `client.mode` are closed sets, and the
//! mode `operator` of the documentation's example is refused. `cli` with mode `probe` is what the product's own `gateway probe`
//! sends; every release takes it, it pairs nothing, asks nobody for approval and stays out of the presence list from 2026.8.1 on.
//! Without a device it is granted no scope since 2026.3.13, whatever it asks for.

use serde::Serialize;

use super::frame;
use super::limits::{NEWEST_PROTOCOL, OLDEST_PROTOCOL};
use crate::facts::tables::site::Slot;

/// The method.
pub const METHOD: &str = "connect";

/// The id of the one request a probe sends.
pub const ID: &str = "1";

/// `connect.params`. Holds the secret: no `Debug`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Params<'a> {
    min_protocol: u16,
    max_protocol: u16,
    client: Client,
    role: &'static str,
    scopes: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Auth<'a>>,
}

#[derive(Serialize)]
struct Client {
    id: &'static str,
    version: &'static str,
    platform: &'static str,
    mode: &'static str,
}

#[derive(Serialize)]
struct Auth<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

/// The whole request.
pub type Request<'a> = frame::Request<Params<'a>>;

/// The request of a probe, with the secret in its slot, or without any.
pub fn request(secret: Option<(Slot, &str)>) -> Request<'_> {
    let auth = secret.map(|(slot, secret)| match slot {
        Slot::Token => Auth { token: Some(secret), password: None },
        Slot::Password => Auth { token: None, password: Some(secret) },
    });
    let client = Client { id: "cli", version: env!("CARGO_PKG_VERSION"), platform: std::env::consts::OS, mode: "probe" };
    let params = Params {
        min_protocol: OLDEST_PROTOCOL,
        max_protocol: NEWEST_PROTOCOL,
        client,
        role: "operator",
        scopes: &["operator.read"],
        auth,
    };
    frame::Request::new(ID, METHOD, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(secret: Option<(Slot, &str)>) -> serde_json::Value {
        serde_json::to_value(request(secret)).unwrap()
    }

    #[test]
    fn the_secret_travels_in_its_slot_only() {
        assert_eq!(json(Some((Slot::Token, "s")))["params"]["auth"], serde_json::json!({"token": "s"}));
        assert_eq!(json(Some((Slot::Password, "s")))["params"]["auth"], serde_json::json!({"password": "s"}));
        assert!(json(None)["params"].get("auth").is_none());
    }

    #[test]
    fn the_request_has_what_the_schema_requires_and_no_device() {
        let request = json(None);
        assert_eq!(request["type"], "req");
        assert_eq!((&request["params"]["minProtocol"], &request["params"]["maxProtocol"]), (&3.into(), &4.into()));
        assert!(request["params"].get("device").is_none());
    }
}
