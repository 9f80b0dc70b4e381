//! One connection to a gateway, read byte for byte: header lines keep their order and spelling.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use super::{Answer, Step};

/// A connection before or after the switch to WebSocket.
pub enum Line {
    /// HTTP.
    Http(TcpStream),
    /// WebSocket, and the nonce of its challenge.
    Frames(Box<WebSocket<TcpStream>>, String),
}

impl Line {
    /// Connects and sends a request; what comes back is an [`Line::answer`]. Nothing is waited for longer than `patience`.
    pub fn ask(address: SocketAddr, lines: &[String], patience: Duration) -> Result<Self, String> {
        let mut stream = TcpStream::connect_timeout(&address, patience).map_err(|e| format!("connect: {e}"))?;
        stream.set_read_timeout(Some(patience)).map_err(|e| e.to_string())?;
        let head_only = !lines.iter().any(String::is_empty);
        let text = lines.join("\r\n") + if head_only { "\r\n\r\n" } else { "" };
        stream.write_all(text.as_bytes()).map_err(|e| format!("write: {e}"))?;
        Ok(Self::Http(stream))
    }

    /// Reads an answer, or the end before a byte of one; after 101 the connection speaks WebSocket.
    pub fn answer(self, asked: &str) -> Result<(Self, Step), String> {
        let Self::Http(mut stream) = self else { return Err("this connection no longer speaks HTTP".into()) };
        let head = head(&mut stream)?;
        if head.is_empty() {
            return Ok((Self::Http(stream), Step::Close(None)));
        }
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default().strip_prefix("HTTP/1.1 ").ok_or(format!("no answer: {head}"))?.to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        if status.starts_with("101") {
            let answer = Answer { status, headers, body: Value::Null };
            return Ok((
                Self::Frames(Box::new(WebSocket::from_raw_socket(stream, Role::Client, None)), String::new()),
                Step::Answer(answer),
            ));
        }
        let body = if asked.starts_with("HEAD ") { String::new() } else { body(&mut stream, &headers)? };
        let json = get(&headers, "content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let body = match () {
            () if body.is_empty() => Value::Null,
            () if json => serde_json::from_str(&body).map_err(|e| format!("{e}: {body}"))?,
            () => Value::String(body),
        };
        Ok((Self::Http(stream), Step::Answer(Answer { status, headers, body })))
    }

    /// Sends a text frame.
    pub fn say(&mut self, text: &str) -> Result<(), String> {
        let Self::Frames(socket, _) = self else { return Err("no WebSocket is open".into()) };
        socket.send(Message::text(text)).map_err(|e| format!("send: {e}"))
    }

    /// The next that the gateway does: a frame, a ping or an end.
    pub fn next(&mut self) -> Result<Step, String> {
        let Self::Frames(socket, _) = self else { return Err("no WebSocket is open".into()) };
        loop {
            match socket.read() {
                Ok(Message::Text(text)) => {
                    return Ok(Step::Frame(serde_json::from_str(text.as_str()).map_err(|e| format!("{e}: {text}"))?));
                }
                Ok(Message::Ping(payload)) => return Ok(Step::Ping(String::from_utf8_lossy(&payload).into_owned())),
                Ok(Message::Close(Some(frame))) => return Ok(Step::Close(Some((frame.code.into(), frame.reason.to_string())))),
                Ok(Message::Close(None)) => return Ok(Step::Close(Some((1005, String::new())))),
                Ok(Message::Pong(_)) => {}
                Ok(other) => return Err(format!("a frame of an unexpected kind: {other}")),
                Err(error) if timed_out(&error) => return Err("nothing came".into()),
                Err(_) => return Ok(Step::Close(None)),
            }
        }
    }
}

fn timed_out(error: &tokio_tungstenite::tungstenite::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error, tokio_tungstenite::tungstenite::Error::Io(e) if matches!(e.kind(), TimedOut | WouldBlock))
}

/// The head up to its empty line, and not a byte more: frames may follow.
fn head(stream: &mut TcpStream) -> Result<String, String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => bytes.push(byte[0]),
            Ok(_) if bytes.is_empty() => break,
            Ok(_) => return Err(format!("the connection ended after: {}", String::from_utf8_lossy(&bytes))),
            Err(e) => return Err(format!("{e} after: {}", String::from_utf8_lossy(&bytes))),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn body(stream: &mut TcpStream, headers: &[(String, String)]) -> Result<String, String> {
    let mut bytes = Vec::new();
    match get(headers, "content-length").map(|length| length.parse::<usize>()) {
        Some(Ok(length)) => {
            bytes.resize(length, 0);
            stream.read_exact(&mut bytes).map_err(|e| format!("body: {e}"))?;
        }
        Some(Err(why)) => return Err(format!("content-length: {why}")),
        None if get(headers, "transfer-encoding").is_some() => loop {
            let mut size = Vec::new();
            while !size.ends_with(b"\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).map_err(|e| format!("chunk: {e}"))?;
                size.push(byte[0]);
            }
            let size = usize::from_str_radix(String::from_utf8_lossy(&size).trim(), 16).map_err(|e| e.to_string())?;
            let mut chunk = vec![0; size + 2];
            stream.read_exact(&mut chunk).map_err(|e| format!("chunk: {e}"))?;
            if size == 0 {
                break;
            }
            bytes.extend(&chunk[..size]);
        },
        None => drop(stream.read_to_end(&mut bytes).map_err(|e| format!("body: {e}"))?),
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first header of a name.
fn get<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}
