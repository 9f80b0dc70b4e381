//! Answers by script: what a stand-in says in the place of, or before, its own answer.

use std::sync::Arc;

use serde::Deserialize;

use super::certificate::Kind;
use super::front::Front;
use super::head::Head;
use super::hostile::Hostile;
use super::wire::Wire;

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
    pub hostile: Option<Hostile>,
}

/// One scripted answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Answer {
    /// A path, `upgrade`, `accept` (before a byte is read) or `*`. A rule for the upgrade goes before a rule for its path.
    pub to: String,
    /// Status and reason, as in `502 Bad Gateway`; `200 OK` without.
    pub status: Option<String>,
    /// Header lines. The body's length and `Connection: close` are added.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
    /// Bytes to send as they are, instead of status, headers and body.
    pub raw: Option<String>,
    /// Switch to WebSocket and then do these: `challenge`, `await`, `hello`, `error:JSON`, `text:TEXT`, `close:CODE:REASON`,
    /// `fin`, `reset`, `silence`.
    pub frames: Option<Vec<String>>,
    /// How it ends: `close` (also when empty), `reset` or `silence`.
    pub end: String,
}

/// The answer to a connection before a byte is read.
pub fn on_accept(answers: &[Answer]) -> Option<&Answer> {
    answers.iter().find(|a| a.to == "accept")
}

/// The answer to a request.
pub fn to_request<'a>(answers: &'a [Answer], head: &Head) -> Option<&'a Answer> {
    let upgrade = head.upgrades();
    let first = answers.iter().find(|a| upgrade && a.to == "upgrade");
    first.or_else(|| answers.iter().find(|a| a.to == "*" || a.to == head.path()))
}

impl Answer {
    /// Gives the answer and ends the connection; `head` is the request, if one was read.
    pub async fn give(&self, wire: Wire, head: Option<&Head>) {
        let _ = (wire, head);
    }
}

/// Serves until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    let _ = (options, front, tls);
}
