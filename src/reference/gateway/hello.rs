//! `hello-ok`: what an accepted connect is answered with.

use serde_json::{Value, json};

use super::Gateway;
use super::connect::Granted;
use super::health;
use super::options::Phase;

/// `features` of 2026.9.6 as it came: names of methods, events and capabilities.
const FEATURES: &str = include_str!("features.json");
/// What stands in its place while the rest is put together.
const HOLE: &str = "{features}";

/// The whole frame.
pub fn frame(gateway: &Gateway, id: &str, host: &str, granted: &Granted) -> String {
    let payload = payload(gateway, host, granted).to_string();
    let payload = payload.replacen(&format!("\"{HOLE}\""), FEATURES.trim_end(), 1);
    format!(r#"{{"type":"res","id":{},"ok":true,"payload":{payload}}}"#, Value::from(id))
}

fn payload(gateway: &Gateway, host: &str, granted: &Granted) -> Value {
    let release = gateway.release;
    let mut server = json!({"version": if release.tells_version { release.name } else { "dev" }});
    if release.since_8_1 {
        server["buildId"] = gateway.build_id().into();
        server["bootId"] = gateway.boot.as_str().into();
        server["controlUiBuildSource"] = "bundled".into();
    }
    server["connId"] = super::uuid().into();
    let mut hello = json!({
        "type": "hello-ok", "protocol": release.protocol, "server": server, "features": HOLE,
        "snapshot": snapshot(gateway, granted)
    });
    if release.since_8_1 && granted.may("operator.read") {
        hello["controlUiWidgetKinds"] = json!([{"pluginId": "session", "kind": "session:report", "label": "Report"}]);
        hello["controlUiLinkReaders"] = link_readers();
    }
    let canvas = format!("http://{host}/__openclaw__/cap/{}", super::token());
    match release.protocol {
        4.. if granted.role == "node" => {}
        4.. => hello["pluginSurfaceUrls"] = json!({"canvas": canvas}),
        _ => hello["canvasHostUrl"] = canvas.into(),
    }
    if release.tells_scopes || granted.token.is_some() {
        hello["auth"] = auth(gateway, granted);
    }
    hello["policy"] = policy(gateway);
    hello
}

/// What the Control UI reads links of GitHub with.
fn link_readers() -> Value {
    let reader = |path: &str| {
        json!({
            "hosts": ["github.com"], "pathPattern": path, "detailMethod": "github.detail", "previewMethod": "github.preview",
            "imageMethod": "github.image"
        })
    };
    let mut readers = json!([
        {"id": "github", "linkReader": reader("^/[^/]+/[^/]+/(?:issues/[1-9][0-9]{0,9}|pull/[1-9][0-9]{0,9}(?:/files)?)/?$")},
        {"id": "github-commit", "linkReader": reader("^/[^/]+/[^/]+/commit/[a-fA-F0-9]{7,40}/?$")}
    ]);
    for reader in readers.as_array_mut().into_iter().flatten() {
        reader["pluginId"] = "github".into();
        reader["label"] = "GitHub".into();
        reader["icon"] = "github".into();
    }
    if let Some(commit) = readers.pointer_mut("/1/linkReader").and_then(Value::as_object_mut) {
        commit.shift_remove("previewMethod");
    }
    readers
}

fn auth(gateway: &Gateway, granted: &Granted) -> Value {
    let mut auth = json!({});
    if gateway.release.tells_method {
        auth["method"] = if granted.by_token { "device-token" } else { gateway.options.auth.as_str() }.into();
    }
    auth["role"] = granted.role.as_str().into();
    auth["scopes"] = granted.scopes.clone().into();
    if gateway.release.since_8_1 && granted.role == "operator" {
        auth["recoveryScope"] = gateway.recovery.as_str().into();
    }
    if let Some((token, issued_at)) = &granted.token {
        if gateway.release.since_8_1 && granted.role == "operator" {
            auth["recoveryMigrationAllowed"] = true.into();
        }
        auth["deviceToken"] = token.as_str().into();
        auth["issuedAtMs"] = (*issued_at).into();
    }
    auth
}

fn policy(gateway: &Gateway) -> Value {
    // 2026.1.29: half a MiB, and three times that waiting.
    let (payload, waiting) = match gateway.release.details {
        true => (super::session::LARGEST, 2 * super::session::LARGEST),
        false => (512 << 10, 1536 << 10),
    };
    let mut policy = json!({
        "maxPayload": payload, "maxBufferedBytes": waiting,
        "tickIntervalMs": gateway.options.tick_ms
    });
    if gateway.release.since_8_1 {
        policy["attachments"] = json!({"maxBytes": 19_464_192, "maxImageBytes": 6_291_456});
        policy["allowedSessionVisibilities"] = json!(["shared", "read-only", "suggest", "draft"]);
        policy["hasMultipleSessionSharingIdentities"] = false.into();
    }
    policy
}

fn snapshot(gateway: &Gateway, granted: &Granted) -> Value {
    let mut snapshot = json!({});
    if gateway.release.tells_suspension() {
        let phase = if gateway.phase() == Phase::Suspended { "prepared" } else { "accepting" };
        snapshot["suspension"] = json!({"phase": phase});
    }
    snapshot["presence"] =
        if !gateway.release.since_8_1 || granted.may("operator.read") { health::presence(gateway) } else { json!([]) };
    snapshot["health"] = health::last(gateway);
    snapshot["stateVersion"] = json!({"presence": 1, "health": gateway.health_version()});
    snapshot["uptimeMs"] = gateway.uptime_ms().into();
    if gateway.release.since_8_1 {
        snapshot["appliedConfigHash"] = gateway.config_hash().into();
    }
    snapshot["sessionDefaults"] = json!({
        "defaultAgentId": "main", "modelConfigured": false, "ownership": "sole", "selectionRequired": false, "mainKey": "main",
        "mainSessionKey": "agent:main:main", "scope": "per-sender"
    });
    if let Some(older) = snapshot["sessionDefaults"].as_object_mut().filter(|_| !gateway.release.since_8_1) {
        older.retain(|name, _| !matches!(name.as_str(), "modelConfigured" | "ownership" | "selectionRequired"));
    }
    if gateway.release.since_8_1 && granted.may("operator.read") {
        snapshot["updateSchedule"] = json!({"channel": "stable", "autoEnabled": false});
    }
    if granted.may("operator.admin") {
        snapshot["configPath"] = health::CONFIG.into();
        snapshot["stateDir"] = health::STATE.into();
        snapshot["authMode"] = gateway.options.auth.as_str().into();
    }
    snapshot
}
