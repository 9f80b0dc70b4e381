//! Answers by script: what a stand-in says in the place of, or before, its own answer.

pub mod words;

use std::io;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::certificate::Kind;
use super::front::Front;
use super::head::Head;
use super::hostile;
use super::wire::{Wire, drain};
use words::{Asked, Deed, End, HeaderLine, Status, Step, To};

/// The most bytes of a request's head that are read.
const LONGEST_HEAD: usize = 64 << 10;

/// A peer that only answers by script, or means harm.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Where it listens; see [`Front::bind`].
    pub listen: Vec<String>,
    /// Its port; 0 finds one.
    pub port: u16,
    /// Every connection is refused.
    pub stopped: bool,
    /// The certificate of its TLS; plain text without.
    pub tls: Option<Kind>,
    /// The answers; the first that fits is given, and none that fits ends the connection.
    pub answer: Vec<Answer>,
    /// What it does instead of answering.
    pub hostile: Option<hostile::Options>,
    /// Where it hands every connection on to instead, byte by byte, as a port forwarder does: `ADDRESS:PORT`.
    pub relay: Option<String>,
}

/// One scripted answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// A path, `upgrade`, `accept` (before a byte is read) or `*`. A rule for the upgrade goes before a rule for its path.
    pub to: To,
    /// Status and reason, as in `502 Bad Gateway`; `200 OK` without.
    pub status: Option<Status>,
    /// Header lines. The body's length and `Connection: close` are added.
    #[serde(default)]
    pub headers: Vec<HeaderLine>,
    /// The body.
    #[serde(default)]
    pub body: String,
    /// Bytes to send as they are, instead of status, headers and body.
    pub raw: Option<String>,
    /// Switch to WebSocket and then do these.
    pub frames: Option<Vec<Step>>,
    /// How it ends; in order unless told.
    pub end: Option<End>,
}

/// The answer to a connection before a byte is read.
pub fn on_accept(answers: &[Answer]) -> Option<&Answer> {
    answers.iter().find(|a| a.to.is(Asked::Accept))
}

/// The answer to a request.
pub fn to_request<'a>(answers: &'a [Answer], head: &Head) -> Option<&'a Answer> {
    let upgrade = head.upgrades();
    let first = answers.iter().find(|a| upgrade && a.to.is(Asked::Upgrade));
    let asked = |to: &To| to.is(Asked::Any) || matches!(to, To::Path(path) if *path == head.path());
    first.or_else(|| answers.iter().find(|a| asked(&a.to)))
}

impl Answer {
    /// Gives the answer and ends the connection; `head` is the request, if one was read.
    pub async fn give(&self, mut wire: Wire, head: Option<&Head>) {
        match (&self.frames, head) {
            (Some(steps), Some(head)) => {
                if switch(&mut wire, head).await.is_ok() {
                    speak(wire, head.rest.clone(), steps).await;
                }
            }
            _ => {
                let text = self.text(head.is_some());
                if wire.write_all(text.as_bytes()).await.is_ok() && wire.flush().await.is_ok() {
                    end(wire, self.end.unwrap_or(End::Close)).await;
                }
            }
        }
    }

    /// The bytes: those given, or an answer made of status, headers and body. Nobody who asked nothing is answered but with
    /// given bytes.
    pub(super) fn text(&self, asked: bool) -> String {
        match &self.raw {
            Some(raw) => raw.clone(),
            None if !asked => String::new(),
            None => {
                let status = self.status.as_ref().map_or_else(|| String::from("200 OK"), Status::to_string);
                let headers: String = self.headers.iter().map(|h| format!("{}: {}\r\n", h.name, h.value)).collect();
                let length = self.body.len();
                format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{}", self.body)
            }
        }
    }
}

/// Serves until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    if let Some(what) = options.hostile {
        return hostile::serve(what, front, tls).await;
    }
    if let Some(to) = options.relay {
        return front.each(tls, move |wire| relay(wire, to.clone())).await;
    }
    let answers = Arc::new(options.answer);
    front.each(tls, move |wire| converse(wire, Arc::clone(&answers))).await;
}

async fn converse(mut wire: Wire, answers: Arc<Vec<Answer>>) {
    if let Some(answer) = on_accept(&answers) {
        return answer.give(wire, None).await;
    }
    let Ok(head) = Head::request(&mut wire, Vec::new(), LONGEST_HEAD).await else { return };
    if let Some(answer) = to_request(&answers, &head) {
        answer.give(wire, Some(&head)).await;
    }
}

async fn relay(mut wire: Wire, to: String) {
    if let Ok(mut beyond) = TcpStream::connect(&to).await {
        let _ = tokio::io::copy_bidirectional(&mut wire, &mut beyond).await;
    }
}

/// Answers an upgrade with the switch to WebSocket (RFC 6455, section 4.2.2).
pub(super) async fn switch(wire: &mut Wire, head: &Head) -> io::Result<()> {
    let accept = derive_accept_key(head.get("sec-websocket-key").unwrap_or_default().as_bytes());
    let text = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    wire.write_all(text.as_bytes()).await?;
    wire.flush().await
}

/// Ends a connection: in order and reading on until the client ends too, with a reset, or not at all until the client does.
async fn end(mut wire: Wire, manner: End) {
    match manner {
        End::Reset => return wire.reset(),
        End::Silence => {}
        End::Close => drop(wire.shutdown().await),
    }
    drain(&mut wire).await;
}

async fn speak(wire: Wire, early: Vec<u8>, steps: &[Step]) {
    let mut socket = WebSocketStream::from_partially_read(wire, early, Role::Server, None).await;
    let mut asked = String::from("1");
    for step in steps {
        let sent = match step.deed {
            Deed::Challenge => socket.send(Message::text(challenge())).await,
            Deed::Await => match text(&mut socket).await {
                Some(text) => {
                    asked = id(&text).unwrap_or(asked);
                    Ok(())
                }
                None => return,
            },
            Deed::Hello => socket.send(Message::text(hello(&asked))).await,
            Deed::Error => socket.send(Message::text(error(&asked, &step.with))).await,
            Deed::Text => socket.send(Message::text(step.with.as_str())).await,
            Deed::Close => return close(socket, &step.with).await,
            Deed::Fin => return end(socket.into_inner(), End::Close).await,
            Deed::Reset => return end(socket.into_inner(), End::Reset).await,
            Deed::Silence => return end(socket.into_inner(), End::Silence).await,
        };
        if sent.is_err() {
            return;
        }
    }
    while socket.next().await.is_some_and(|m| m.is_ok()) {}
}

/// The next text message.
async fn text(socket: &mut WebSocketStream<Wire>) -> Option<String> {
    loop {
        if let Message::Text(text) = socket.next().await?.ok()? {
            return Some(text.as_str().to_owned());
        }
    }
}

/// Sends a close frame, `CODE:REASON`, and hears the client out.
async fn close(mut socket: WebSocketStream<Wire>, with: &str) {
    let (code, reason) = with.split_once(':').unwrap_or((with, ""));
    let frame = code.parse::<u16>().ok().map(|code| CloseFrame { code: code.into(), reason: reason.into() });
    let _ = socket.close(frame).await;
    while socket.next().await.is_some_and(|m| m.is_ok()) {}
}

/// The id of a request.
fn id(text: &str) -> Option<String> {
    let frame: serde_json::Value = serde_json::from_str(text).ok()?;
    frame["id"].as_str().map(str::to_owned)
}

/// The event a gateway sends first.
pub(super) fn challenge() -> String {
    let ts = crate::clock::wall_ms();
    format!(r#"{{"type":"event","event":"connect.challenge","payload":{{"nonce":"n-1","ts":{ts}}}}}"#)
}

fn error(id: &str, error: &str) -> String {
    format!(r#"{{"type":"res","id":"{id}","ok":false,"error":{error}}}"#)
}

/// The answer to a connect that lets the client in.
pub(super) fn hello(id: &str) -> String {
    format!(
        r#"{{"type":"res","id":"{id}","ok":true,"payload":{{"type":"hello-ok","protocol":4,"server":{{"version":"2026.9.6","bootId":"b-1","connId":"c"}},"features":{{"methods":[],"events":[]}},"snapshot":{{"uptimeMs":5000}},"auth":{{"method":"token","role":"operator","scopes":[]}},"policy":{{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":30000}}}}}}"#
    )
}

#[cfg(test)]
mod tests;
