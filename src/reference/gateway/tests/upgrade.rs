//! Each refusal is what 2026.9.6 gave to the same request.

use super::*;
use crate::reference::gateway::Phase;

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION: &str = "Sec-WebSocket-Version: 13";

async fn refused(gateway: &Standing, first: &str, lines: &[&str]) -> String {
    gateway.raw(request(first, lines).as_bytes()).await
}

#[tokio::test]
async fn the_switch_has_three_lines_and_the_first_protocol_offered() {
    let gateway = stand(Options::default());
    let mut stream = gateway.dial().await;
    let lines = [
        "Upgrade: WebSocket",
        "Connection: keep-alive, Upgrade",
        KEY,
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Protocol: a, b",
    ];
    stream.write_all(request("GET /health", &lines).as_bytes()).await.unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: a\r\n\r\n";
    let mut heard = vec![0; expected.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), expected);
}

#[tokio::test]
async fn the_library_refuses_in_its_own_words() {
    let gateway = stand(Options::default());
    let on = ["Upgrade: websocket", "Connection: Upgrade"];
    let html = |status: &str, text: &str| {
        let length = text.len();
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\r\n{text}")
    };
    let key = "Missing or invalid Sec-WebSocket-Key header";
    assert_eq!(refused(&gateway, "GET /", &[on[0], on[1], VERSION]).await, html("400 Bad Request", key));
    let short = [on[0], on[1], "Sec-WebSocket-Key: short", VERSION];
    assert_eq!(refused(&gateway, "GET /", &short).await, html("400 Bad Request", key));
    assert_eq!(
        refused(&gateway, "POST /", &[on[0], on[1], KEY, VERSION]).await,
        html("405 Method Not Allowed", "Invalid HTTP method")
    );
    let other = ["Upgrade: h2c", on[1], KEY, VERSION];
    assert_eq!(refused(&gateway, "GET /", &other).await, html("400 Bad Request", "Invalid Upgrade header"));
    let version = refused(&gateway, "GET /", &[on[0], on[1], KEY, "Sec-WebSocket-Version: 12"]).await;
    let said = "Content-Length: 47\r\nSec-WebSocket-Version: 13, 8\r\n\r\nMissing or invalid Sec-WebSocket-Version header";
    assert!(version.ends_with(said), "{version}");
    let protocol = [on[0], on[1], KEY, VERSION, "Sec-WebSocket-Protocol: a b"];
    assert_eq!(refused(&gateway, "GET /", &protocol).await, html("400 Bad Request", "Invalid Sec-WebSocket-Protocol header"));
}

#[tokio::test]
async fn an_upgrade_that_lost_a_header_is_a_request() {
    let gateway = stand(Options::default());
    let answer = refused(&gateway, "GET /", &["Upgrade: websocket", KEY, VERSION]).await;
    assert_eq!(parts(&answer), ("400 Bad Request", "Bad Request"));
    assert!(answer.contains("\r\nPermissions-Policy: ") && answer.contains("\r\nConnection: close\r\nContent-Type: text/plain"));
    assert!(gateway.ask("GET /", &["Connection: Upgrade", KEY, VERSION]).await.contains("<!doctype html>"));
}

#[tokio::test]
async fn the_gateway_refuses_without_the_lines_of_its_http_path() {
    let on = ["Upgrade: websocket", "Connection: Upgrade", KEY, VERSION];
    let gateway = stand(Options::default());
    for path in ["//", "/desktop/observe", "/api/channels"] {
        let answer = refused(&gateway, &format!("GET {path}"), &on).await;
        assert_eq!(answer, "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n", "{path}");
    }
    let unattributed = refused(&gateway, "GET /", &[&on[..], &["X-Real-IP: 1.2.3.4"]].concat()).await;
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 212\r\n\
        Connection: close\r\n\r\n{\"error\"";
    assert!(unattributed.starts_with(head), "{unattributed}");
    let full = stand(Options { sockets_taken: 32, ..Options::default() });
    let text = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Length: 32\r\n\r\nToo many unauthenticated sockets";
    assert_eq!(refused(&full, "GET /", &on).await, text);
    let draining = stand(Options { phase: Phase::Draining, ..Options::default() });
    assert!(refused(&draining, "GET /", &on).await.ends_with("\r\n\r\nGateway websocket admission closed"));
}
