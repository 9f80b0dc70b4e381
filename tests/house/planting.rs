//! A peer that is handed every request with its head, and writes what it likes; and how a gateway turns a connect away.

use std::io::{Read, Result};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// Answers a request by its head; for an upgrade with the accept key that switches.
pub type Answer = fn(TcpStream, &str, Option<&str>) -> Result<()>;

/// Serves on a free port of loopback, which is returned, for as long as the tests run.
pub fn peer(answer: Answer) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || drop(hear(stream, answer)));
        }
    });
    port
}

fn hear(mut stream: TcpStream, answer: Answer) -> Result<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head.lines().find_map(|l| l.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case("sec-websocket-key")));
    let accept = key.map(|(_, key)| derive_accept_key(key.as_bytes()));
    answer(stream, &head, accept.as_deref())
}

/// After a switch: the challenge, then this error and this reason for whatever is asked.
pub fn turn_away(stream: TcpStream, words: impl FnOnce(&str) -> (Value, String)) {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    let _ = socket.send(Message::text(r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}}"#));
    let Ok(Message::Text(asked)) = socket.read() else { return };
    let id = serde_json::from_str::<Value>(&asked).map(|v| v["id"].clone()).unwrap_or_default();
    let (error, reason) = words(&asked);
    let _ = socket.send(Message::text(json!({"type": "res", "id": id, "ok": false, "error": error}).to_string()));
    let _ = socket.close(Some(CloseFrame { code: 1008.into(), reason: reason.into() }));
    while socket.read().is_ok() {}
}
