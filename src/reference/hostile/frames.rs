//! Harm by WebSocket frames (RFC 6455, section 5.2), written byte for byte.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Hostile, bomb, deep, flood, healthy};
use crate::labels;
use crate::openclaw::connect;
use crate::reference::wire::Wire;
use crate::reference::wire::drain;

labels! {
    /// When harm by frames begins.
    pub enum Moment {
        Switch = "switch": "In the place of the challenge.",
        Connect = "connect": "In the place of the answer to the client's connect.",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro takes no mark on a label")]
impl Default for Moment {
    fn default() -> Self {
        Self::Switch
    }
}

/// The first byte of a frame: the last of its message, and text.
const TEXT: u8 = 0x81;
/// Text, and more fragments follow.
const BEGIN: u8 = 0x01;
/// One more fragment, and not the last.
const MORE: u8 = 0x00;
/// A ping.
const PING: u8 = 0x89;
/// Text with the first reserved bit, which says that it is compressed (RFC 7692).
pub(super) const COMPRESSED: u8 = 0xc1;
/// The second byte of a frame that is masked.
const MASKED: u8 = 0x80;

/// 10 MB.
const HUGE: usize = 10 << 20;
/// A little less than a client takes; see [`crate::openclaw::limits::LARGEST_MESSAGE`].
const HEAVY: usize = (4 << 20) - 1024;

/// Answers plain requests as a gateway does, and an upgrade with harm.
pub async fn harm(what: Hostile, at: Moment, wire: Wire) -> io::Result<()> {
    let Some(mut wire) = healthy::until_switched(wire).await? else { return Ok(()) };
    lead_in(&mut wire, at).await?;
    match what {
        Hostile::HugeFrame => send(&mut wire, &frame(TEXT, &vec![b'x'; HUGE])).await?,
        Hostile::HeavyJson => send(&mut wire, &frame(TEXT, heavy(at).as_bytes())).await?,
        Hostile::Bomb => send(&mut wire, &frame(COMPRESSED, &bomb::gigabyte())).await?,
        Hostile::BadText => send(&mut wire, &frame(TEXT, b"{\"type\":\"\xff\xfe\"}")).await?,
        Hostile::MaskedFrames => send(&mut wire, &masked(healthy::first().as_bytes())).await?,
        Hostile::EndlessFragments => {
            send(&mut wire, &frame(BEGIN, b"{")).await?;
            flood(&mut wire, &frame(MORE, b"").repeat(1_000)).await?;
        }
        Hostile::PingFlood => flood(&mut wire, &frame(PING, b"?").repeat(1_000)).await?,
        _ => send(&mut wire, &frame(TEXT, answer(at, &deep()).as_bytes())).await?,
    }
    drain(&mut wire).await;
    Ok(())
}

/// JSON nested too deep, over a wire that was switched already.
pub async fn deep_frame(mut wire: Wire, at: Moment) -> io::Result<()> {
    lead_in(&mut wire, at).await?;
    send(&mut wire, &frame(TEXT, answer(at, &deep()).as_bytes())).await?;
    drain(&mut wire).await;
    Ok(())
}

/// The challenge, and hello to whatever the client says.
pub async fn handshake(wire: &mut Wire) -> io::Result<()> {
    lead_in(wire, Moment::Connect).await?;
    send(wire, &frame(TEXT, healthy::hello().as_bytes())).await
}

/// What comes before the harm: nothing, or the challenge and the client's request.
async fn lead_in(wire: &mut Wire, at: Moment) -> io::Result<()> {
    if at == Moment::Connect {
        send(wire, &frame(TEXT, healthy::first().as_bytes())).await?;
        wire.read_u8().await?;
    }
    Ok(())
}

/// An event or an answer with this payload.
fn answer(at: Moment, payload: &str) -> String {
    match at {
        Moment::Switch => format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#),
        Moment::Connect => format!(r#"{{"type":"res","id":"{}","ok":true,"payload":{payload}}}"#, connect::ID),
    }
}

/// A list of as many empty objects as fit, in an event or a refusal.
fn heavy(at: Moment) -> String {
    let list = format!("[{}{{}}]", "{},".repeat(HEAVY / 3));
    match at {
        Moment::Switch => answer(at, &list),
        Moment::Connect => format!(r#"{{"type":"res","id":"{}","ok":false,"error":{{"details":{list}}}}}"#, connect::ID),
    }
}

/// A frame as a server sends it.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    bytes.extend(length(payload.len()));
    bytes.extend(payload);
    bytes
}

/// A text frame as a client sends it.
pub(super) fn masked(payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![TEXT];
    bytes.extend(length(payload.len()));
    bytes[1] |= MASKED;
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

fn length(length: usize) -> Vec<u8> {
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => vec![short],
        (_, Ok(medium)) => [&[126], &medium.to_be_bytes()[..]].concat(),
        _ => [&[127], &(length as u64).to_be_bytes()[..]].concat(),
    }
}

async fn send(wire: &mut Wire, bytes: &[u8]) -> io::Result<()> {
    wire.write_all(bytes).await?;
    wire.flush().await
}
