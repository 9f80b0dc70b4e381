//! Who wrote an HTTP answer, and what it says: judged by its shape, never by its status alone.
//!
//! Sources: what the gateway and nine edge products were seen to send, with and without their `Server` header.

mod body;
mod page;
mod product;

use std::time::Duration;

use super::exchange::Reply;
use crate::facts::tables::http::{Author, Body, PageSocket, Product};
use crate::secret::Redactor;

/// The longest text of a peer that goes into a fact, in characters.
const LONGEST: usize = 200;

/// The longest plain refusal that is quoted, in characters.
const LONGEST_QUOTE: usize = 120;

/// What an HTTP answer tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Who wrote it.
    pub author: Author,
    /// The product that shows itself; a gateway's answer passed on by nginx has author gateway and product nginx.
    pub product: Option<Product>,
    /// What the body is.
    pub body: Body,
    /// The `Server` header; several are joined by a comma.
    pub server: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The host a redirect points to; `None` when it stays on the same host.
    pub location: Option<String>,
    /// The `Retry-After` header, when it gives seconds.
    pub retry_after: Option<Duration>,
    /// `error.type` of an error object.
    pub error_type: Option<String>,
    /// What the readiness object lists as failing, joined by a blank.
    pub failing: Option<String>,
    /// The gateway's uptime.
    pub uptime: Option<Duration>,
    /// The gateway's version.
    pub version: Option<String>,
    /// Whether the gateway gave what it keeps for local callers; `None` where it keeps nothing back.
    pub detail: Option<bool>,
    /// A short plain body, for quoting.
    pub text: Option<String>,
    /// Whether the body is JSON nested deeper than is read.
    pub too_deep: bool,
    /// Names of the headers as sent, joined by a blank.
    pub headers: Option<String>,
    /// `Access-Control-Allow-Origin`.
    pub allow_origin: Option<String>,
    /// `Alt-Svc`.
    pub alt_svc: Option<String>,
    /// How many edge products show themselves.
    pub edges: i64,
    /// Whether it says that plain text came to a port that speaks TLS.
    pub says_plain: bool,
    /// The scheme of a WebSocket address that a page names.
    pub page_socket: Option<PageSocket>,
    /// Whether the headers are there that the gateway's HTTP side adds to everything and its upgrade side to nothing.
    pub gateway_headers: bool,
}

impl Answer {
    /// Reads an answer; everything that goes on into facts has passed the redactor.
    pub fn read(reply: &Reply, redactor: &Redactor) -> Self {
        let tame = |text: &str| redactor.text(text).chars().take(LONGEST).collect::<String>();
        let shape = body::Shape::read(reply);
        let author = author(reply, &shape);
        let gateway = author == Author::Gateway;
        Self {
            author,
            product: product::shown(reply, gateway),
            body: shape.body,
            server: product::server(reply).as_deref().map(tame),
            content_type: reply.header("content-type").map(tame),
            location: location_host(reply).as_deref().map(tame),
            retry_after: reply.header("retry-after").and_then(|v| v.trim().parse().ok()).map(Duration::from_secs),
            error_type: shape.error_type.as_deref().map(tame),
            failing: shape.failing.as_deref().filter(|_| gateway).map(tame),
            uptime: shape.uptime.filter(|_| gateway),
            version: shape.version.as_deref().filter(|_| gateway).map(tame),
            detail: shape.detail.filter(|_| gateway),
            text: quote(reply, shape.body).map(|text| redactor.text(&text).chars().take(LONGEST_QUOTE).collect()),
            too_deep: shape.too_deep,
            headers: (!reply.names.is_empty()).then(|| tame(&reply.names.join(" "))),
            allow_origin: reply.header("access-control-allow-origin").map(tame),
            alt_svc: reply.header("alt-svc").map(tame),
            edges: product::many(reply),
            says_plain: says_plain(reply),
            page_socket: page::socket(reply),
            gateway_headers: has_gateway_headers(reply),
        }
    }
}

/// Error types that the gateway writes on its HTTP side and on its upgrade side.
const GATEWAY_ERRORS: &[&str] =
    &["proxy_attribution_required", "unauthorized", "rate_limited", "gateway_unavailable", "scope_mismatch"];

/// Plain texts of the gateway (and of the WebSocket library inside it) that come without the headers of its HTTP side.
const GATEWAY_TEXTS: &[&str] = &[
    "Missing or invalid Sec-WebSocket-Key header",
    "Missing or invalid Sec-WebSocket-Version header",
    "Invalid Upgrade header",
    "Invalid HTTP method",
    "Too many unauthenticated sockets",
    "Gateway websocket ",
    "Plugin runtime is starting",
];

fn author(reply: &Reply, shape: &body::Shape) -> Author {
    let text = body::start(reply);
    let known_error = shape.error_type.as_deref().is_some_and(|t| GATEWAY_ERRORS.contains(&t));
    let gateway = match shape.body {
        Body::Live | Body::Started | Body::Starting | Body::Draining | Body::Ready | Body::NotReady | Body::ControlUi => true,
        Body::GatewayError => known_error || has_gateway_headers(reply),
        Body::Text | Body::Html => has_gateway_headers(reply) || GATEWAY_TEXTS.iter().any(|known| text.starts_with(known)),
        Body::Empty => reply.status == 101 || has_gateway_headers(reply) || is_bare_refusal(reply),
        Body::Json | Body::Login => has_gateway_headers(reply),
    };
    match product::shown(reply, false) {
        _ if gateway => Author::Gateway,
        _ if shape.body == Body::Login || asks_for_identity(reply) => Author::IdentityProxy,
        Some(Product::Unknown) | None if matches!(reply.status, 502..=504) => Author::Edge,
        Some(Product::Unknown) | None => Author::Other,
        Some(_) => Author::Edge,
    }
}

/// What nginx, Go's servers and Apache say of plain text at a port that speaks TLS.
const PLAIN_ON_TLS: &[&str] = &[
    "The plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
];

fn says_plain(reply: &Reply) -> bool {
    let text = body::start(reply);
    reply.status == 400 && PLAIN_ON_TLS.iter().any(|words| text.contains(words))
}

/// The three headers on every answer of the gateway's HTTP side, which survive every edge that was tried. The policy begins with
/// `camera=()`, with `camera=(self)` where the Control UI answers, its 404 included.
fn has_gateway_headers(reply: &Reply) -> bool {
    reply.header("permissions-policy").is_some_and(|v| v.starts_with("camera="))
        && reply.header("x-content-type-options").is_some()
        && reply.header("referrer-policy").is_some()
}

/// What the gateway's HTTP parser writes on junk (400) and on too many header bytes (431): one header, no body.
fn is_bare_refusal(reply: &Reply) -> bool {
    matches!(reply.status, 400 | 431) && matches!(reply.names.as_slice(), [only] if only.eq_ignore_ascii_case("connection"))
}

/// Hosts and paths of redirects that lead to a login.
const LOGIN_MARKS: &[&str] = &[
    "cloudflareaccess.com",
    "/cdn-cgi/access/",
    "accounts.google.com",
    "login.microsoftonline.com",
    ".okta.com",
    ".auth0.com",
    "/oauth2/",
    "/oauth/",
    "/authorize",
    "/outpost.goauthentik.io/",
    "/realms/",
    "/login",
    "/signin",
    "/sign_in",
    "/sso",
    "/auth/",
    "authelia",
    "authentik",
    "keycloak",
];

fn asks_for_identity(reply: &Reply) -> bool {
    let location = reply.header("location").unwrap_or_default().to_ascii_lowercase();
    let redirected = (300..400).contains(&reply.status) && LOGIN_MARKS.iter().any(|mark| location.contains(mark));
    // The gateway's own 401 never has this header. Cloudflare's challenge page and Access's refusals name themselves.
    redirected
        || reply.headers.contains_key("www-authenticate")
        || reply.headers.contains_key("cf-mitigated")
        || reply.headers.contains_key("cf-access-domain")
}

fn location_host(reply: &Reply) -> Option<String> {
    let url = url::Url::parse(reply.header("location")?).ok()?;
    url.host_str().map(str::to_owned)
}

fn quote(reply: &Reply, body: Body) -> Option<String> {
    let plain = matches!(body, Body::Text | Body::Html | Body::GatewayError | Body::Json);
    let text = String::from_utf8_lossy(&reply.body);
    let line = text.trim();
    (plain && !line.is_empty() && !line.starts_with('<') && line.len() <= 2 * LONGEST).then(|| line.to_owned())
}

#[cfg(test)]
mod tests;
