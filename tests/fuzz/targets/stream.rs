//! A peer in memory: what it says is given, what it hears is counted.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use clawprobe::clock::{self, Deadline};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Says its bytes in pieces of at most `piece`, and then ends.
pub struct Peer {
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    heard: Arc<AtomicUsize>,
    /// Who waits for it to speak, while it waits to be asked.
    asked: Result<(), Option<Waker>>,
}

impl Peer {
    /// The first byte of the input is the size of the pieces, 0 for all at once; the rest is what the peer says. Beside the
    /// peer: how many bytes it heard.
    pub fn of(data: &[u8]) -> (Self, Arc<AtomicUsize>) {
        let (first, rest) = data.split_first().map_or((0, data), |(first, rest)| (usize::from(*first), rest));
        let heard = Arc::new(AtomicUsize::new(0));
        let piece = if first == 0 { usize::MAX } else { first };
        (Self { bytes: rest.to_vec(), at: 0, piece, heard: heard.clone(), asked: Ok(()) }, heard)
    }

    /// The same, but nothing is said before something was heard.
    pub fn when_asked(mut self) -> Self {
        self.asked = Err(None);
        self
    }
}

impl AsyncRead for Peer {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Err(waits) = &mut self.asked {
            *waits = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let size = self.piece.min(buf.remaining()).min(self.bytes.len() - self.at);
        buf.put_slice(&self.bytes[self.at..self.at + size]);
        self.at += size;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if let Err(Some(waker)) = std::mem::replace(&mut self.asked, Ok(())) {
            waker.wake();
        }
        self.heard.fetch_add(buf.len(), Ordering::Relaxed);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("an event loop");
}

/// Waits for something that a peer in memory cannot hold up.
pub fn wait<T>(work: impl AsyncFnOnce(Deadline) -> T) -> T {
    RUNTIME.with(|runtime| {
        runtime.block_on(async {
            // Never reached: a peer in memory ends at once, and whoever waits for it all the same has hung.
            let deadline = Deadline::new(Duration::from_secs(20), clock::now() + Duration::from_secs(60));
            let done = work(deadline).await;
            assert!(!deadline.left().is_zero(), "it waited for a peer that had ended");
            done
        })
    })
}
