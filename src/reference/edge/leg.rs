//! One leg of a connection through the edge: the client's or the gateway's.

use std::io;
use std::time::Duration;

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::reference::wire::{self, Wire};

/// How long what a client still sends is read after the edge has said its last word; what is not read makes a reset of the end.
/// nginx's `lingering_timeout` is 5 s; clients here are quick.
const LINGER: Duration = Duration::from_secs(1);

/// The most bytes handed on at once: a TLS record.
pub const CHUNK: usize = 16 << 10;

/// A byte stream that can also end with a reset.
pub trait Leg: AsyncRead + AsyncWrite + Unpin + Send {
    /// Ends it with a TCP reset, where there is TCP beneath.
    fn reset(self: Box<Self>);
}

impl Leg for Wire {
    fn reset(self: Box<Self>) {
        Self::reset(*self);
    }
}

impl Leg for TcpStream {
    fn reset(self: Box<Self>) {
        Wire::Tcp(*self).reset();
    }
}

impl Leg for TlsStream<TcpStream> {
    fn reset(self: Box<Self>) {
        Wire::Tcp(self.into_inner().0).reset();
    }
}

impl Leg for TokioIo<Upgraded> {
    fn reset(self: Box<Self>) {
        // Over HTTP/2 there is nothing beneath but a stream, which a drop resets.
        if let Ok(parts) = self.into_inner().downcast::<TokioIo<Box<dyn Leg>>>() {
            parts.io.into_inner().reset();
        }
    }
}

/// Ends a leg in order: says so, and reads on until the other side ends too, or has had its time.
pub async fn finish(leg: impl AsyncRead + AsyncWrite + Unpin) {
    wire::finish(leg, LINGER).await;
}

/// Whether an error is an end that was not said: TLS without its closing alert. Every peer knows it as an end.
pub fn unsaid(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::UnexpectedEof
}
