//! The sockets probes hand on to each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::frames::Frames;
use crate::clock::Instant;
use crate::openclaw::challenge::Challenge;

/// A byte stream of any kind: TCP, TLS over TCP, a Unix socket, what hyper gave back after a 101.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A WebSocket after its 101.
pub struct Open {
    /// Frames.
    pub frames: Frames,
    /// When the 101 arrived.
    pub switched: Instant,
    /// When the connection was begun, for the gateway's pre-authentication limit.
    pub opened: Instant,
    /// How long it took to connect: the round trip to the peer. The time to the 101 would add the gateway's own delay.
    pub round_trip: Duration,
    /// Whether our end sends TCP keepalive; `None` where there is no TCP.
    pub keepalive: Option<bool>,
    /// Its place among the run's pre-authentication sockets, given back when dropped.
    pub permit: Arc<tokio::sync::OwnedSemaphorePermit>,
    /// The challenge, once received: its nonce and the gateway's clock. Never a fact.
    pub challenge: Option<Challenge>,
}
