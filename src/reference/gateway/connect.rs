//! `connect`: who is let in, with which scopes, and what everybody else is told.
//!
//! Source: 2026.9.6 over loopback and through a trusted proxy, each refusal produced; older releases as in [`super::release`].

use std::time::Duration;

use serde_json::{Value, json};

use super::Gateway;
use super::client::Client;
use super::device::{self, Asked};
use super::limiter::{Subject, Turn};
use super::options::{Auth, Phase};
use super::origin::Place;
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
    /// The token of its device, and when it was issued.
    pub token: Option<(String, i64)>,
    /// Whether it was let in by that token, not by the secret.
    pub by_token: bool,
}

/// Who asks to be let in.
pub struct Caller<'a> {
    /// Whom it counts for.
    pub client: Client,
    /// Where it comes from.
    pub place: &'a Place,
    /// What it was challenged with.
    pub nonce: &'a str,
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
pub fn decide(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Decision {
    if let Err(refused) = formal(gateway, params, caller) {
        return Err(refused).into();
    }
    let decision = authenticate(gateway, params, caller);
    let mut seen = gateway.count.lock();
    match (secret(params), &decision.result) {
        (None, _) => seen.bare += 1,
        (Some(_), Ok(_)) => seen.accepted += 1,
        (Some(_), Err(_)) => seen.refused += 1,
    }
    decision
}

/// Everything that is refused before anybody's secret is looked at.
fn formal(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Result<(), Refused> {
    if let Some(complaint) = schema::connect(params) {
        return Err(Refused::policy("INVALID_REQUEST", &format!("invalid connect params: {complaint}")));
    }
    let (id, mode) = (text(params, "/client/id"), text(params, "/client/mode"));
    if id == "openclaw-worker" || mode == "worker" || role(params) == "worker" {
        return Err(Refused::silent(1008, "invalid-handshake"));
    }
    admission(gateway, role(params))?;
    protocol(gateway, params)?;
    if !matches!(role(params), "operator" | "node") {
        return Err(Refused::policy("INVALID_REQUEST", "invalid role"));
    }
    if id == "openclaw-browser-copilot" {
        let message = "browser copilot requires ui mode with run-tool-bindings and session-scoped-events capabilities";
        return Err(Refused::policy("INVALID_REQUEST", message));
    }
    // The first releases ask pages alone where they come from.
    let asked = gateway.release.details || caller.place.origin.is_none();
    if asked { caller.place.check(id, caller.client.local) } else { Ok(()) }
}

/// Whether anybody is let in by now. While suspended operators are, and are then told so.
fn admission(gateway: &Gateway, role: &str) -> Result<(), Refused> {
    let closed = |operation: &str, reason: &str, phase: &str| {
        let message = format!("connect unavailable during gateway {operation}");
        let refused = Refused::new("UNAVAILABLE", &message, 1013, &format!("gateway {operation} in progress"));
        Err(refused.retry(1_000).details(json!({"method": "connect", "reason": reason, "phase": phase})))
    };
    match gateway.phase() {
        Phase::Starting => {
            let starting = Refused::new("UNAVAILABLE", "gateway starting; retry shortly", 1013, "gateway starting");
            Err(starting.retry(500).details(json!({"reason": "startup-sidecars"})))
        }
        Phase::Draining => closed("restart", "gateway-restarting", "accepting"),
        Phase::Suspended if role == "node" => closed("suspension", "gateway-suspending", "prepared"),
        Phase::Ready | Phase::Suspended => Ok(()),
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
    let details = match release.ranges {
        false => json!({"expectedProtocol": release.protocol}),
        true => json!({
            "code": "PROTOCOL_MISMATCH", "clientMinProtocol": range[0], "clientMaxProtocol": range[1],
            "expectedProtocol": release.protocol, "minimumProbeProtocol": release.probe_minimum
        }),
    };
    let refused = Refused::new("INVALID_REQUEST", "protocol mismatch", 1002, "protocol mismatch");
    Err(tell(gateway, refused, details))
}

fn authenticate(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Decision {
    let device = params.get("device").is_some();
    if let Some(Err(refused)) = device.then(|| device::prove(gateway.release, params, role(params), caller.nonce)) {
        return Err(told(gateway, refused)).into();
    }
    let right = match secret(params) {
        None if !device => return Err(strange(gateway, params)).into(),
        _ if gateway.options.auth == Auth::None => return admit(gateway, params, caller).into(),
        None if by_token(gateway, params) => true,
        None if text(params, "/auth/deviceToken").is_empty() => return Err(missing(gateway, params, caller)).into(),
        None => return Err(foreign(gateway)).into(),
        Some(secret) => secret == gateway.options.secret.reveal() || by_token(gateway, params),
    };
    let subject = Subject::of(caller.client.address, caller.place.origin.as_deref().filter(|_| gateway.release.since_8_1));
    match gateway.limiter.turn(subject, right) {
        Turn::Right => admit(gateway, params, caller).into(),
        Turn::Wrong(delay) => Decision { delay, ..Err(wrong(gateway, params, caller)).into() },
        Turn::LockedOut(left) => Err(limited(gateway, left, device)).into(),
    }
}

/// Whether a device shows a token that was issued to it.
fn by_token(gateway: &Gateway, params: &Value) -> bool {
    let shown = ["/auth/deviceToken", "/auth/token"].map(|slot| text(params, slot));
    shown.into_iter().any(|token| gateway.devices.has_token(text(params, "/device/id"), token))
}

/// The secret was right, or none is asked for.
fn admit(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Result<Granted, Refused> {
    let role = role(params);
    let asked = |kept: bool| {
        let scopes = params["scopes"].as_array().filter(|_| kept).into_iter().flatten();
        scopes.filter_map(|s| s.as_str().map(str::to_owned)).collect()
    };
    if params.get("device").is_some() {
        let by = secret(params) != Some(gateway.options.secret.reveal()) && by_token(gateway, params);
        let silent = caller.client.local && caller.place.origin.is_none();
        let asking = Asked { params, role, silent, told: gateway.release.tells_pairing() };
        let token = gateway.devices.admit(&asking).map_err(|refused| told(gateway, refused))?;
        return Ok(Granted { role: role.to_owned(), scopes: asked(role == "operator"), token: Some(token), by_token: by });
    }
    if role == "node" || gateway.options.auth == Auth::None || text(params, "/client/id") == "openclaw-control-ui" {
        return Err(strange(gateway, params));
    }
    let kept = keeps(gateway.release.keeps, params, caller.client);
    Ok(Granted { role: role.to_owned(), scopes: asked(kept), token: None, by_token: false })
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
fn strange(gateway: &Gateway, params: &Value) -> Refused {
    if text(params, "/client/id") == "openclaw-control-ui" {
        let message = "control ui requires device identity (use HTTPS or localhost secure context)";
        let refused = Refused::policy("INVALID_REQUEST", message);
        return tell(gateway, refused, json!({"code": "CONTROL_UI_DEVICE_IDENTITY_REQUIRED"}));
    }
    let refused = Refused::policy("NOT_PAIRED", "device identity required");
    tell(gateway, refused, json!({"code": DEVICE_IDENTITY_REQUIRED}))
}

/// A device, and no secret.
fn missing(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Refused {
    refusal(gateway, "missing", hint(gateway, params, caller), (false, "update_auth_configuration"))
}

/// A wrong secret. A device may have a token of its own, unless the gateway asks for a password.
fn wrong(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> Refused {
    let retry = params.get("device").is_some() && gateway.options.auth == Auth::Token;
    let advice = if retry { (true, "retry_with_device_token") } else { (false, "update_auth_credentials") };
    refusal(gateway, "mismatch", hint(gateway, params, caller), advice)
}

/// A device's token that is not its own.
fn foreign(gateway: &Gateway) -> Refused {
    let message = "unauthorized: device token mismatch (rotate/reissue device token)";
    let mut details = json!({"code": "AUTH_DEVICE_TOKEN_MISMATCH", "authReason": "device_token_mismatch"});
    advise(gateway, &mut details, (false, "update_auth_credentials"));
    tell(gateway, Refused::policy("INVALID_REQUEST", message), details)
}

/// What the client is told to do. Source: `formatGatewayAuthFailureMessage`.
fn hint(gateway: &Gateway, params: &Value, caller: &Caller<'_>) -> String {
    let slot = gateway.options.auth.as_str();
    let here = caller.client.local && gateway.release.since_8_1;
    match (text(params, "/client/mode") == "cli", here, gateway.options.auth) {
        (true, true, Auth::Token) => String::from("use this gateway's gateway.auth.token or pair the device"),
        (true, true, _) => format!("use this gateway's gateway.auth.{slot}"),
        (true, false, _) => format!("set gateway.remote.{slot} to match gateway.auth.{slot}"),
        (false, ..) => format!("provide gateway auth {slot}"),
    }
}

fn refusal(gateway: &Gateway, what: &str, hint: String, advice: (bool, &str)) -> Refused {
    let slot = gateway.options.auth.as_str();
    let code = format!("AUTH_{}_{}", slot.to_uppercase(), what.to_uppercase());
    let mut details = json!({"code": code, "authReason": format!("{slot}_{what}")});
    advise(gateway, &mut details, advice);
    tell(gateway, Refused::policy("INVALID_REQUEST", &format!("unauthorized: gateway {slot} {what} ({hint})")), details)
}

/// Too many failures.
fn limited(gateway: &Gateway, left: Duration, device: bool) -> Refused {
    let message = "unauthorized: too many failed authentication attempts (retry later)";
    let mut details = json!({"code": "AUTH_RATE_LIMITED", "authReason": "rate_limited"});
    advise(gateway, &mut details, (false, "wait_then_retry"));
    let refused = Refused::policy("INVALID_REQUEST", message);
    let after = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    tell(gateway, if device || !gateway.release.since_8_1 { refused } else { refused.retry(after) }, details)
}

fn advise(gateway: &Gateway, details: &mut Value, (retry, step): (bool, &str)) {
    if gateway.release.advice {
        details["canRetryWithDeviceToken"] = retry.into();
        details["recommendedNextStep"] = step.into();
    }
}

/// The refusal with details, where the release has any.
fn tell(gateway: &Gateway, refused: Refused, details: Value) -> Refused {
    told(gateway, refused.details(details))
}

/// The refusal, its details left out where the release has none.
fn told(gateway: &Gateway, refused: Refused) -> Refused {
    if gateway.release.details { refused } else { refused.plain() }
}
