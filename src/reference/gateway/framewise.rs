//! A wire that hands out no byte beyond the frame it is in, until it is told to.
//!
//! The library reads as far ahead as bytes come, and takes its limits once: between two limits nothing may lie in its buffer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::reference::wire::Wire;

/// A connection that has become a WebSocket.
#[derive(Debug)]
pub struct Framewise {
    wire: Wire,
    /// What came before the switch and was not handed out yet.
    early: Vec<u8>,
    /// Where in a frame the reader is; nowhere once frames are of no more concern.
    at: Option<At>,
}

/// A place in a stream of frames.
#[derive(Debug, Default)]
struct At {
    /// The bytes of a frame's head so far.
    head: Vec<u8>,
    /// Bytes of its payload that are still to come.
    left: u64,
}

impl Framewise {
    /// Holds to frames; `early` is what came already.
    pub const fn new(wire: Wire, early: Vec<u8>) -> Self {
        Self { wire, early, at: Some(At { head: Vec::new(), left: 0 }) }
    }

    /// From here on bytes come as they come.
    pub fn let_go(mut self) -> Self {
        self.at = None;
        self
    }
}

impl At {
    /// How many bytes belong to what the reader is in: a head as far as its length is known, or a payload.
    fn room(&self) -> usize {
        if self.left > 0 { usize::try_from(self.left).unwrap_or(usize::MAX) } else { length(&self.head) - self.head.len() }
    }

    /// Takes note of bytes that were handed out.
    fn pass(&mut self, bytes: &[u8]) {
        if self.left > 0 {
            self.left -= bytes.len() as u64;
            return;
        }
        self.head.extend(bytes);
        if self.head.len() == length(&self.head) {
            self.left = payload(&self.head);
            self.head.clear();
        }
    }
}

/// The length of a frame's head as far as its first bytes tell (RFC 6455, 5.2).
fn length(head: &[u8]) -> usize {
    let Some(second) = head.get(1) else { return 2 };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + extended + mask
}

/// The length of a payload by its whole head.
fn payload(head: &[u8]) -> u64 {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    match head[1] & 0x7f {
        126 => number(&head[2..4]),
        127 => number(&head[2..10]),
        short => u64::from(short),
    }
}

impl AsyncRead for Framewise {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.early.is_empty() && this.at.is_none() {
            return Pin::new(&mut this.wire).poll_read(cx, buf);
        }
        let most = this.at.as_ref().map_or(usize::MAX, At::room).min(buf.remaining());
        let start = buf.filled().len();
        if this.early.is_empty() {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
            ready!(Pin::new(&mut this.wire).poll_read(cx, &mut part))?;
            let read = part.filled().len();
            buf.advance(read);
        } else {
            let here = most.min(this.early.len());
            buf.put_slice(&this.early[..here]);
            this.early = this.early.split_off(here);
        }
        if let Some(at) = &mut this.at {
            at.pass(&buf.filled()[start..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Framewise {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().wire).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_shutdown(cx)
    }
}
