//! What a healthy gateway would say, to be said in a bad way or before a bad thing.

use std::io;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::openclaw::connect;
use crate::reference::head::Head;
use crate::reference::script::{self, Answer, challenge, switch, to_request};
use crate::reference::wire::Wire;

/// The most bytes of a request's head that are read.
const LONGEST_HEAD: usize = 64 << 10;

#[derive(Deserialize)]
struct Answers {
    answer: Vec<Answer>,
}

/// The answers of a gateway of release 2026.9.6 to a local caller.
static ANSWERS: LazyLock<Vec<Answer>> = LazyLock::new(|| {
    let answers: Result<Answers, _> = toml::from_str(include_str!("healthy.toml"));
    answers.map(|a| a.answer).unwrap_or_default()
});

/// Reads a request.
pub async fn request(wire: &mut Wire) -> io::Result<Head> {
    Head::request(wire, Vec::new(), LONGEST_HEAD).await.map_err(|_| io::ErrorKind::UnexpectedEof.into())
}

/// Reads and answers one request.
pub async fn converse(mut wire: Wire) -> io::Result<()> {
    let head = request(&mut wire).await?;
    answer(wire, &head).await;
    Ok(())
}

/// Answers a request to its end.
pub async fn answer(wire: Wire, head: &Head) {
    if let Some(answer) = to_request(&ANSWERS, head) {
        answer.give(wire, Some(head)).await;
    }
}

/// The bytes that answer a plain request; none for an upgrade.
pub fn bytes(head: &Head) -> Option<String> {
    to_request(&ANSWERS, head).filter(|answer| answer.frames.is_none()).map(|answer| answer.text(true))
}

/// Answers plain requests to their end; gives a wire that was switched to WebSocket, if that was asked.
pub async fn until_switched(mut wire: Wire) -> io::Result<Option<Wire>> {
    let head = request(&mut wire).await?;
    if head.upgrades() {
        switch(&mut wire, &head).await?;
        return Ok(Some(wire));
    }
    answer(wire, &head).await;
    Ok(None)
}

/// The answer that lets the client in.
pub fn hello() -> String {
    script::hello(connect::ID)
}

/// The challenge, as a text message.
pub fn first() -> String {
    challenge()
}
