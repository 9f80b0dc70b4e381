//! Where in the gateway an answer to an upgrade was written: on its upgrade path, or on its HTTP path, which means that
//! something on the way had turned the upgrade into a plain request.
//!
//! Source: 2026.9.6 on loopback, and behind nginx, Caddy, HAProxy, Apache, Traefik, lighttpd and Varnish. The HTTP path sets
//! `Permissions-Policy` on every answer, the upgrade path on none; and the bodies of the upgrade
//! path are its own.

use crate::facts::tables::http::{Author, Body};
use crate::facts::tables::upgrade::Arrived;

/// An answer to an upgrade, as far as its place tells.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// HTTP status.
    pub status: u16,
    /// Whether the headers are there that the HTTP path adds to everything, `Permissions-Policy` first of all.
    pub http_headers: bool,
    /// `error.type` of the gateway's error object.
    pub error_type: Option<&'a str>,
    /// What the body is.
    pub body: Body,
    /// Who wrote it.
    pub author: Author,
    /// The body itself.
    pub text: &'a str,
}

/// Refusals of the WebSocket library `ws`, status 400 or 405, text/html, each produced on loopback.
const LIBRARY: &[&str] = &[
    "Invalid HTTP method",
    "Invalid Upgrade header",
    "Missing or invalid Sec-WebSocket-Key header",
    "Missing or invalid Sec-WebSocket-Version header",
    "Invalid Sec-WebSocket-Protocol header",
];

/// Refusals of the gateway's own upgrade path, status 503: too many sockets before hello-ok, draining, and very early startup.
const ADMISSION: &[&str] =
    &["Too many unauthenticated sockets", "Gateway websocket admission closed", "Gateway websocket handlers unavailable"];

/// Whether a refusal's text is the product's own: the same on every gateway, so it tells nothing about this one.
pub fn is_own_text(text: &str) -> bool {
    LIBRARY.contains(&text) || ADMISSION.contains(&text)
}

/// `error.type` of a refusal for proxy-shaped headers from a peer that is not trusted, from 2026.8.1 on.
pub const ATTRIBUTION: &str = "proxy_attribution_required";

/// Whether the upgrade reached the gateway, judged by an answer other than a right 101.
pub fn arrived(seen: &Seen<'_>) -> Arrived {
    let text = seen.text.trim();
    match seen.status {
        // Both paths refuse with the same object; the header is what tells them apart.
        403 if seen.error_type == Some(ATTRIBUTION) => {
            if seen.http_headers {
                Arrived::No
            } else {
                Arrived::Yes
            }
        }
        400 | 405 if LIBRARY.contains(&text) => Arrived::Yes,
        503 if ADMISSION.contains(&text) => Arrived::Yes,
        _ if seen.body == Body::ControlUi || (seen.http_headers && seen.author == Author::Gateway) => Arrived::No,
        _ => Arrived::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16) -> Seen<'static> {
        Seen { status, http_headers: false, error_type: None, body: Body::Text, author: Author::Gateway, text: "" }
    }

    #[test]
    fn one_header_tells_where_an_attribution_refusal_was_written() {
        let refusal = Seen { error_type: Some(ATTRIBUTION), body: Body::GatewayError, ..seen(403) };
        assert_eq!(arrived(&refusal), Arrived::Yes);
        assert_eq!(arrived(&Seen { http_headers: true, ..refusal }), Arrived::No);
    }

    #[test]
    fn the_upgrade_paths_own_words_prove_arrival() {
        let key = Seen { text: "Missing or invalid Sec-WebSocket-Key header", ..seen(400) };
        assert_eq!(arrived(&key), Arrived::Yes);
        assert_eq!(arrived(&Seen { status: 200, ..key }), Arrived::Unknown);
        assert_eq!(arrived(&Seen { text: "Too many unauthenticated sockets\n", ..seen(503) }), Arrived::Yes);
        assert_eq!(arrived(&Seen { text: "upstream connect error", ..seen(503) }), Arrived::Unknown);
    }

    #[test]
    fn what_the_http_path_wrote_proves_that_the_upgrade_was_dropped() {
        assert_eq!(arrived(&Seen { body: Body::ControlUi, ..seen(200) }), Arrived::No);
        // `Upgrade` passed on, `Connection` dropped.
        assert_eq!(arrived(&Seen { http_headers: true, text: "Bad Request", ..seen(400) }), Arrived::No);
        assert_eq!(arrived(&Seen { http_headers: true, text: "Not Found", ..seen(404) }), Arrived::No);
        assert_eq!(arrived(&Seen { text: "Bad Request", ..seen(400) }), Arrived::Unknown);
    }
}
