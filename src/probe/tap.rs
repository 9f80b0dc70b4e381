//! A stream that remembers what came through it, so that an outcome rests on bytes and not on the words of an error.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::{self, Instant};

/// How the peer's side of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// An orderly end.
    Closed,
    /// A reset.
    Reset,
    /// Another error, such as a TLS alert.
    Failed,
}

/// What came through a stream so far.
#[derive(Debug, Default)]
pub struct Log {
    /// Bytes received.
    pub bytes: u64,
    /// When the first of them arrived.
    pub first: Option<Instant>,
    /// When the last of them arrived.
    pub last: Option<Instant>,
    /// The first bytes, as many as the tap keeps.
    pub head: Vec<u8>,
    /// How the peer's side ended, if it did.
    pub end: Option<End>,
    /// When something was last sent.
    pub wrote: Option<Instant>,
    /// Whether what is to be sent is kept from the peer instead.
    pub muted: bool,
}

/// The reader's end of a [`Tap`].
#[derive(Debug, Clone)]
pub struct Gauge(Arc<Mutex<Log>>);

impl Gauge {
    /// What came so far.
    pub fn read(&self) -> MutexGuard<'_, Log> {
        // A panic while the lock was held leaves plain counters behind, which are still worth reading.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream with a [`Gauge`] on what is received.
pub struct Tap<S> {
    inner: S,
    gauge: Gauge,
    keep: usize,
}

impl<S> Tap<S> {
    /// Wraps a stream; the gauge keeps the first `keep` bytes.
    pub fn new(inner: S, keep: usize) -> (Self, Gauge) {
        let gauge = Gauge(Arc::default());
        (Self { inner, gauge: gauge.clone(), keep }, gauge)
    }

    fn wrote(&self, polled: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(_)) = polled {
            self.gauge.read().wrote = Some(clock::now());
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, room) = (buf.filled().len(), buf.remaining() > 0);
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Poll::Ready(result) = &polled {
            let keep = self.keep;
            let log = &mut *self.gauge.read();
            let fresh = &buf.filled()[before..];
            match result {
                Ok(()) if fresh.is_empty() && room => log.end = log.end.or(Some(End::Closed)),
                Ok(()) => {
                    log.last = Some(clock::now());
                    log.first = log.first.or(log.last);
                    log.bytes += fresh.len() as u64;
                    let open = keep.saturating_sub(log.head.len()).min(fresh.len());
                    log.head.extend_from_slice(&fresh[..open]);
                }
                Err(error) => log.end = log.end.or(Some(End::of(error))),
            }
        }
        polled
    }
}

impl End {
    /// What an error says about the peer's side.
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => Self::Reset,
            // What a TLS library says when the peer closes without its closing alert.
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Failed,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.gauge.read().muted {
            return Poll::Ready(Ok(buf.len()));
        }
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.wrote(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.gauge.read().muted {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.wrote(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn the_gauge_counts_all_and_keeps_the_head() {
        let (mut far, near) = tokio::io::duplex(64);
        let (mut tap, gauge) = Tap::new(near, 4);
        far.write_all(b"abcdef").await.unwrap();
        drop(far);
        let mut all = String::new();
        tap.read_to_string(&mut all).await.unwrap();
        let log = gauge.read();
        assert_eq!((all.as_str(), log.bytes, log.head.as_slice(), log.end), ("abcdef", 6, &b"abcd"[..], Some(End::Closed)));
        assert!(log.first.is_some());
    }
}
