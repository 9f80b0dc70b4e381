//! Peers that mean harm, or behave as if they did.
//!
//! What is no part of the harm is as a healthy gateway has it, so that the harm meets the deepest part of a client: bad frames
//! come after a right 101, and those `at = "connect"` after a right challenge and the client's own request.

mod bomb;
mod frames;
mod healthy;
mod http;

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub use self::frames::Moment;
use super::front::Front;
use super::wire::Wire;
use super::wire::drain;
use crate::labels;

labels! {
    /// What a hostile peer does.
    pub enum Hostile {
        NeverAnswers = "never-answers": "Accepts, and never says a word.",
        DropsPackets = "drops-packets": "A full backlog: no packet is answered.",
        ByteASecond = "byte-a-second": "A healthy answer, one byte a second.",
        EndlessHeaders = "endless-headers": "Header lines without end.",
        EndlessHints = "endless-hints": "Interim answers without end.",
        EndlessBody = "endless-body": "A body without end.",
        HugeFrame = "huge-frame": "A first frame of 10 MB.",
        HeavyJson = "heavy-json": "A frame within every limit whose JSON takes many times its size in memory.",
        Bomb = "bomb": "A compressed frame that unfolds to a gigabyte, and compression that nobody asked for.",
        BadText = "bad-text": "A text frame that is no UTF-8.",
        MaskedFrames = "masked-frames": "Frames masked as only a client's may be.",
        EndlessFragments = "endless-fragments": "Fragments of one message without end.",
        PingFlood = "ping-flood": "Pings as fast as they are taken.",
        RedirectLoop = "redirect-loop": "Every answer leads to itself.",
        TlsGarbage = "tls-garbage": "Garbage in the place of a TLS handshake.",
        HugeCertificate = "huge-certificate": "A certificate of a megabyte.",
        DeepJson = "deep-json": "JSON nested 100 000 deep, as body and as frame.",
        DeepFrame = "deep-frame": "JSON nested 100 000 deep, as frame alone.",
        SlowClose = "slow-close": "Answers, and never closes.",
        TooLate = "too-late": "Answers after every deadline.",
        PortCloses = "port-closes": "Closes its port after the first request.",
    }
}

/// A hostile peer.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// What it does.
    pub what: Hostile,
    /// When it begins to harm by frames.
    #[serde(default)]
    pub at: Moment,
}

/// Does harm until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    match options.what {
        // Its backlog is full, so nobody comes.
        Hostile::DropsPackets => std::future::pending().await,
        Hostile::PortCloses => port_closes(front).await,
        _ => front.each(tls, move |wire| harm(options.clone(), wire)).await,
    }
}

async fn harm(options: Options, wire: Wire) {
    // What fails is the client that has gone.
    let _ = match options.what {
        Hostile::NeverAnswers => quiet(wire).await,
        Hostile::TlsGarbage => garbage(wire).await,
        Hostile::DropsPackets | Hostile::PortCloses | Hostile::HugeCertificate => healthy::converse(wire).await,
        Hostile::ByteASecond => http::byte_a_second(wire).await,
        Hostile::EndlessHeaders => http::endless(wire, http::HEADERS).await,
        Hostile::EndlessHints => http::endless(wire, http::HINTS).await,
        Hostile::EndlessBody => http::endless(wire, http::BODY).await,
        Hostile::RedirectLoop => http::redirect_loop(wire).await,
        Hostile::SlowClose => http::slow_close(wire).await,
        Hostile::TooLate => http::too_late(wire).await,
        Hostile::DeepJson => http::deep_json(wire, options.at).await,
        what => frames::harm(what, options.at, wire).await,
    };
}

/// Closes the port once the first request has come, and answers that one only then: the next connection is surely refused.
async fn port_closes(front: Front) {
    loop {
        let Ok(mut wire) = front.accept().await else { continue };
        if let Ok(head) = healthy::request(&mut wire).await {
            drop(front);
            return healthy::answer(wire, &head).await;
        }
    }
}

async fn quiet(mut wire: Wire) -> std::io::Result<()> {
    drain(&mut wire).await;
    Ok(())
}

/// A TLS record of a handshake (RFC 8446, section 5.1) that holds a message of a kind that does not exist.
async fn garbage(mut wire: Wire) -> std::io::Result<()> {
    wire.read_u8().await?;
    wire.write_all(&[0x16, 0x03, 0x03, 0x01, 0x04, 0xa5, 0x00, 0x01, 0x00]).await?;
    wire.write_all(&[0xa5; 0x100]).await?;
    wire.flush().await?;
    drain(&mut wire).await;
    Ok(())
}

/// Writes the same bytes for as long as they are taken.
async fn flood(wire: &mut Wire, bytes: &[u8]) -> std::io::Result<()> {
    loop {
        wire.write_all(bytes).await?;
    }
}

/// JSON that is nothing but the beginning and the end of lists, 100 000 within each other.
fn deep() -> String {
    const DEPTH: usize = 100_000;
    "[".repeat(DEPTH) + &"]".repeat(DEPTH)
}

#[cfg(test)]
mod tests;
