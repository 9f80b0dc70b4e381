//! An answer as the gateway's HTTP server writes it: which lines, in which order, in which spelling.

use crate::clock;

/// Lines on every answer of the HTTP path; the upgrade path has none of them.
const SECURITY: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), microphone=(self), geolocation=()"),
];

/// Lines on every answer of the Control UI.
const CONTROL_UI: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(self), microphone=*, geolocation=*, clipboard-write=*"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; frame-src 'self' http: https:; \
         script-src 'self'; style-src 'self' 'unsafe-inline' https://fonts.googleapis.com; img-src 'self' data: blob: https:; \
         media-src 'self' data: blob:; font-src 'self' https://fonts.gstatic.com; worker-src 'self'; \
         connect-src 'self' ws: wss: data: https://api.openai.com https://tweakcn.com",
    ),
];

/// Media types the gateway names.
pub const JSON: &str = "application/json; charset=utf-8";
/// Plain text.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// The Control UI's page.
pub const HTML: &str = "text/html; charset=utf-8";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Lines before those that every answer ends with.
    pub lines: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// Whether the length stands among the lines above; otherwise the server adds it as the last line, and not for `HEAD`.
    pub own_length: bool,
    /// Whether the body comes in pieces.
    in_pieces: bool,
}

impl Reply {
    /// An answer of the HTTP path.
    pub fn new(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        Self::with(SECURITY, status, kind, body.into())
    }

    /// An answer of the Control UI.
    pub fn ui(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        Self::with(CONTROL_UI, status, kind, body.into())
    }

    /// An answer of the HTTP path without a body, which the server then sends in pieces, of which there are none.
    pub fn chunked(status: u16) -> Self {
        let mut reply = Self::new(status, "", "");
        reply.lines.pop();
        reply.in_pieces = true;
        reply
    }

    fn with(lines: &[(&'static str, &str)], status: u16, kind: &'static str, body: String) -> Self {
        let mut lines: Vec<_> = lines.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        lines.push(("Content-Type", kind.to_owned()));
        Self { status, lines, body, own_length: false, in_pieces: false }
    }

    /// One more line, before the type.
    pub fn first(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let at = self.lines.len() - 1;
        self.lines.insert(at, (name, value.into()));
        self
    }

    /// One more line, after the type.
    pub fn then(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.lines.push((name, value.into()));
        self
    }

    /// The length here, among the answer's own lines.
    pub fn length(mut self) -> Self {
        let length = self.body.len().to_string();
        self.own_length = true;
        self.then("Content-Length", length)
    }

    /// The same answer with its length left to the server, as releases before 2026.8.1 do throughout.
    pub fn unmeasured(mut self) -> Self {
        self.lines.retain(|(name, _)| *name != "Content-Length");
        self.own_length = false;
        self
    }

    /// Whether the answer ends the connection by itself.
    pub fn ends(&self) -> bool {
        self.lines.iter().any(|(name, _)| *name == "Connection")
    }

    /// The bytes for the wire; the server counts a body for HTTP/1.1 only.
    pub fn bytes(&self, head_only: bool, keep: bool, counts: bool) -> Vec<u8> {
        use std::fmt::Write;
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.lines {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        let _ = write!(out, "Date: {}\r\n", date());
        match (self.ends(), keep) {
            (true, _) => {}
            (false, true) => out.push_str("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"),
            (false, false) => out.push_str("Connection: close\r\n"),
        }
        if self.in_pieces {
            out.push_str("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
            return out.into_bytes();
        }
        if counts && !self.own_length && !head_only {
            let _ = write!(out, "Content-Length: {}\r\n", self.body.len());
        }
        out.push_str("\r\n");
        if !head_only {
            out.push_str(&self.body);
        }
        out.into_bytes()
    }
}

/// The date as HTTP writes it (RFC 9110, 5.6.7).
pub fn date() -> String {
    let now = jiff::Timestamp::from_millisecond(clock::wall_ms()).unwrap_or_default();
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default()
}

/// The reason phrases the gateway uses.
pub fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Payload Too Large",
        417 => "Expectation Failed",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: &Reply, head_only: bool, keep: bool) -> String {
        let text = String::from_utf8(reply.bytes(head_only, keep, true)).unwrap();
        let date = text.lines().find(|l| l.starts_with("Date: ")).unwrap();
        assert!(date.ends_with(" GMT"), "{date}");
        text.replace(date, "Date: D")
    }

    #[test]
    fn health_is_answered_line_by_line_as_the_gateway_does() {
        let reply = Reply::new(200, JSON, r#"{"ok":true,"status":"live"}"#).then("Cache-Control", "no-store").length();
        let expected = "HTTP/1.1 200 OK\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
            Permissions-Policy: camera=(), microphone=(self), geolocation=()\r\n\
            Content-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\nContent-Length: 27\r\nDate: D\r\n\
            Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n{\"ok\":true,\"status\":\"live\"}";
        assert_eq!(text(&reply, false, true), expected);
        assert!(
            text(&reply, true, true)
                .ends_with("Content-Length: 27\r\nDate: D\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n")
        );
    }

    #[test]
    fn a_length_that_the_server_adds_comes_last_and_not_with_head() {
        let reply = Reply::new(405, TEXT, "Method Not Allowed").first("Allow", "GET, HEAD");
        let tail = "Allow: GET, HEAD\r\nContent-Type: text/plain; charset=utf-8\r\nDate: D\r\nConnection: close\r\n";
        assert!(text(&reply, false, false).ends_with(&format!("{tail}Content-Length: 18\r\n\r\nMethod Not Allowed")));
        assert!(text(&reply, true, false).ends_with(&format!("{tail}\r\n")));
        assert!(reply.bytes(false, false, false).ends_with(b"close\r\n\r\nMethod Not Allowed"), "nobody counts for HTTP/1.0");
    }
}
