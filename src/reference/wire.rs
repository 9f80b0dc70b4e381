//! One accepted connection, whatever it runs over.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How long a TLS handshake may take, the wait for its first byte included: Node's `handshakeTimeout`; measured on 2026.9.6.
const HANDSHAKE: Duration = Duration::from_secs(120);

/// A connection: plain, Unix, or TLS over TCP.
#[derive(Debug)]
pub enum Wire {
    /// TCP.
    Tcp(TcpStream),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// The other end's address; a Unix socket has none.
    pub fn peer(&self) -> Option<IpAddr> {
        self.tcp().and_then(|tcp| tcp.peer_addr().ok()).map(|address| address.ip().to_canonical())
    }

    /// Answers a TLS handshake, unless it takes longer than a gateway waits for one.
    ///
    /// # Errors
    /// The handshake failed, or the wire is none that TLS runs over here.
    pub async fn secure(self, config: Arc<rustls::ServerConfig>) -> io::Result<Self> {
        match self {
            Self::Tcp(tcp) => Ok(Self::Tls(Box::new(timeout(HANDSHAKE, TlsAcceptor::from(config).accept(tcp)).await??))),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// The first byte, which stays where it is; none if the other end says nothing for as long as a handshake may take, or ends.
    pub async fn first_byte(&self) -> Option<u8> {
        let mut first = [0];
        let read = timeout(HANDSHAKE, self.tcp()?.peek(&mut first)).await.ok()?.ok()?;
        (read > 0).then_some(first[0])
    }

    /// Ends the connection with a TCP reset. A Unix socket knows none: it is closed.
    pub fn reset(self) {
        if let Some(tcp) = self.tcp() {
            let _ = socket2::SockRef::from(tcp).set_linger(Some(Duration::ZERO));
        }
    }

    /// The TCP socket beneath.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(tcp) => Some(tcp),
            Self::Tls(tls) => Some(tls.get_ref().0),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}

/// Reads and forgets until the other side ends: closing a socket with unread bytes would reset it.
pub async fn drain(stream: &mut (impl AsyncRead + Unpin)) {
    let _ = tokio::io::copy(stream, &mut tokio::io::sink()).await;
}

/// Ends in order: says so, and reads on until the other side ends too, or has had its time.
pub async fn finish(mut stream: impl AsyncRead + AsyncWrite + Unpin, linger: Duration) {
    if stream.shutdown().await.is_ok() {
        let _ = timeout(linger, drain(&mut stream)).await;
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(s) => Pin::new(s).poll_read(cx, buf),
            #[cfg(unix)]
            Self::Unix(s) => Pin::new(s).poll_read(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(s) => Pin::new(s).poll_write(cx, buf),
            #[cfg(unix)]
            Self::Unix(s) => Pin::new(s).poll_write(cx, buf),
            Self::Tls(s) => Pin::new(s).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(s) => Pin::new(s).poll_flush(cx),
            #[cfg(unix)]
            Self::Unix(s) => Pin::new(s).poll_flush(cx),
            Self::Tls(s) => Pin::new(s).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(s) => Pin::new(s).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(s) => Pin::new(s).poll_shutdown(cx),
            Self::Tls(s) => Pin::new(s).poll_shutdown(cx),
        }
    }
}
