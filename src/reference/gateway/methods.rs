//! What is answered after hello-ok, and to whom. Source: 2026.9.6; its 466 methods are known by name, a few answer.

use serde_json::{Value, json};

use super::connect::Granted;
use super::options::Phase;
use super::{Gateway, health, hello, schema};

/// A method that answers.
struct Method {
    name: &'static str,
    /// The scope it asks for; none is for everybody.
    scope: Option<&'static str>,
    /// Whether it takes no parameters, and says so.
    strict: bool,
    answer: fn(&Gateway, &Granted) -> Value,
}

const READ: Option<&str> = Some("operator.read");

const METHODS: &[Method] = &[
    Method { name: "health", scope: None, strict: false, answer: |_, _| health::health() },
    Method { name: "status", scope: READ, strict: false, answer: |g, who| health::status(g, who.may("operator.admin")) },
    Method { name: "system-presence", scope: READ, strict: false, answer: |g, _| health::presence(g) },
    Method { name: "config.get", scope: READ, strict: true, answer: |g, _| health::config(g) },
    Method { name: "node.list", scope: READ, strict: true, answer: |_, _| health::nodes() },
    Method { name: "last-heartbeat", scope: READ, strict: false, answer: |_, _| Value::Null },
    Method {
        name: "device.pair.list",
        scope: Some("operator.pairing"),
        strict: true,
        answer: |_, _| json!({"pending": [], "paired": []}),
    },
];

/// The answer to a frame.
pub fn answer(gateway: &Gateway, granted: &Granted, frame: &Value) -> Value {
    let id = frame["id"].as_str().filter(|id| !id.is_empty()).unwrap_or("invalid");
    match result(gateway, granted, frame) {
        Ok(payload) => json!({"type": "res", "id": id, "ok": true, "payload": payload}),
        Err(error) => json!({"type": "res", "id": id, "ok": false, "error": error}),
    }
}

fn result(gateway: &Gateway, granted: &Granted, frame: &Value) -> Result<Value, Value> {
    if let Some(complaint) = schema::request(frame) {
        return Err(invalid(format!("invalid request frame: {complaint}")));
    }
    let name = frame["method"].as_str().unwrap_or_default();
    gateway.count.method(name);
    let method = METHODS.iter().find(|m| m.name == name);
    let scope = match method {
        Some(method) => method.scope,
        None if gateway.release.startup || hello::METHODS.iter().any(|known| known == name) => Some("operator.admin"),
        None => None,
    };
    if let Some(scope) = scope.filter(|scope| !granted.may(scope)) {
        return Err(missing(gateway, scope));
    }
    if gateway.phase() == Phase::Suspended {
        return Err(suspended());
    }
    let method = method.ok_or_else(|| invalid(format!("unknown method: {name}")))?;
    let params = frame.get("params").filter(|_| method.strict);
    match params.and_then(schema::empty) {
        Some(complaint) => Err(invalid(format!("invalid {name} params: {complaint}"))),
        None => Ok((method.answer)(gateway, granted)),
    }
}

fn invalid(message: String) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message})
}

fn missing(gateway: &Gateway, scope: &str) -> Value {
    let message = format!("missing scope: {scope}");
    if !gateway.release.startup {
        return invalid(message);
    }
    json!({
        "code": "FORBIDDEN", "message": message,
        "details": {"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]}
    })
}

fn suspended() -> Value {
    json!({
        "code": "UNAVAILABLE", "message": "gateway suspension in progress", "details": {"reason": "gateway-suspending"},
        "retryable": true, "retryAfterMs": 500
    })
}
