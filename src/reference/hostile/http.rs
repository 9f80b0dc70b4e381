//! Harm by HTTP.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::frames::{self, Moment, deep_frame};
use super::{deep, flood, healthy};
use crate::reference::script::switch;
use crate::reference::wire::Wire;
use crate::reference::wire::drain;

/// Longer than any probe's own deadline, and shorter than a run.
const LATE: Duration = Duration::from_secs(30);

/// How an answer begins, and what it then repeats without end.
pub type Endless = (&'static str, &'static str);

/// Header lines without end.
pub const HEADERS: Endless = ("HTTP/1.1 200 OK\r\n", "X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
/// Interim answers without end.
pub const HINTS: Endless = ("", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
/// A body without end, which begins as a healthy one.
pub const BODY: Endless = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"ok\":true,\"status\":\"live\",\"padding\":\"",
    "aaaaaaaaaaaaaaaa",
);

/// Begins an answer, and never comes to its end.
pub async fn endless(mut wire: Wire, (begin, again): Endless) -> io::Result<()> {
    healthy::request(&mut wire).await?;
    wire.write_all(begin.as_bytes()).await?;
    // Many at once, or the peer would be the slow one.
    flood(&mut wire, again.repeat(200).as_bytes()).await
}

/// A healthy answer, one byte a second.
pub async fn byte_a_second(mut wire: Wire) -> io::Result<()> {
    let head = healthy::request(&mut wire).await?;
    let switching = || String::from("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    for byte in healthy::bytes(&head).unwrap_or_else(switching).bytes() {
        wire.write_u8(byte).await?;
        wire.flush().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

/// Every answer leads to where it was asked.
pub async fn redirect_loop(mut wire: Wire) -> io::Result<()> {
    let head = healthy::request(&mut wire).await?;
    let scheme = if matches!(wire, Wire::Tls(_)) { "https" } else { "http" };
    let host = head.get("host").unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {scheme}://{host}{}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        head.target()
    );
    wire.write_all(answer.as_bytes()).await?;
    wire.shutdown().await
}

/// Healthy answers that only a close would end, and no close; a handshake that comes to its end, and no close either.
pub async fn slow_close(mut wire: Wire) -> io::Result<()> {
    let head = healthy::request(&mut wire).await?;
    if let Some(text) = healthy::bytes(&head) {
        let open: String = text.split_inclusive("\r\n").filter(|line| !line.starts_with("Content-Length")).collect();
        wire.write_all(open.as_bytes()).await?;
    } else {
        switch(&mut wire, &head).await?;
        frames::handshake(&mut wire).await?;
    }
    wire.flush().await?;
    drain(&mut wire).await;
    Ok(())
}

/// A healthy answer after every deadline.
pub async fn too_late(mut wire: Wire) -> io::Result<()> {
    let head = healthy::request(&mut wire).await?;
    if tokio::time::timeout(LATE, drain(&mut wire)).await.is_err() {
        healthy::answer(wire, &head).await;
    }
    Ok(())
}

/// JSON nested too deep, as every body and as frame.
pub async fn deep_json(mut wire: Wire, at: Moment) -> io::Result<()> {
    let head = healthy::request(&mut wire).await?;
    if head.upgrades() {
        switch(&mut wire, &head).await?;
        return deep_frame(wire, at).await;
    }
    let body = deep();
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    wire.write_all(head.as_bytes()).await?;
    wire.write_all(body.as_bytes()).await?;
    wire.shutdown().await
}
