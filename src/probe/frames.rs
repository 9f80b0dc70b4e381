//! WebSocket frames over any stream, read so that every end of a connection has a name.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::socket::Stream;
use super::tap::{Gauge, Tap};
use crate::clock::{Deadline, Instant};
use crate::facts::tables::connect::Death;
use crate::facts::tables::upgrade::FrameFlaw;
use crate::openclaw::close::LONGEST_REASON;
use crate::openclaw::limits::LARGEST_MESSAGE;
use crate::secret::Redactor;

/// A WebSocket over any stream.
pub struct Frames {
    socket: WebSocketStream<Tap<Box<dyn Stream>>>,
    gauge: Gauge,
    /// Pings and pongs since the last message.
    controls: u32,
    /// Bytes received when the last message came.
    told: u64,
}

/// Read buffer, bytes. The library's own default of 128 KiB is allocated at once for every connection.
const READ_BUFFER: usize = 4 * 1024;

/// The most that waits to be written, bytes: twice the largest message of the ladder of sizes. Nothing of it is allocated before.
const WRITE_BUFFER: usize = 8 << 20;

/// The most pings and pongs that are taken in the place of a message. The gateway sends one ping in 25 s.
const MOST_CONTROLS: u32 = 256;

/// How long a polite end may take. Source: the reference client's `FORCE_STOP_TERMINATE_GRACE_MS`.
const FAREWELL: Duration = Duration::from_millis(250);

/// Frames over a stream whose upgrade has been answered with 101.
pub async fn over(stream: Box<dyn Stream>) -> Frames {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let (tap, gauge) = Tap::new(stream, 0);
    let socket = WebSocketStream::from_raw_socket(tap, Role::Client, Some(config)).await;
    Frames { socket, gauge, controls: 0, told: 0 }
}

impl Frames {
    /// Sends a message. A failed write is no end of its own: what the peer said before it closed may still be there to read.
    pub async fn send(&mut self, text: String) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Sends a ping.
    pub async fn ping(&mut self) {
        let _ = self.socket.send(Message::Ping(Bytes::new())).await;
    }

    /// Sends a pong that answers nothing (RFC 6455, 5.5.3): whoever gets it does not answer.
    pub async fn pong(&mut self) {
        let _ = self.socket.send(Message::Pong(Bytes::new())).await;
    }

    /// Keeps everything that is to be sent from the peer, the answers to its pings included, until told otherwise.
    pub fn mute(&self, muted: bool) {
        self.gauge.read().muted = muted;
    }

    /// When the last byte was sent and when the last one came.
    pub fn last(&self) -> (Option<Instant>, Option<Instant>) {
        let log = self.gauge.read();
        (log.wrote, log.last)
    }

    /// What is wrong with a peer that was waited for in vain, though it sent something.
    pub fn flaw(&self) -> Option<FrameFlaw> {
        match self.gauge.read().bytes > self.told {
            true if self.controls > 0 => Some(FrameFlaw::OnlyPings),
            true => Some(FrameFlaw::Unfinished),
            false => None,
        }
    }

    fn message(&mut self) {
        self.controls = 0;
        self.told = self.gauge.read().bytes;
    }
}

/// What came next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// A message; the gateway takes JSON in binary frames as well, so they are not told apart.
    Text(Utf8Bytes),
    /// What is no message, or more than we take.
    Bad(FrameFlaw),
    /// The end.
    End(Closing),
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// In one word.
    pub death: Death,
    /// The code of the close frame; a close frame may have none.
    pub code: Option<u16>,
    /// The reason of the close frame, as sent.
    pub reason: Option<String>,
}

impl Closing {
    /// An end without a close frame.
    pub const fn bare(death: Death) -> Self {
        Self { death, code: None, reason: None }
    }

    /// The reason, fit for a fact.
    pub fn told(&self, redactor: &Redactor) -> Option<String> {
        self.reason.as_deref().map(|reason| told(redactor, reason, LONGEST_REASON))
    }
}

/// Waits for the next message or the end; pings are answered and passed over.
pub async fn next(frames: &mut Frames) -> Came {
    loop {
        match hear(frames).await {
            Heard::Came(came) => return came,
            Heard::Ping | Heard::Pong => {
                frames.controls += 1;
                if frames.controls > MOST_CONTROLS {
                    return Came::Bad(FrameFlaw::OnlyPings);
                }
            }
        }
    }
}

/// What was heard, pings and pongs included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A ping; it is answered as soon as the next thing is waited for.
    Ping,
    /// A pong.
    Pong,
    /// Anything else.
    Came(Came),
}

/// Waits for the next frame of any kind, or the end. Whoever stops waiting loses nothing.
pub async fn hear(frames: &mut Frames) -> Heard {
    Heard::Came(match frames.socket.next().await {
        Some(Ok(Message::Text(text))) => {
            frames.message();
            Came::Text(text)
        }
        Some(Ok(Message::Binary(bytes))) => {
            frames.message();
            Utf8Bytes::try_from(bytes).map_or(Came::Bad(FrameFlaw::NotUtf8), Came::Text)
        }
        Some(Ok(Message::Close(frame))) => {
            let (code, reason) = frame.map(|f| (u16::from(f.code), f.reason.as_str().to_owned())).unzip();
            Came::End(Closing { death: Death::CloseFrame, code, reason })
        }
        Some(Ok(Message::Ping(_))) => return Heard::Ping,
        Some(Ok(Message::Pong(_) | Message::Frame(_))) => return Heard::Pong,
        Some(Err(error)) => end(&error),
        None => Came::End(Closing::bare(Death::Fin)),
    })
}

fn end(error: &Error) -> Came {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => Came::End(Closing::bare(Death::Fin)),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Came::End(Closing::bare(Death::Fin)),
        // A TLS peer that ends without its closing alert.
        Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => Came::End(Closing::bare(Death::Fin)),
        Error::Io(_) => Came::End(Closing::bare(Death::Reset)),
        Error::Capacity(_) => Came::Bad(FrameFlaw::TooLong),
        Error::Utf8(_) => Came::Bad(FrameFlaw::NotUtf8),
        Error::Protocol(error) => Came::Bad(flaw(error)),
        _ => Came::Bad(FrameFlaw::NoFrames),
    }
}

fn flaw(error: &ProtocolError) -> FrameFlaw {
    match error {
        ProtocolError::MaskedFrameFromServer => FrameFlaw::Masked,
        ProtocolError::NonZeroReservedBits => FrameFlaw::Compressed,
        ProtocolError::InvalidOpcode(_) | ProtocolError::UnknownControlFrameType(_) | ProtocolError::UnknownDataFrameType(_) => {
            FrameFlaw::BadOpcode
        }
        ProtocolError::FragmentedControlFrame | ProtocolError::ControlFrameTooBig | ProtocolError::InvalidCloseSequence => {
            FrameFlaw::BadControl
        }
        ProtocolError::UnexpectedContinueFrame | ProtocolError::ExpectedFragment(_) => FrameFlaw::BadFragments,
        _ => FrameFlaw::NoFrames,
    }
}

/// Ends a connection as the product's own client does: a close frame without a status, then a short wait for the answer.
///
/// Merely dropping the socket would reset it, because the peer's last frames may be unread, and the gateway would log an
/// abnormal end.
pub async fn leave(mut frames: Frames, deadline: &Deadline) {
    let farewell = async {
        // Where the peer has closed first this fails, and reading on is what sends our answer to its close frame.
        let _ = frames.socket.close(None).await;
        while let Some(Ok(_)) = frames.socket.next().await {}
    };
    // The peer's answer is a courtesy: whether it came in time changes nothing.
    let _ = tokio::time::timeout_at(deadline.within(FAREWELL).at(), farewell).await;
}

/// A peer's text as a fact may hold it: without known secrets, and at most so many bytes of it.
pub fn told(redactor: &Redactor, text: &str, most: usize) -> String {
    let mut text = redactor.text(text);
    text.truncate(text.floor_char_boundary(most));
    text
}
