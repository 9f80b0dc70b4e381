//! Each answer is what 2026.9.6 gave to the same bytes.

use std::time::Duration;

use super::*;
use crate::reference::gateway::{Auth, Phase};

#[tokio::test]
async fn probes_tell_the_gateways_own_host_more_than_others() {
    let gateway = stand(Options::default());
    let local = gateway.ask("GET /readyz", &[]).await;
    assert!(parts(&local).1.starts_with(r#"{"ready":true,"failing":[],"uptimeMs":"#), "{local}");
    assert!(local.contains(r#""eventLoop":{"degraded":false"#));
    assert_eq!(parts(&gateway.ask("GET /ready?x", &[REMOTE]).await), ("200 OK", r#"{"ready":true}"#));
    assert_eq!(parts(&gateway.ask("GET /startup", &[REMOTE]).await), ("200 OK", r#"{"ok":true,"status":"started"}"#));
    let bearer = format!("Authorization: Bearer {SECRET}");
    assert!(gateway.ask("GET /startupz", &[REMOTE, &bearer]).await.contains(r#""version":"2026.9.6""#));
    let open = stand(Options { auth: Auth::None, ..Options::default() });
    assert_eq!(parts(&open.ask("GET /ready", &[REMOTE, &bearer]).await).1, r#"{"ready":true}"#);
}

#[tokio::test]
async fn a_proxy_that_cannot_be_attributed_is_refused_everywhere_but_at_health() {
    let gateway = stand(Options::default());
    for line in ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 1.2.3.4", "Tailscale-User-Login: a"] {
        let answer = gateway.ask("GET /ready", &[line]).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n") && answer.contains("\r\nPermissions-Policy: camera=(), "));
        assert!(answer.contains(r#""type":"proxy_attribution_required""#));
        assert_eq!(parts(&gateway.ask("GET /health", &[line]).await).0, "200 OK");
        assert_eq!(parts(&gateway.ask("GET /", &[line]).await).0, "403 Forbidden");
    }
    let old = stand(Options { release: "2026.7.1".into(), ..Options::default() });
    assert_eq!(parts(&old.ask("GET /ready", &["X-Real-IP: 1.2.3.4"]).await).1, r#"{"ready":true}"#);
}

#[tokio::test]
async fn routes_answer_as_those_of_the_gateway() {
    let gateway = stand(Options::default());
    let status = async |first: &str| parts(&gateway.ask(first, &[]).await).0.to_owned();
    for (first, expected) in [
        ("HEAD /health", "200 OK"),
        ("POST /health", "405 Method Not Allowed"),
        ("OPTIONS /startup", "405 Method Not Allowed"),
        ("GET /health/", "404 Not Found"),
        ("GET /HEALTH", "200 OK"),
        ("GET //health", "200 OK"),
        ("GET http://x/health", "200 OK"),
        ("GET /v1/models", "404 Not Found"),
        ("GET /api/none", "404 Not Found"),
        ("GET /api/channels", "401 Unauthorized"),
        ("GET /robots.txt", "404 Not Found"),
        ("GET /nope/page", "200 OK"),
        ("POST /", "404 Not Found"),
        ("OPTIONS *", "404 Not Found"),
        ("GET /tools/invoke", "405 Method Not Allowed"),
        ("POST /tools/invoke", "401 Unauthorized"),
        ("GET /sessions/x/history", "401 Unauthorized"),
        ("GET /control-ui-config.json", "401 Unauthorized"),
        ("GET /%zz", "401 Unauthorized"),
        ("GET http://", "401 Unauthorized"),
        ("GET //", "401 Unauthorized"),
        ("GET //x/health", "200 OK"),
        ("POST //x/health", "405 Method Not Allowed"),
        ("POST /x/../health", "405 Method Not Allowed"),
        ("GET *", "200 OK"),
    ] {
        assert_eq!(status(first).await, expected, "{first}");
    }
    let page = gateway.ask("GET /oc/health", &[]).await;
    assert!(parts(&page).1.starts_with("<!doctype html>\n<html data-openclaw-control-ui-base-path=\"\""));
    assert!(page.contains("microphone=*"));
}

#[tokio::test]
async fn with_the_secret_doors_open_and_the_limits_behind_them_show() {
    let gateway = stand(Options::default());
    let bearer = format!("Authorization: Bearer {SECRET}");
    let ask = async |first: &str, line: &str| gateway.ask(first, &[&bearer, line]).await;
    assert_eq!(parts(&ask("GET /api/channels", "A: b").await).0, "404 Not Found");
    assert_eq!(parts(&ask("POST /tools/invoke", "Content-Length: 0").await).0, "400 Bad Request");
    let long = request("POST /tools/invoke", &[&bearer, "Content-Length: 3000000"]);
    let mut stream = gateway.dial().await;
    stream.write_all(long.as_bytes()).await.unwrap();
    let mut start = vec![0; 30];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(start, b"HTTP/1.1 413 Payload Too Large");
}

#[tokio::test]
async fn old_releases_show_their_page_where_newer_ones_have_routes() {
    let oldest = stand(Options { release: "2026.1.29".into(), ..Options::default() });
    assert!(oldest.ask("GET /health", &[]).await.contains("<!doctype html>"));
    let older = stand(Options { release: "2026.7.1".into(), ..Options::default() });
    assert!(older.ask("GET /health", &[]).await.contains(r#"{"ok":true"#));
    assert!(older.ask("GET /startup", &[]).await.contains("<!doctype html>"));
    assert!(older.ask("GET /v1/models", &[]).await.contains("<!doctype html>"));
    assert_eq!(parts(&older.ask("GET /api/none", &[]).await).0, "404 Not Found");
    let health = older.ask("GET /health", &[]).await;
    assert!(health.contains("\r\nConnection: close\r\nContent-Length: 27\r\n\r\n"), "{health}");
    assert!(!older.ask("HEAD /health", &[]).await.contains("Content-Length"));
}

#[tokio::test]
async fn what_is_no_http_is_answered_barely() {
    let gateway = stand(Options::default());
    let bare = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    for junk in ["\x16\x03\x01\0\x10junk\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "FOO /health HTTP/1.1\r\nHost: x\r\n\r\n"]
    {
        assert_eq!(gateway.raw(junk.as_bytes()).await, bare, "{junk}");
    }
    let long = request("GET /health", &[&format!("X: {}", "a".repeat(17_000))]);
    let refused = "HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n";
    assert_eq!(gateway.raw(long.as_bytes()).await, refused);
    assert_eq!(gateway.raw(b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n").await, "");
    let hostless = gateway.raw(b"GET /health HTTP/1.1\r\n\r\n").await;
    assert!(hostless.starts_with("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nDate: "), "{hostless}");
    let unexpected = gateway.ask("GET /health", &["Expect: x"]).await;
    assert!(unexpected.starts_with("HTTP/1.1 417 ") && unexpected.ends_with("chunked\r\n\r\n0\r\n\r\n"), "{unexpected}");
    let continued = gateway.ask("GET /health", &["Expect: 100-continue"]).await;
    assert!(continued.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_target_begins_with_a_slash_a_star_or_a_scheme() {
    let gateway = stand(Options::default());
    for target in ["%", "foo", "?x", "foo:bar", "http:foo", "a:1", "!", "#x", "/\u{fc}"] {
        let answer = gateway.ask(&format!("GET {target}"), &[]).await;
        assert_eq!(answer, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "{target}");
    }
}

#[tokio::test]
async fn a_body_whose_end_is_in_doubt_hides_no_request() {
    let gateway = stand(Options::default());
    let hidden = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let heard = async |lines: &str, body: &str| {
        let text = format!("POST /nope HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n{body}{hidden}");
        let heard = gateway.raw(text.as_bytes()).await;
        heard.match_indices("HTTP/1.1 ").map(|(at, _)| heard[at + 9..at + 12].to_owned()).collect::<Vec<_>>()
    };
    for (lines, body, statuses) in [
        ("Content-Length: -1", "", &["400"][..]),
        ("Content-Length: 99999999999999999999999", "", &["400"]),
        ("Content-Length: 5\r\nContent-Length: 5", "hello", &["400"]),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", "hello", &["400"]),
        ("Transfer-Encoding: identity", "", &["400"]),
        ("Transfer-Encoding: chunked", "zz\r\n", &["400"]),
        ("Transfer-Encoding: chunked", "5\r\nhelloXX0\r\n\r\n", &["404", "400"]),
        ("Transfer-Encoding: chunked", "5;x=y\r\nhello\r\n0\r\nT: x\r\n\r\n", &["404", "200"]),
        ("Content-Length: 005", "hello", &["404", "200"]),
    ] {
        assert_eq!(heard(lines, body).await, statuses, "{lines} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_goes_on_past_bodies_and_ends_six_seconds_after_the_last_answer() {
    let gateway = stand(Options::default());
    let chunked = "POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let sized = "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
    let begun = crate::clock::now();
    let heard = gateway.raw(format!("{chunked}{sized}GET /health HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
    let statuses: Vec<_> = heard.match_indices("HTTP/1.1 ").map(|(at, _)| &heard[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["405", "405", "200"]);
    assert_eq!(begun.elapsed().as_secs(), 6);
    let begun = crate::clock::now();
    assert!(gateway.raw(b"GET /hea").await.starts_with("HTTP/1.1 408 "));
    assert_eq!(begun.elapsed().as_secs(), 66);
}

#[tokio::test]
async fn phases_show_in_the_probes() {
    for (phase, status, failing) in [
        (Phase::Starting, "starting", "startup-sidecars"),
        (Phase::Draining, "draining", "gateway-draining"),
        (Phase::Suspended, "draining", "gateway-draining"),
    ] {
        let gateway = stand(Options { phase, ..Options::default() });
        let startup = gateway.ask("GET /startupz", &[]).await;
        let ready = gateway.ask("GET /readyz", &[]).await;
        assert!(startup.contains("503 Service") && startup.contains(&format!(r#""status":"{status}""#)), "{startup}");
        assert!(ready.contains("503 Service") && ready.contains(&format!(r#""failing":["{failing}"]"#)), "{ready}");
        assert_eq!(parts(&gateway.ask("GET /health", &[]).await).0, "200 OK");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_start_ends() {
    let gateway = stand(Options { starts_for_ms: 3_000, ..Options::default() });
    assert!(gateway.ask("GET /startupz", &[]).await.contains("503 Service"));
    tokio::time::advance(Duration::from_secs(3)).await;
    assert!(gateway.ask("GET /startupz", &[]).await.contains("200 OK"));
}

#[tokio::test]
async fn failures_lock_a_remote_address_out() {
    let gateway = stand(Options::default());
    let ask = async |bearer: &str| gateway.ask("POST /tools/invoke", &[REMOTE, &format!("Authorization: Bearer {bearer}")]).await;
    for _ in 0..10 {
        assert_eq!(parts(&ask("wrong").await).0, "401 Unauthorized");
    }
    let limited = ask(SECRET).await;
    assert!(limited.contains("429 Too Many Requests\r\n") && limited.contains("\r\nRetry-After: 300\r\n"), "{limited}");
    assert_eq!(parts(&gateway.ask("GET /ready", &[REMOTE]).await).1, r#"{"ready":true}"#);
}

#[tokio::test]
async fn a_gateway_that_ends_says_so_and_lets_idle_connections_go() {
    let gateway = stand(Options::default());
    let mut stream = gateway.dial().await;
    stream.write_all(request("GET /health", &[]).as_bytes()).await.unwrap();
    let mut start = [0; 8];
    stream.read_exact(&mut start).await.unwrap();
    gateway.gateway.drain();
    stream.write_all(request("GET /readyz", &[REMOTE]).as_bytes()).await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("503 Service Unavailable") && rest.ends_with(r#"{"ready":false}"#), "{rest}");
}
