//! The edge that signs as nginx and a real nginx, before the same gateway: what a client reads of them is the same to the byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use clawprobe::reference::ground::{Ground, Standing};
use clawprobe::reference::{fault, world};
use libtest_mimic::Trial;

use crate::gateway::free_port;
use crate::nginx::Nginx;
use crate::parts;

/// The trials of a lane.
pub fn trials(lane: &str) -> Vec<Trial> {
    if lane != "main" {
        return Vec::new();
    }
    let absent = (!parts::on_path("nginx")).then(|| String::from("nginx"));
    vec![parts::trial(String::from("edges::nginx"), absent, nginx)]
}

const STATUSES: &[(u16, &str)] = &[
    (301, "Moved Permanently"),
    (302, "Found"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Not Allowed"),
    (413, "Too Large"),
    (426, "Upgrade Required"),
    (429, "Too Many Requests"),
    (431, "Too Large"),
    (502, "Bad Gateway"),
    (503, "Unavailable"),
    (504, "Timeout"),
];

fn nginx() -> Result<(), String> {
    let ground = Ground::new().map_err(|e| e.to_string())?;
    let standing = stand(&ground)?;
    let port = |name: &str| standing.holes.get(&format!("{name}.port")).and_then(|p| p.parse::<u16>().ok()).unwrap_or_default();
    let real = free_port();
    let _nginx = Nginx::start(standing.folder(), "127.0.0.1", real, &block(port("gateway"), port("peer")))?;
    let mut differs = Vec::new();
    let nowhere = (port("edge-2"), String::from("nobody behind it"), get("/nobody", CLOSE));
    for (edge, name, asked) in questions().map(|(name, asked)| (port("edge"), name, asked)).chain([nowhere]) {
        let answers = [real, edge].map(|port| said(port, &asked));
        if answers[0] != answers[1] {
            differs.push(format!("{name}\n--- nginx\n{}\n--- the edge\n{}", answers[0], answers[1]));
        }
    }
    if differs.is_empty() { Ok(()) } else { Err(differs.join("\n\n")) }
}

/// A gateway, an edge before it that signs as nginx, and one before a port where nobody is.
fn stand(ground: &Ground) -> Result<Standing, String> {
    let answer =
        |(status, reason): &(u16, &str)| format!("[[edge.answer]]\nto = '/status/{status}'\nstatus = '{status} {reason}'\n");
    let answers: String = STATUSES.iter().map(answer).collect();
    let nowhere = "[edge-2]\nproduct = 'nginx'\nupstream = '127.0.0.1:{peer.port}'\n[peer]\nstopped = true";
    let change = format!("[edge]\nproduct = 'nginx'\n{answers}{nowhere}");
    let mut table = fault::world().map_err(|c| c.to_string())?;
    world::merge(&mut table, &change.parse().map_err(|e: toml::de::Error| e.to_string())?);
    ground.raise(table).map_err(|c| c.to_string())
}

/// A server block that does what the edge does.
fn block(gateway: u16, nobody: u16) -> String {
    let location = |(status, _): &(u16, &str)| match status {
        301 | 302 => format!("location = /status/{status} {{ return {status} https://$http_host$request_uri; }}\n"),
        401 => String::from("location = /status/401 { auth_basic restricted; auth_basic_user_file /dev/null; }\n"),
        _ => format!("location = /status/{status} {{ return {status}; }}\n"),
    };
    let locations: String = STATUSES.iter().map(location).collect();
    format!(
        "{locations}location = /nobody {{ proxy_pass http://127.0.0.1:{nobody}; }}\nlocation / {{ proxy_pass http://127.0.0.1:{gateway}; proxy_http_version 1.1; proxy_set_header Host $http_host;\n\
         proxy_set_header X-Forwarded-For 192.0.2.10; proxy_set_header X-Forwarded-Proto $scheme;\n\
         proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; }}"
    )
}

const CLOSE: &str = "Connection: close\r\n";
const UPGRADE: &str =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn get(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: gw.example\r\n{more}\r\n")
}

fn questions() -> impl Iterator<Item = (String, String)> {
    let all = [
        ("health", get("/health", CLOSE)),
        ("ready, to a stranger", get("/ready", CLOSE)),
        ("a page that is not there", get("/v1/models", CLOSE)),
        ("an upgrade", get("/", UPGRADE)),
        ("a head that is too long", get("/", &format!("{CLOSE}X-Big: {}\r\n", "x".repeat(40_000)))),
        ("a body that is too long", format!("POST / HTTP/1.1\r\nHost: gw.example\r\n{CLOSE}Content-Length: 2000000\r\n\r\n")),
        ("no HTTP", String::from("\u{16}\u{3}\u{1}junk\r\n\r\n")),
    ];
    let statuses = STATUSES.iter().map(|(status, _)| (status.to_string(), get(&format!("/status/{status}"), CLOSE)));
    all.into_iter().map(|(name, asked)| (name.to_owned(), asked)).chain(statuses)
}

/// What is answered: the head of a switch, or all of anything else, without what differs from one second to the next.
fn said(port: u16, asked: &str) -> String {
    let Ok(mut tcp) = TcpStream::connect(("127.0.0.1", port)) else { return "refused".into() };
    let _ = tcp.set_read_timeout(Some(Duration::from_secs(5)));
    let _ = tcp.write_all(asked.as_bytes());
    let mut bytes = Vec::new();
    while !whole(&bytes) {
        let mut more = [0; 16 << 10];
        match tcp.read(&mut more) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&more[..count]),
            Err(error) => return format!("{error} after {}", String::from_utf8_lossy(&bytes)),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let text = match text.split_once("\r\n\r\n") {
        Some((head, _)) if head.starts_with("HTTP/1.1 101") => head.to_owned(),
        _ => text,
    };
    text.split("\r\n").map(|line| if line.starts_with("Date: ") { "Date: now" } else { line }).collect::<Vec<_>>().join("\r\n")
}

/// Whether an answer is all there, by its own word.
fn whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    head.starts_with("HTTP/1.1 101") || length.is_some_and(|length| body.len() >= length)
}
