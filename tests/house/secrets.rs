//! Planted secrets, in every place a run reads from, and none of them in anything it writes.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use serde_json::json;

use super::desk::{Desk, Done};
use super::planting::{peer, turn_away};

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
    let desk = Desk::new();
    let port = peer(echo);
    plant(desk.path(), port);
    let recording = desk.path().join("run.jsonl");
    for format in FORMATS {
        let mut words =
            vec!["preflight", "--format", format, "--share", "private", "--fail-on", "notice", "--header-file", "headers"];
        let url = format!("http://127.0.0.1:{port}/?token=plant-query-token-048");
        let edge = format!("corp=http://127.0.0.1:{port}/?token=plant-query-token-048");
        let config = desk.path().join("openclaw.json").display().to_string();
        words.extend(["--gateway", &url, "--edge", &edge, "--config", &config, "--save", "run.jsonl"]);
        let out = clawprobe(&desk, &words, port);
        search(&format!("preflight --format {format}"), &out);
        assert!(!out.is_empty(), "{format} printed something");
        let saved = std::fs::read_to_string(&recording).unwrap();
        assert!(saved.contains("connect"), "the recording holds facts");
        search("the recording", &saved);
        search(&format!("report --format {format}"), &clawprobe(&desk, &["report", "run.jsonl", "--format", format], port));
        std::fs::remove_file(&recording).unwrap();
    }
}

#[test]
fn a_complaint_about_a_file_does_not_quote_its_secrets() {
    let desk = Desk::new();
    std::fs::write(desk.path().join("broken.json"), "{gateway: {auth: {token: \"plant-config-token-3f1\" mode: \"token\"}}}")
        .unwrap();
    let out = clawprobe(&desk, &["preflight", "--config", "broken.json"], 9);
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
fn clawprobe(desk: &Desk, words: &[&str], port: u16) -> String {
    let mut command = desk.command(words);
    command
        .env("OPENCLAW_GATEWAY_TOKEN", "plant-env-token-c04")
        .env("OPENCLAW_GATEWAY_PASSWORD", "plant-env-password-d15")
        .env("HTTP_PROXY", format!("http://user:plant-proxy-password-159@127.0.0.1:{port}"));
    let done = Done::from(command.output().unwrap());
    done.out + &done.err
}

/// Says everything it hears back, in every place a reply has room.
fn echo(mut stream: TcpStream, head: &str, accept: Option<&str>) -> std::io::Result<()> {
    match accept {
        None => {
            let words: String = head.split_whitespace().collect::<Vec<_>>().join(" ");
            let body = json!({"error": {"type": words, "message": words}}).to_string();
            write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\nServer: {words}\r\nContent-Type: application/json; {words}\r\nX-Openclaw: {words}\r\n\
                 Set-Cookie: session=plant-reply-cookie-26a\r\nLocation: http://user:plant-reply-location-37b@127.0.0.1/?token=plant-reply-location-37b\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        Some(accept) => {
            write!(
                stream,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSet-Cookie: session=plant-reply-cookie-26a\r\n\r\n"
            )?;
            turn_away(stream, |asked| {
                let reason = asked.chars().skip(asked.find("auth").unwrap_or_default()).take(100).collect();
                let details = json!({"code": asked, "reason": asked, "authReason": asked, "recommendedNextStep": asked});
                (json!({"code": asked, "message": asked, "details": details}), reason)
            });
            Ok(())
        }
    }
}
