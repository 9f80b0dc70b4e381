//! What is answered after hello-ok, and to whom.
//!
//! Source: 2026.9.6. Its methods are all known by name and by the scope they ask for, which each of them told a client without
//! any; a few answer.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::connect::Granted;
use super::options::Phase;
use super::{Gateway, health, schema};

/// Methods by the scope they ask for; under `any` those that ask for none, under `node` those for nodes alone.
static SCOPES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let scopes: HashMap<String, Vec<String>> = serde_json::from_str(include_str!("scopes.json")).unwrap_or_default();
    scopes.into_iter().flat_map(|(scope, names)| names.into_iter().map(move |name| (name, scope.clone()))).collect()
});

/// What a method is asked with.
struct Question<'a> {
    gateway: &'a Gateway,
    granted: &'a Granted,
    params: &'a Value,
}

/// A method that answers.
struct Method {
    name: &'static str,
    /// Whether it takes no parameters, and says so.
    strict: bool,
    answer: fn(&Question<'_>) -> Value,
}

const fn method(name: &'static str, answer: fn(&Question<'_>) -> Value) -> Method {
    Method { name, strict: false, answer }
}

const fn strict(name: &'static str, answer: fn(&Question<'_>) -> Value) -> Method {
    Method { name, strict: true, answer }
}

const METHODS: &[Method] = &[
    method("health", |q| health::health(q.gateway)),
    method("status", |q| health::status(q.gateway, q.granted.may("operator.admin"), q.params["includeCliProjection"] == true)),
    method("system-presence", |q| health::presence(q.gateway)),
    strict("config.get", |q| health::config(q.gateway)),
    strict("node.list", |_| health::nodes()),
    method("channels.status", |q| health::channels(q.gateway)),
    strict("gateway.identity.get", |q| health::identity(q.gateway)),
    method("last-heartbeat", |_| Value::Null),
    strict("device.pair.list", |_| json!({"pending": [], "paired": []})),
];

/// The names of the methods that answer.
pub fn names() -> impl Iterator<Item = &'static str> {
    METHODS.iter().map(|method| method.name)
}

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
    permit(gateway, granted, name)?;
    if gateway.phase() == Phase::Suspended {
        return Err(suspended(name));
    }
    let known = SCOPES.contains_key(name);
    let Some(method) = METHODS.iter().find(|m| m.name == name) else {
        return Err(if known { unplayed(name) } else { invalid(format!("unknown method: {name}")) });
    };
    let params = frame.get("params").unwrap_or(&Value::Null);
    let strict = method.strict && !params.is_null();
    match strict.then(|| schema::empty(params)).flatten() {
        Some(complaint) => Err(invalid(format!("invalid {name} params: {complaint}"))),
        None => Ok((method.answer)(&Question { gateway, granted, params })),
    }
}

/// Whether somebody of this role and these scopes may ask. `health` is for everybody, and what nobody knows for administrators.
fn permit(gateway: &Gateway, granted: &Granted, name: &str) -> Result<(), Value> {
    let scope = SCOPES.get(name).map_or("operator.admin", String::as_str);
    match (granted.role.as_str(), scope) {
        ("operator", "any") => Ok(()),
        _ if name == "health" => Ok(()),
        ("node", "node") => Err(unapproved()),
        ("node", _) | (_, "node") => Err(invalid(format!("unauthorized role: {}", granted.role))),
        (_, scope) if granted.may(scope) => Ok(()),
        (_, scope) => Err(missing(gateway, scope)),
    }
}

fn invalid(message: String) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message})
}

fn missing(gateway: &Gateway, scope: &str) -> Value {
    let message = format!("missing scope: {scope}");
    if !gateway.release.since_8_1 {
        return invalid(message);
    }
    let details = json!({"code": "MISSING_SCOPE", "missingScope": scope, "requiredScopes": [scope]});
    json!({"code": "FORBIDDEN", "message": message, "details": details})
}

/// What a node may do is approved by nobody here.
fn unapproved() -> Value {
    json!({
        "code": "UNAVAILABLE", "message": "node pairing changed while invocation was active", "retryable": true,
        "details": {"code": "PAIRING_CHANGED"}
    })
}

fn suspended(name: &str) -> Value {
    json!({
        "code": "UNAVAILABLE", "message": format!("{name} unavailable during gateway suspension"), "retryable": true,
        "retryAfterMs": 1_000, "details": {"method": name, "reason": "gateway-suspending", "phase": "prepared"}
    })
}

/// A method of the real gateway that this one does not play; the text is its own.
fn unplayed(name: &str) -> Value {
    json!({"code": "UNAVAILABLE", "message": format!("{name} is no part of the reference gateway")})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::gateway::Options;

    fn ask(role: &str, scopes: &[&str], method: &str, options: Options) -> Value {
        let gateway = Gateway::new(options).unwrap();
        let scopes = scopes.iter().map(|s| s.to_string()).collect();
        let granted = Granted { role: role.into(), scopes, token: None, by_token: false };
        answer(&gateway, &granted, &json!({"type": "req", "id": "7", "method": method, "params": {}}))
    }

    fn complaint(role: &str, scopes: &[&str], method: &str) -> String {
        let answer = ask(role, scopes, method, Options::default());
        answer["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    #[test]
    fn every_method_is_known_with_its_scope() {
        let features: Value = serde_json::from_str(include_str!("features.json")).unwrap();
        let listed = features["methods"].as_array().unwrap().iter().filter_map(Value::as_str);
        for name in listed.chain(METHODS.iter().map(|m| m.name)) {
            assert!(SCOPES.contains_key(name), "{name}");
        }
    }

    #[test]
    fn scopes_decide_and_what_nobody_knows_is_for_administrators() {
        assert_eq!(complaint("operator", &[], "health"), "");
        assert_eq!(complaint("operator", &[], "status"), "missing scope: operator.read");
        assert_eq!(complaint("operator", &["operator.write"], "status"), "");
        assert_eq!(complaint("operator", &["operator.read"], "device.pair.list"), "missing scope: operator.pairing");
        assert_eq!(complaint("operator", &["operator.read"], "nope"), "missing scope: operator.admin");
        assert_eq!(complaint("operator", &["operator.admin"], "nope"), "unknown method: nope");
        assert_eq!(complaint("operator", &[], "node.event"), "unauthorized role: operator");
        assert_eq!(complaint("node", &[], "status"), "unauthorized role: node");
        assert_eq!(complaint("node", &[], "health"), "");
    }

    #[test]
    fn releases_before_2026_8_1_call_a_missing_scope_an_invalid_request() {
        let old = Options { release: "2026.7.1".into(), ..Options::default() };
        let error = ask("operator", &[], "status", old)["error"].clone();
        assert_eq!(error, json!({"code": "INVALID_REQUEST", "message": "missing scope: operator.read"}));
        let error = ask("operator", &[], "status", Options::default())["error"].clone();
        assert_eq!((&error["code"], &error["details"]["code"]), (&json!("FORBIDDEN"), &json!("MISSING_SCOPE")));
    }

    #[test]
    fn a_suspended_gateway_answers_nothing() {
        let suspended = Options { phase: Phase::Suspended, ..Options::default() };
        let error = ask("operator", &[], "health", suspended)["error"].clone();
        assert_eq!((&error["code"], &error["details"]["phase"]), (&json!("UNAVAILABLE"), &json!("prepared")));
    }

    #[test]
    fn what_is_no_request_is_named_with_its_id_if_it_has_one() {
        let gateway = Gateway::new(Options::default()).unwrap();
        let granted = Granted { role: "operator".into(), scopes: Vec::new(), token: None, by_token: false };
        let said = |frame: Value| {
            let answer = answer(&gateway, &granted, &frame);
            (answer["id"].as_str().unwrap().to_owned(), answer["error"]["message"].as_str().unwrap().to_owned())
        };
        assert_eq!(said(json!({})), ("invalid".into(), "invalid request frame: must have required property 'type'".into()));
        let lacking = "invalid request frame: must have required property 'method'";
        assert_eq!(said(json!({"type": "req", "id": "5"})), ("5".into(), lacking.into()));
    }
}
