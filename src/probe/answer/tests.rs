use super::*;
use crate::secret::{Marker, Secret};

/// An answer from its head and body as they would stand on the wire.
fn reply(status: u16, head: &[(&str, &str)], body: &str) -> Reply {
    let mut reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() };
    for (name, value) in head {
        reply.headers.append(hyper::header::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        reply.names.push(name.to_string());
    }
    reply
}

fn read(status: u16, head: &[(&str, &str)], body: &str) -> Answer {
    Answer::read(&reply(status, head, body), &Redactor::new(Marker::from_text("m"), [Secret::new("s3cret-token")]))
}

const GATEWAY: &[(&str, &str)] = &[
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), microphone=(self), geolocation=()"),
    ("Content-Type", "application/json; charset=utf-8"),
];

#[test]
fn the_gateways_objects_are_told_apart() {
    for (status, body, label) in [
        (200, r#"{"ok":true,"status":"live"}"#, Body::Live),
        (200, r#"{"ok":true,"status":"started"}"#, Body::Started),
        (503, r#"{"ok":false,"status":"starting","pendingReason":"startup-sidecars"}"#, Body::Starting),
        (503, r#"{"ok":false,"status":"draining"}"#, Body::Draining),
        (200, r#"{"ready":true}"#, Body::Ready),
        (503, r#"{"ready":false,"failing":["gateway-draining"]}"#, Body::NotReady),
        (403, r#"{"error":{"message":"…","type":"proxy_attribution_required"}}"#, Body::GatewayError),
    ] {
        let answer = read(status, &[("Content-Type", "application/json")], body);
        assert_eq!((answer.body, answer.author, answer.product), (label, Author::Gateway, None), "{body}");
    }
    assert_eq!(read(200, &[], r#"{"hello":1}"#).body, Body::Json);
    assert_eq!(read(200, &[], r#"{"hello":1}"#).author, Author::Other);
}

#[test]
fn detail_uptime_version_and_failing_are_read() {
    let ready = read(200, GATEWAY, r#"{"ready":true,"failing":[],"uptimeMs":61000,"eventLoop":{"degraded":false}}"#);
    assert_eq!((ready.detail, ready.uptime, ready.failing), (Some(true), Some(Duration::from_secs(61)), None));
    let remote = read(200, GATEWAY, r#"{"ready":true}"#);
    assert_eq!((remote.detail, remote.uptime), (Some(false), None));
    let started = read(200, GATEWAY, r#"{"ok":true,"status":"started","version":"2026.9.6","uptimeMs":5}"#);
    assert_eq!((started.version.as_deref(), started.detail), (Some("2026.9.6"), Some(true)));
    let live = read(200, GATEWAY, r#"{"ok":true,"status":"live"}"#);
    assert_eq!(live.detail, None);
    let failing = read(503, GATEWAY, r#"{"ready":false,"failing":["startup-sidecars","internal"]}"#);
    assert_eq!(failing.failing.as_deref(), Some("startup-sidecars internal"));
}

#[test]
fn a_control_ui_page_is_the_gateways_whatever_it_was_asked_for() {
    let page = "<!doctype html>\n<html data-openclaw-control-ui-build-id=\"2026.9.6-release-eb377a-2026\" lang=\"en\">";
    let answer = read(200, &[("Content-Type", "text/html"), ("Server", "nginx/1.22.1")], page);
    assert_eq!((answer.body, answer.author, answer.product), (Body::ControlUi, Author::Gateway, Some(Product::Nginx)));
    assert_eq!(answer.version.as_deref(), Some("2026.9.6"));
    let old = read(200, &[("Content-Type", "text/html")], "<!doctype html><html><head><title>OpenClaw Control</title>");
    assert_eq!((old.body, old.version), (Body::ControlUi, None));
}

#[test]
fn products_show_themselves_in_headers_and_error_pages() {
    for (status, head, body, product) in [
        (502, &[("Server", "nginx/1.22.1")][..], "<html>…</html>", Product::Nginx),
        (502, &[], "<html>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>", Product::Nginx),
        (502, &[("Server", "Caddy"), ("Content-Length", "0")], "", Product::Caddy),
        (
            503,
            &[],
            "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.",
            Product::Haproxy,
        ),
        (404, &[], "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html>", Product::Apache),
        (
            502,
            &[],
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n<title>502",
            Product::Apache,
        ),
        (503, &[], "upstream connect error or disconnect/reset before headers. reset reason: …", Product::Envoy),
        (403, &[("server", "envoy")], "", Product::Envoy),
        (502, &[("Content-Type", "text/plain")], "Bad Gateway", Product::Traefik),
        (404, &[("Server", "lighttpd/1.4.69")], "", Product::Lighttpd),
        (503, &[("X-Varnish", "3"), ("Via", "1.1 v (Varnish/7.1)")], "<html>", Product::Varnish),
        (530, &[("Server", "cloudflare"), ("CF-RAY", "8-FRA")], "<html>", Product::Cloudflare),
    ] {
        let answer = read(status, head, body);
        assert_eq!((answer.author, answer.product), (Author::Edge, Some(product)), "{body}");
    }
}

#[test]
fn a_gateways_answer_keeps_its_author_through_an_edge() {
    let mut head = vec![("server", "envoy"), ("x-envoy-upstream-service-time", "1")];
    head.extend(GATEWAY);
    let answer = read(200, &head, r#"{"ok":true,"status":"live"}"#);
    assert_eq!((answer.author, answer.product), (Author::Gateway, Some(Product::Envoy)));
    let lower: Vec<(&str, &str)> = vec![("content-type", "application/json"), ("keep-alive", "timeout=5")];
    let answer = read(200, &lower, r#"{"ok":true,"status":"live"}"#);
    assert_eq!((answer.author, answer.product), (Author::Gateway, Some(Product::Haproxy)));
    assert_eq!(read(200, GATEWAY, r#"{"ok":true,"status":"live"}"#).product, None);
}

#[test]
fn caddy_shows_itself_beside_an_inner_server() {
    let answer = read(200, &[("Server", "nginx"), ("Server", "Caddy")], r#"{"ready":true}"#);
    assert_eq!((answer.product, answer.server.as_deref()), (Some(Product::Caddy), Some("nginx, Caddy")));
}

#[test]
fn other_programs_are_neither_gateway_nor_edge() {
    let python = read(404, &[("Server", "SimpleHTTP/0.6 Python/3.11.2"), ("Content-Type", "text/html")], "<html><body>Error");
    assert_eq!((python.author, python.product, python.body), (Author::Other, Some(Product::Unknown), Body::Html));
    let silent = read(404, &[("Content-Type", "text/plain")], "nothing here");
    assert_eq!((silent.author, silent.product, silent.text.as_deref()), (Author::Other, None, Some("nothing here")));
}

#[test]
fn logins_are_identity_proxies() {
    let access = [("Location", "https://corp.cloudflareaccess.com/cdn-cgi/access/login/x?token=s3cret-token"), ("CF-RAY", "8")];
    let answer = read(302, &access, "");
    assert_eq!((answer.author, answer.product), (Author::IdentityProxy, Some(Product::Cloudflare)));
    assert_eq!(answer.location.as_deref(), Some("corp.cloudflareaccess.com"));
    let basic = [("WWW-Authenticate", "Basic realm=\"restricted\""), ("Server", "nginx")];
    assert_eq!(read(401, &basic, "<html>").author, Author::IdentityProxy);
    let form = read(200, &[("Content-Type", "text/html")], "<html><form><input type=\"password\" name=\"p\">");
    assert_eq!((form.author, form.body), (Author::IdentityProxy, Body::Login));
    let button =
        "<!DOCTYPE html>\n<html><form method=\"GET\" action=\"/oauth2/start\"><button>Sign in with Google</button></form>";
    assert_eq!(read(403, &[("Content-Type", "text/html; charset=utf-8")], button).author, Author::IdentityProxy);
    // Python's own server quotes the same declaration.
    let python =
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"\n        \"http://www.w3.org/TR/html4/strict.dtd\">\n<html>";
    assert_eq!(read(404, &[("Content-Type", "text/html")], python).product, None);
    let base_path = read(302, &[&[("Location", "/openclaw/")][..], GATEWAY].concat(), "");
    assert_eq!((base_path.author, base_path.location), (Author::Gateway, None));
}

#[test]
fn the_upgrade_sides_short_refusals_are_the_gateways() {
    for (status, text) in [
        (400, "Missing or invalid Sec-WebSocket-Key header"),
        (405, "Invalid HTTP method"),
        (503, "Too many unauthenticated sockets"),
        (503, "Gateway websocket admission closed"),
    ] {
        let answer = read(status, &[("Content-Type", "text/html")], text);
        assert_eq!((answer.author, answer.text.as_deref(), answer.gateway_headers), (Author::Gateway, Some(text), false));
    }
    assert_eq!(read(431, &[("Connection", "close")], "").author, Author::Gateway);
    assert_eq!(read(431, &[("Server", "x"), ("Connection", "close")], "").author, Author::Other);
    assert!(read(404, GATEWAY, "Not Found").gateway_headers);
}

#[test]
fn what_goes_on_is_redacted_and_short() {
    let server = format!("s3cret-token {}", "x".repeat(500));
    let answer = read(200, &[("Server", &server)], "token s3cret-token");
    assert!(!answer.server.clone().unwrap().contains("s3cret") && !answer.text.unwrap().contains("s3cret"));
    assert!(answer.server.unwrap().chars().count() <= LONGEST);
    assert_eq!(read(503, &[("Retry-After", "30")], "").retry_after, Some(Duration::from_secs(30)));
}
