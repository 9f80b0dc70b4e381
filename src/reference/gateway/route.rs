//! What the gateway's HTTP server answers: the probes, the Control UI, and what it refuses.
//!
//! Source: 2026.9.6 asked over loopback, byte by byte; older releases where [`super::release`] says so.

use serde_json::{Value, json};

use super::Gateway;
use super::client::Client;
use super::limiter::{Subject, Turn};
use super::options::{Auth, Phase};
use super::reply::{HTML, JSON, Reply, TEXT};
use crate::reference::head::Head;

/// The one body of a proxy that cannot be attributed.
pub const UNATTRIBUTED: &str = concat!(
    r#"{"error":{"message":"Proxy client attribution is required. Configure gateway.trustedProxies narrowly and make the "#,
    r#"proxy overwrite or safely rebuild forwarded client headers.","type":"proxy_attribution_required"}}"#
);

/// The largest body `/tools/invoke` reads. Source: 2 MB passed, 3 MB did not.
const LARGEST_BODY: usize = 2 << 20;

/// The Control UI's page: its head, as far as clients know it by, and none of its scripts.
const PAGE: &str = "<!doctype html>\n<html{marks} \
    lang=\"en\">\n  <head>\n    <meta charset=\"UTF-8\" />\n    <title>OpenClaw Control</title>\n  </head>\n  <body>\n    \
    <openclaw-app></openclaw-app>\n  </body>\n</html>\n";

/// The Control UI's policy up to 2026.7.1.
const OLD_POLICY: &str = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline' https://fonts.googleapis.com; img-src 'self' data: blob:; \
    font-src 'self' https://fonts.gstatic.com; worker-src 'self'; connect-src 'self' ws: wss: https://api.openai.com";

/// The answer to a plain request; `client` is `None` if nobody can tell who asks.
pub fn answer(gateway: &Gateway, head: &Head, client: Option<Client>) -> Reply {
    let Some(path) = path(head) else { return unauthorized() };
    let read_only = matches!(head.method(), "GET" | "HEAD");
    let ask = Ask { gateway, head, client: client.unwrap_or(NOBODY), read_only };
    match path.as_str() {
        "/health" | "/healthz" if gateway.release.probes => ask.probe(|_| (200, json!({"ok": true, "status": "live"}))),
        _ if client.is_none() => Reply::new(403, JSON, UNATTRIBUTED),
        "/startup" | "/startupz" if gateway.release.since_8_1 => ask.probe(|detail| started(gateway, detail)),
        "/ready" | "/readyz" if gateway.release.probes => ask.probe(|detail| ready(gateway, detail)),
        path => ask.elsewhere(path),
    }
}

/// The probe routes: nothing is beneath them.
const PROBES: [&str; 6] = ["/health", "/healthz", "/ready", "/readyz", "/startup", "/startupz"];

/// Somebody whom limits do not count and who is told nothing.
const NOBODY: Client = Client { address: None, local: false };

/// The path of a request as a browser would make it out; none if it is not one.
pub fn path(head: &Head) -> Option<String> {
    let url = url::Url::parse("http://localhost").ok()?.join(head.target()).ok()?;
    let mut escapes = url.path().split('%').skip(1);
    let right = |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|b| b.is_ascii_hexdigit());
    escapes.all(right).then(|| url.path().to_owned())
}

struct Ask<'a> {
    gateway: &'a Gateway,
    head: &'a Head,
    client: Client,
    read_only: bool,
}

impl Ask<'_> {
    fn probe(&self, say: impl Fn(bool) -> (u16, Value)) -> Reply {
        if !self.read_only {
            return Reply::new(405, TEXT, "Method Not Allowed").first("Allow", "GET, HEAD");
        }
        let (status, body) = say(self.detailed());
        Reply::new(status, JSON, body.to_string()).then("Cache-Control", "no-store").length()
    }

    /// Details are for the gateway's own host and for whoever has the secret, which no secret at all is not.
    fn detailed(&self) -> bool {
        self.client.local || self.gateway.options.auth != Auth::None && self.permitted().is_ok()
    }

    fn elsewhere(&self, path: &str) -> Reply {
        let beneath = |start: &str| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        // Up to 2026.7.1 the Control UI's page stands in the place of some that are missing.
        let current = self.gateway.release.since_8_1;
        match path {
            "/tools/invoke" => self.invoke(),
            _ if beneath("/api/channels") => self.locked(self.missing()),
            _ if beneath("/sessions") && (path.ends_with("/history") || path.ends_with("/kill")) => {
                self.locked(no_session(path.split('/').nth(2).unwrap_or_default()))
            }
            _ if beneath("/api") || current && beneath("/v1") => self.missing(),
            "/__openclaw__/worker" if current => self.missing(),
            _ if current && PROBES.iter().any(|probe| path != *probe && beneath(probe)) => self.missing(),
            "/control-ui-config.json" => match self.permitted() {
                Ok(()) => self.ui(200, JSON, ui_config(self.gateway)).then("Cache-Control", "no-cache"),
                Err(_) => self.ui(401, JSON, UNAUTHORIZED),
            },
            _ if !self.read_only => self.missing(),
            _ if path.rsplit('/').next().is_some_and(|name| name.contains('.')) => self.ui(404, TEXT, "Not Found").length(),
            _ => self.page(),
        }
    }

    /// The page, which tells its base path from 2026.8.1 on, and its build from 2026.9.6 on.
    fn page(&self) -> Reply {
        let release = self.gateway.release;
        let build = release.tells_method.then(|| self.gateway.build_id());
        let build = build.map(|id| format!(" data-openclaw-control-ui-build-id=\"{id}\"")).unwrap_or_default();
        let path = " data-openclaw-control-ui-base-path=\"\" data-openclaw-terminal-enabled=\"true\"";
        let marks = if release.since_8_1 { format!("{path}{build}") } else { String::new() };
        let page = self.ui(200, HTML, PAGE.replace("{marks}", &marks)).then("Cache-Control", "no-cache");
        if release.since_8_1 { page.then("Vary", "Accept-Encoding") } else { page }
    }

    /// An answer of the Control UI, which up to 2026.7.1 has fewer lines of its own.
    fn ui(&self, status: u16, kind: &'static str, body: impl Into<String>) -> Reply {
        if self.gateway.release.since_8_1 {
            return Reply::ui(status, kind, body);
        }
        Reply::new(status, kind, body).first("X-Frame-Options", "DENY").first("Content-Security-Policy", OLD_POLICY)
    }

    /// What does not exist; while plugins are loading, nobody can tell yet.
    fn missing(&self) -> Reply {
        if self.gateway.phase() == Phase::Starting {
            let reply = Reply::new(503, TEXT, "Plugin runtime is starting").first("Cache-Control", "no-store");
            return reply.first("Retry-After", "1").length();
        }
        Reply::new(404, TEXT, "Not Found").length()
    }

    fn invoke(&self) -> Reply {
        if self.head.method() != "POST" {
            return Reply::new(405, TEXT, "Method Not Allowed").first("Allow", "POST").length();
        }
        let long = self.head.get("content-length").and_then(|n| n.parse::<usize>().ok()).is_some_and(|n| n > LARGEST_BODY);
        self.locked(if long { too_large() } else { nameless() })
    }

    fn locked(&self, open: Reply) -> Reply {
        match self.permitted() {
            Ok(()) if matches!(self.gateway.phase(), Phase::Suspended | Phase::Draining) => unavailable(),
            Ok(()) => open,
            Err(Some(seconds)) => limited(seconds),
            Err(None) => unauthorized(),
        }
    }

    /// Whether the request carries the secret; if it may not even try, for how many seconds.
    fn permitted(&self) -> Result<(), Option<u64>> {
        let options = &self.gateway.options;
        if options.auth == Auth::None {
            return Ok(());
        }
        let Some(given) = self.head.get("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(None);
        };
        match self.gateway.limiter.turn(Subject::of(self.client.address, None), given == options.secret.reveal()) {
            Turn::Right => Ok(()),
            Turn::Wrong(_) => Err(None),
            Turn::LockedOut(left) => Err(Some(left.as_secs_f64().ceil() as u64)),
        }
    }
}

const UNAUTHORIZED: &str = r#"{"error":{"message":"Unauthorized","type":"unauthorized"}}"#;

fn unauthorized() -> Reply {
    Reply::new(401, JSON, UNAUTHORIZED)
}

fn limited(seconds: u64) -> Reply {
    let message = "Too many failed authentication attempts. Please try again later.";
    let body = json!({"error": {"message": message, "type": "rate_limited"}});
    Reply::new(429, JSON, body.to_string()).first("Retry-After", seconds.to_string())
}

fn unavailable() -> Reply {
    let message = "Gateway is temporarily unavailable while suspending or restarting";
    let body = json!({"error": {"message": message, "type": "service_unavailable", "code": "gateway_unavailable"}});
    Reply::new(503, JSON, body.to_string()).then("Cache-Control", "no-store").then("Retry-After", "1")
}

fn too_large() -> Reply {
    let body = json!({"error": {"message": "Payload too large", "type": "invalid_request_error"}}).to_string();
    let length = body.len().to_string();
    let mut reply = Reply::new(413, JSON, body).first("Connection", "close").first("Content-Length", length);
    reply.own_length = true;
    reply
}

fn no_session(id: &str) -> Reply {
    let error = json!({"type": "not_found", "message": format!("Session not found: {id}")});
    Reply::new(404, JSON, json!({"ok": false, "error": error}).to_string())
}

fn ui_config(gateway: &Gateway) -> String {
    json!({
        "basePath": "", "assistantName": "Assistant", "assistantAvatar": "A", "assistantAvatarSource": null,
        "assistantAvatarStatus": null, "assistantAvatarReason": null, "assistantAgentId": "main",
        "serverVersion": gateway.release.name, "serverBuildId": gateway.build_id(), "embedSandbox": "scripts",
        "allowExternalEmbedUrls": false, "automaticallyFetchFavicons": true, "communityInvite": true, "terminalEnabled": true,
        "cliAgentsEnabled": true, "pluginAssetsRequireAuth": gateway.options.auth != Auth::None, "pluginFrameGrants": []
    })
    .to_string()
}

fn nameless() -> Reply {
    let error = json!({"type": "invalid_request", "message": "tools.invoke requires name"});
    Reply::new(400, JSON, json!({"ok": false, "error": error}).to_string())
}

fn started(gateway: &Gateway, detail: bool) -> (u16, Value) {
    let (status, mut body) = match gateway.phase() {
        Phase::Ready => (200, json!({"ok": true, "status": "started"})),
        Phase::Starting => (503, json!({"ok": false, "status": "starting"})),
        Phase::Draining | Phase::Suspended => (503, json!({"ok": false, "status": "draining"})),
    };
    if detail {
        body["version"] = gateway.release.name.into();
        body["uptimeMs"] = gateway.uptime_ms().into();
        if gateway.phase() == Phase::Starting {
            body["pendingReason"] = "startup-sidecars".into();
        }
    }
    (status, body)
}

fn ready(gateway: &Gateway, detail: bool) -> (u16, Value) {
    let failing = match gateway.phase() {
        Phase::Ready => None,
        Phase::Starting => Some("startup-sidecars"),
        Phase::Draining | Phase::Suspended => Some("gateway-draining"),
    };
    let status = if failing.is_some() { 503 } else { 200 };
    let mut body = json!({"ready": failing.is_none()});
    if detail {
        body["failing"] = failing.into_iter().collect();
        body["uptimeMs"] = gateway.uptime_ms().into();
        if gateway.release.tells_event_loop() {
            body["eventLoop"] = super::health::event_loop(gateway);
        }
    }
    (status, body)
}
