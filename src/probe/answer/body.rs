//! What a body is, by its shape.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use crate::facts::tables::http::Body;
use crate::openclaw::json::{self, Unread};
use crate::probe::exchange::Reply;

/// A body's kind and what it tells.
pub struct Shape {
    pub body: Body,
    pub error_type: Option<String>,
    pub failing: Option<String>,
    pub uptime: Option<Duration>,
    pub version: Option<String>,
    pub detail: Option<bool>,
    pub too_deep: bool,
}

impl From<Body> for Shape {
    fn from(body: Body) -> Self {
        Self { body, error_type: None, failing: None, uptime: None, version: None, detail: None, too_deep: false }
    }
}

/// The beginning of a body, as text: enough for every mark that is looked for.
pub fn start(reply: &Reply) -> Cow<'_, str> {
    const ENOUGH: usize = 4 * 1024;
    String::from_utf8_lossy(&reply.body[..reply.body.len().min(ENOUGH)])
}

impl Shape {
    /// Reads a body; the `Content-Type` decides only where the body itself does not.
    pub fn read(reply: &Reply) -> Self {
        let text = start(reply);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.is_empty() {
            return Body::Empty.into();
        }
        let json_like = text.starts_with(['{', '[']);
        match json_like.then(|| json::read(&reply.body)) {
            Some(Ok(value)) => return told(&value),
            Some(Err(Unread::TooDeep)) => return Self { too_deep: true, ..Body::Text.into() },
            Some(Err(Unread::NotJson)) | None => {}
        }
        let html = reply.header("content-type").is_some_and(|t| t.contains("html"));
        if text.starts_with('<') { markup(text, html) } else { Body::Text.into() }
    }
}

fn told(value: &Value) -> Shape {
    let word = |key: &str| value.get(key).and_then(Value::as_str);
    let body = match (value.get("ok").and_then(Value::as_bool), word("status"), value.get("ready").and_then(Value::as_bool)) {
        (Some(true), Some("live"), _) => Body::Live,
        (Some(_), Some("started"), _) => Body::Started,
        (Some(_), Some("starting"), _) => Body::Starting,
        (Some(_), Some("draining"), _) => Body::Draining,
        (_, _, Some(true)) => Body::Ready,
        (_, _, Some(false)) => Body::NotReady,
        _ => return error(value),
    };
    let failing = value.get("failing").and_then(Value::as_array).map(|list| {
        let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        words.join(" ")
    });
    let uptime = value.get("uptimeMs").and_then(Value::as_f64).filter(|ms| (0.0..1e15).contains(ms));
    let detail = ["uptimeMs", "eventLoop", "version"].iter().any(|key| value.get(key).is_some());
    Shape {
        failing: failing.filter(|words| !words.is_empty()),
        uptime: uptime.map(|ms| Duration::from_secs_f64(ms / 1_000.0)),
        version: word("version").map(str::to_owned),
        // The health object is the same for everybody, so it says nothing about how the caller is seen.
        detail: (body != Body::Live).then_some(detail),
        ..body.into()
    }
}

fn error(value: &Value) -> Shape {
    match value.pointer("/error/type").and_then(Value::as_str) {
        Some(kind) => Shape { error_type: Some(kind.to_owned()), ..Body::GatewayError.into() },
        None => Body::Json.into(),
    }
}

/// What the Control UI page shows of itself, in releases of every name the product has had.
const CONTROL_UI: &[&str] = &[
    "data-openclaw-control-ui",
    "<title>OpenClaw Control",
    "<openclaw-app",
    "<title>Moltbot Control",
    "<title>Clawdbot Control",
];

/// What login and challenge pages show of themselves.
const LOGIN: &[&str] = &[
    "type=\"password\"",
    "type='password'",
    "cf-challenge",
    "challenge-platform",
    "id=\"kc-form-login\"",
    // oauth2-proxy's page has a button for its provider and no field.
    "action=\"/oauth2/start\"",
];

fn markup(text: &str, html: bool) -> Shape {
    let lower = text.get(..text.len().min(200)).unwrap_or(text).to_ascii_lowercase();
    if CONTROL_UI.iter().any(|mark| text.contains(mark)) {
        Shape { version: build(text), ..Body::ControlUi.into() }
    } else if LOGIN.iter().any(|mark| text.contains(mark)) {
        Body::Login.into()
    } else if html || lower.starts_with("<!doctype html") || lower.contains("<html") {
        Body::Html.into()
    } else {
        Body::Text.into()
    }
}

/// The release in the build id of the Control UI page: `2026.9.6-release-<commit>-…`.
fn build(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("data-openclaw-control-ui-build-id=\"")?;
    let release = rest.split(['-', '"']).next()?;
    release.starts_with(|c: char| c.is_ascii_digit()).then(|| release.to_owned())
}
