//! Planted secrets, in every place a run reads from, and none of them in anything it writes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// Each planted where its name says.
const SECRETS: &[&str] = &[
    "plant-config-token-3f1",
    "plant-config-password-9a2",
    "plant-remote-token-77b",
    "plant-env-token-c04",
    "plant-env-password-d15",
    "plant-header-value-e26",
    "plant-header-cookie-f37",
    "plant-query-token-048",
    "plant-proxy-password-159",
    "plant-reply-cookie-26a",
    "plant-reply-location-37b",
];

/// Every format there is.
const FORMATS: &[&str] = &["human", "short", "json", "ndjson"];

#[test]
fn no_planted_secret_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let port = echoing_peer();
    plant(folder.path(), port);
    let recording = folder.path().join("run.jsonl");
    for format in FORMATS {
        let mut words =
            vec!["preflight", "--format", format, "--share", "private", "--fail-on", "notice", "--header-file", "headers"];
        let url = format!("http://127.0.0.1:{port}/?token=plant-query-token-048");
        let edge = format!("corp=http://127.0.0.1:{port}/?token=plant-query-token-048");
        let config = folder.path().join("openclaw.json").display().to_string();
        words.extend(["--gateway", &url, "--edge", &edge, "--config", &config, "--save", "run.jsonl"]);
        let out = clawprobe(folder.path(), &words, port);
        search(&format!("preflight --format {format}"), &out);
        assert!(!out.is_empty(), "{format} printed something");
        let saved = std::fs::read_to_string(&recording).unwrap();
        assert!(saved.contains("connect"), "the recording holds facts");
        search("the recording", &saved);
        search(
            &format!("report --format {format}"),
            &clawprobe(folder.path(), &["report", "run.jsonl", "--format", format], port),
        );
        std::fs::remove_file(&recording).unwrap();
    }
}

#[test]
fn a_complaint_about_a_file_does_not_quote_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.json"), "{gateway: {auth: {token: \"plant-config-token-3f1\" mode: \"token\"}}}")
        .unwrap();
    let out = clawprobe(folder.path(), &["preflight", "--config", "broken.json"], 9);
    assert!(out.contains("broken.json"), "{out}");
    search("the complaint", &out);
}

fn search(place: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} stands in {place}:\n{text}");
    }
}

fn plant(folder: &Path, port: u16) {
    let config = format!(
        r#"{{gateway: {{mode: "local", port: {port}, auth: {{mode: "token", token: "plant-config-token-3f1", password: "plant-config-password-9a2"}},
            remote: {{url: "ws://127.0.0.1:{port}", token: "plant-remote-token-77b"}}}}}}"#
    );
    std::fs::write(folder.join("openclaw.json"), config).unwrap();
    std::fs::write(folder.join("headers"), "X-Edge-Secret: plant-header-value-e26\nCookie: session=plant-header-cookie-f37\n")
        .unwrap();
}

/// Runs the program and returns everything it printed.
fn clawprobe(folder: &Path, words: &[&str], port: u16) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_clawprobe"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("OPENCLAW_GATEWAY_TOKEN", "plant-env-token-c04")
        .env("OPENCLAW_GATEWAY_PASSWORD", "plant-env-password-d15")
        .env("HTTP_PROXY", format!("http://user:plant-proxy-password-159@127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// A server that says everything it hears back, in every place a reply has room.
fn echoing_peer() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || drop(echo(stream)));
        }
    });
    port
}

fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head
        .lines()
        .find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("sec-websocket-key")).map(|(_, v)| v.to_owned()));
    match key {
        None => {
            let words: String = head.split_whitespace().collect::<Vec<_>>().join(" ");
            let body = serde_json::json!({"error": {"type": words, "message": words}}).to_string();
            write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\nServer: {words}\r\nContent-Type: application/json; {words}\r\nX-Openclaw: {words}\r\n\
                 Set-Cookie: session=plant-reply-cookie-26a\r\nLocation: http://user:plant-reply-location-37b@127.0.0.1/?token=plant-reply-location-37b\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        Some(key) => {
            let accept = derive_accept_key(key.as_bytes());
            write!(
                stream,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSet-Cookie: session=plant-reply-cookie-26a\r\n\r\n"
            )?;
            let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
            let _ = socket.send(Message::text(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}"#));
            let Ok(Message::Text(asked)) = socket.read() else { return Ok(()) };
            let id = serde_json::from_str::<serde_json::Value>(&asked).map(|v| v["id"].clone()).unwrap_or_default();
            let asked = asked.to_string();
            let reason: String = asked.chars().skip(asked.find("auth").unwrap_or_default()).take(100).collect();
            let error = serde_json::json!({"code": asked, "message": asked, "details": {"code": asked, "reason": asked, "authReason": asked, "recommendedNextStep": asked}});
            let _ =
                socket.send(Message::text(serde_json::json!({"type": "res", "id": id, "ok": false, "error": error}).to_string()));
            let _ = socket.close(Some(CloseFrame { code: 1008.into(), reason: reason.into() }));
            while socket.read().is_ok() {}
            Ok(())
        }
    }
}
