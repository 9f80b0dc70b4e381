//! `connect`: who is let in, with which scopes, and what everybody else is told.
//!
//! Source: 2026.9.6 over loopback and through a trusted proxy, each refusal produced; older releases as in [`super::release`].

use std::time::Duration;

use serde_json::{Value, json};

use super::Gateway;
use super::client::Client;
use super::limiter::Turn;
use super::options::{Auth, Phase};
use super::refused::Refused;
use super::release::Keeps;
use super::schema;
use crate::openclaw::detail::DEVICE_IDENTITY_REQUIRED;

/// What an accepted connect is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// `operator` or `node`.
    pub role: String,
    /// The scopes it really has.
    pub scopes: Vec<String>,
}

impl Granted {
    /// Whether a scope is among those granted, or implied by one.
    pub fn may(&self, scope: &str) -> bool {
        let has = |scope: &str| self.scopes.iter().any(|s| s == scope);
        has(scope) || has("operator.admin") || scope == "operator.read" && has("operator.write")
    }
}

/// A decision, and how long it is kept back.
pub struct Decision {
    /// What is decided.
    pub result: Result<Granted, Box<Refused>>,
    /// How long a wrong secret from loopback waits for its answer.
    pub delay: Duration,
}

impl From<Result<Granted, Refused>> for Decision {
    fn from(result: Result<Granted, Refused>) -> Self {
        Self { result: result.map_err(Box::new), delay: Duration::ZERO }
    }
}

/// Decides a connect.
pub fn decide(gateway: &Gateway, params: &Value, client: Client) -> Decision {
    if let Err(refused) = formal(gateway, params) {
        return Err(refused).into();
    }
    let decision = authenticate(gateway, params, client);
    let mut seen = gateway.count.lock();
    match (secret(params), &decision.result) {
        (None, _) => seen.bare += 1,
        (Some(_), Ok(_)) => seen.accepted += 1,
        (Some(_), Err(_)) => seen.refused += 1,
    }
    decision
}

/// Everything that is refused before anybody's secret is looked at.
fn formal(gateway: &Gateway, params: &Value) -> Result<(), Refused> {
    if let Some(complaint) = schema::connect(params) {
        return Err(Refused::policy("INVALID_REQUEST", &format!("invalid connect params: {complaint}")));
    }
    if gateway.phase() == Phase::Starting {
        let starting = Refused::new("UNAVAILABLE", "gateway starting; retry shortly", 1013, "gateway starting");
        return Err(starting.retry(500).details(json!({"reason": "startup-sidecars"})));
    }
    protocol(gateway, params)?;
    match role(params) {
        "operator" | "node" => Ok(()),
        _ => Err(Refused::policy("INVALID_REQUEST", "invalid role")),
    }
}

fn protocol(gateway: &Gateway, params: &Value) -> Result<(), Refused> {
    let release = gateway.release;
    let range = ["minProtocol", "maxProtocol"].map(|key| params[key].as_u64().unwrap_or_default());
    let mode = text(params, "/client/mode");
    let least = if mode == "probe" || mode == "node" { release.probe_minimum } else { release.protocol };
    if range[0] <= u64::from(release.protocol) && range[1] >= u64::from(least) {
        return Ok(());
    }
    let mut details = json!({"code": "PROTOCOL_MISMATCH"});
    if release.ranges {
        details["clientMinProtocol"] = range[0].into();
        details["clientMaxProtocol"] = range[1].into();
    }
    details["expectedProtocol"] = release.protocol.into();
    details["minimumProbeProtocol"] = release.probe_minimum.into();
    let refused = Refused::new("INVALID_REQUEST", "protocol mismatch", 1002, "protocol mismatch");
    Err(tell(gateway, refused, details))
}

fn authenticate(gateway: &Gateway, params: &Value, client: Client) -> Decision {
    let device = params.get("device").is_some();
    let right = match secret(params) {
        None if !device => return Err(strange(gateway)).into(),
        None if gateway.options.auth != Auth::None => return Err(missing(gateway)).into(),
        None => true,
        Some(_) if gateway.options.auth == Auth::None => true,
        Some(secret) => secret == gateway.options.secret.reveal(),
    };
    match gateway.limiter.turn(client.address, right) {
        Turn::Right => admit(gateway, params, client).into(),
        Turn::Wrong(delay) => Decision { delay, ..Err(wrong(gateway, device)).into() },
        Turn::LockedOut(left) => Err(limited(gateway, left, device)).into(),
    }
}

/// The secret was right, or none is asked for.
fn admit(gateway: &Gateway, params: &Value, client: Client) -> Result<Granted, Refused> {
    let device = params.get("device");
    match (device, role(params)) {
        (None, "node") => return Err(strange(gateway)),
        (None, _) if gateway.options.auth == Auth::None => return Err(strange(gateway)),
        (Some(device), _) if !client.local => return Err(unpaired(gateway, params, device)),
        _ => {}
    }
    let kept = device.is_some() || keeps(gateway.release.keeps, params, client);
    let asked = params["scopes"].as_array().filter(|_| kept).into_iter().flatten();
    let scopes = asked.filter_map(|s| s.as_str().map(str::to_owned)).collect();
    Ok(Granted { role: role(params).to_owned(), scopes })
}

/// Whether a client without a device keeps the scopes it asks for.
fn keeps(keeps: Keeps, params: &Value, client: Client) -> bool {
    let backend = text(params, "/client/id") == "gateway-client" && text(params, "/client/mode") == "backend";
    let cli = text(params, "/client/id") == "cli" && text(params, "/client/mode") == "cli";
    match keeps {
        Keeps::All => true,
        Keeps::None => false,
        Keeps::Backend => client.local && backend,
        Keeps::BackendAndCli => client.local && (backend || cli),
    }
}

fn role(params: &Value) -> &str {
    params.get("role").and_then(Value::as_str).unwrap_or("operator")
}

/// The secret, from whichever of its two slots; an empty one is none.
fn secret(params: &Value) -> Option<&str> {
    let slot = |name: &str| params["auth"][name].as_str().filter(|s| !s.is_empty());
    slot("token").or_else(|| slot("password"))
}

fn text<'a>(params: &'a Value, pointer: &str) -> &'a str {
    params.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Neither a secret nor a device.
fn strange(gateway: &Gateway) -> Refused {
    let refused = Refused::policy("NOT_PAIRED", "device identity required");
    tell(gateway, refused, json!({"code": DEVICE_IDENTITY_REQUIRED}))
}

/// A device, and no secret.
fn missing(gateway: &Gateway) -> Refused {
    refusal(gateway, "missing", false, "update_auth_configuration")
}

/// A wrong secret.
fn wrong(gateway: &Gateway, device: bool) -> Refused {
    let step = if device { "retry_with_device_token" } else { "update_auth_credentials" };
    refusal(gateway, "mismatch", device, step)
}

fn refusal(gateway: &Gateway, what: &str, retry: bool, step: &str) -> Refused {
    let slot = gateway.options.auth.as_str();
    let message = match what {
        "missing" => format!("unauthorized: gateway {slot} missing (provide gateway auth {slot})"),
        _ => format!("unauthorized: gateway {slot} mismatch (provide gateway auth {slot})"),
    };
    let code = format!("AUTH_{}_{}", slot.to_uppercase(), what.to_uppercase());
    let mut details = json!({"code": code, "authReason": format!("{slot}_{what}")});
    advise(gateway, &mut details, retry, step);
    tell(gateway, Refused::policy("INVALID_REQUEST", &message), details)
}

/// Too many failures.
fn limited(gateway: &Gateway, left: Duration, device: bool) -> Refused {
    let message = "unauthorized: too many failed authentication attempts (retry later)";
    let mut details = json!({"code": "AUTH_RATE_LIMITED", "authReason": "rate_limited"});
    advise(gateway, &mut details, false, "wait_then_retry");
    let refused = Refused::policy("INVALID_REQUEST", message);
    let after = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    tell(gateway, if device { refused } else { refused.retry(after) }, details)
}

/// A device that nobody approved.
fn unpaired(gateway: &Gateway, params: &Value, device: &Value) -> Refused {
    let id = super::uuid();
    let message = "pairing required: device is not approved yet";
    let details = json!({
        "code": "PAIRING_REQUIRED", "reason": "not-paired", "requestId": id,
        "remediationHint": "Approve this device from the pending pairing requests.", "deviceId": device["id"],
        "requestedRole": role(params), "requestedScopes": params.get("scopes").cloned().unwrap_or_else(|| json!([]))
    });
    tell(gateway, Refused::new("NOT_PAIRED", message, 1008, &format!("{message} (requestId: {id})")), details)
}

fn advise(gateway: &Gateway, details: &mut Value, retry: bool, step: &str) {
    if gateway.release.advice {
        details["canRetryWithDeviceToken"] = retry.into();
        details["recommendedNextStep"] = step.into();
    }
}

/// The refusal with details, where the release has any.
fn tell(gateway: &Gateway, refused: Refused, details: Value) -> Refused {
    if gateway.release.details { refused.details(details) } else { refused.plain() }
}
