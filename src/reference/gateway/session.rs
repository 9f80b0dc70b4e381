//! One WebSocket from its challenge to its end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::sync::broadcast::Receiver;
use tokio::time::{sleep, sleep_until, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};

use super::connect::{self, Caller, Granted};
use super::framewise::Framewise;
use super::refused::Refused;
use super::upgrade::Waiting;
use super::{Event, Gateway, hello, methods, schema};
use crate::clock;
use crate::reference::wire::Wire;

/// The largest message after hello-ok: `policy.maxPayload`.
pub const LARGEST: usize = 25 << 20;
/// The largest message before: `MAX_PREAUTH_PAYLOAD_BYTES`.
const LARGEST_BEFORE: usize = 64 << 10;
/// How long a client may take to read what it is sent: as long as it may take to answer a ping. Measured.
const PATIENCE: Duration = Duration::from_secs(25);
/// Buffers of a socket. The library's defaults are 128 KiB each and would be the whole cost of an idle socket.
const BUFFER: usize = 1 << 10;

type Socket = WebSocketStream<Framewise>;

/// An authenticated socket.
pub struct Session {
    gateway: Arc<Gateway>,
    socket: Socket,
    events: Receiver<Event>,
    granted: Box<Granted>,
    /// Events sent so far.
    seq: u64,
}

/// Speaks with a client from the challenge on; `early` is what it sent already.
pub async fn run(gateway: Arc<Gateway>, wire: Wire, early: Vec<u8>, waiting: Waiting) {
    let opened = Box::pin(open(gateway, wire, early, waiting)).await;
    if let Some(session) = opened {
        session.live().await;
    }
}

/// A socket that closes at the head of a frame that is larger.
async fn socket(wire: Framewise, largest: usize) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest));
    WebSocketStream::from_raw_socket(wire, Role::Server, Some(config)).await
}

/// From the challenge to hello-ok.
async fn open(gateway: Arc<Gateway>, wire: Wire, early: Vec<u8>, waiting: Waiting) -> Option<Session> {
    let mut socket = socket(Framewise::new(wire, early), LARGEST_BEFORE).await;
    // Given back before the socket ends: whoever sees the end finds the place free.
    let waiting = waiting;
    let mut events = gateway.events.subscribe();
    let nonce = super::uuid();
    let early = hold_back(&gateway, &mut socket).await?;
    write(&mut socket, TEXT, &challenge(&gateway, &nonce)).await.ok()?;
    let (until, linger) = (clock::now() + gateway.patience(), gateway.release.linger);
    let text = tokio::select! {
        biased;
        text = std::future::ready(early), if early.is_some() => text,
        text = timeout_at(until, first(&mut socket)) => text.unwrap_or_else(|_| Some(Err(Refused::silent(1000, "")))),
        () = shut_down(&mut events) => Some(Err(Refused::silent(1012, RESTART))),
    }?;
    match text.map(|text| request(&gateway, &text)) {
        Ok(Ok((id, params))) => {
            let caller = Caller { client: waiting.client, place: &waiting.place, nonce: &nonce };
            let decision = connect::decide(&gateway, &params, &caller);
            sleep(decision.delay).await;
            match decision.result {
                Ok(granted) => {
                    let hello = hello::frame(&gateway, &id, &waiting.place.host, &granted);
                    drop(waiting);
                    write(&mut socket, TEXT, &hello).await.ok()?;
                    gateway.refresh_health();
                    let socket = self::socket(socket.into_inner().let_go(), LARGEST).await;
                    Some(Session { gateway, socket, events, granted: Box::new(granted), seq: 0 })
                }
                Err(refused) => refuse(socket, waiting, &id, *refused, linger).await,
            }
        }
        Ok(Err((id, refused))) => refuse(socket, waiting, &id, refused, linger).await,
        Err(refused) => refuse(socket, waiting, "", refused, linger).await,
    }
}

const RESTART: &str = "service restart";

/// Keeps the challenge back, if it is to be; gives what the client says meanwhile, and nothing at all if it ends.
async fn hold_back(gateway: &Gateway, socket: &mut Socket) -> Option<Option<Result<String, Refused>>> {
    match gateway.options.challenge_after_ms {
        0 => Some(None),
        after => timeout(Duration::from_millis(after), first(socket)).await.map_or(Some(None), |said| said.map(Some)),
    }
}

/// The first message as text; nothing if the client ended or broke the protocol. Of a message in parts that is too long together
/// the last part is read to its end, where the gateway closes at its head.
async fn first(socket: &mut Socket) -> Option<Result<String, Refused>> {
    loop {
        match socket.next().await? {
            Ok(Message::Text(text)) => return Some(Ok(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => return Some(Ok(String::from_utf8_lossy(&bytes).into_owned())),
            Ok(_) => {}
            Err(error) => return broken(&error).map(|code| Err(Refused::abrupt(code))),
        }
    }
}

/// The close code that answers what is no WebSocket.
const fn broken(error: &Error) -> Option<u16> {
    match error {
        Error::Utf8(_) => Some(1007),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some(1009),
        Error::Protocol(_) => Some(1002),
        _ => None,
    }
}

/// Sends a close frame without a reason, and waits for nobody.
async fn abort(socket: &mut Socket, code: u16) {
    let [high, low] = code.to_be_bytes();
    let _ = socket.get_mut().write_all(&[0x80 | CLOSE, 2, high, low]).await;
}

/// The id and parameters of the connect that a first message must be.
fn request(gateway: &Gateway, text: &str) -> Result<(String, Value), (String, Refused)> {
    let silent = |code, reason| (String::new(), Refused::silent(code, reason));
    let mut frame: Value = serde_json::from_str(text).map_err(|_| silent(1000, ""))?;
    if schema::request(&frame).is_some() {
        return Err(silent(1008, "invalid request frame"));
    }
    let method = frame["method"].as_str().unwrap_or_default();
    gateway.count.method(method);
    let id = frame["id"].as_str().unwrap_or_default().to_owned();
    if method != crate::openclaw::connect::METHOD {
        return Err((id, Refused::policy("INVALID_REQUEST", "invalid handshake: first request must be connect")));
    }
    Ok((id, frame["params"].take()))
}

async fn refuse<T>(mut socket: Socket, waiting: Waiting, id: &str, refused: Refused, linger: Duration) -> Option<T> {
    if let Some(text) = refused.frame(id) {
        write(&mut socket, TEXT, &text).await.ok()?;
    }
    match refused.abrupt {
        true => abort(&mut socket, refused.code).await,
        false => say_goodbye(&mut socket, refused.code, &refused.reason, linger).await,
    }
    drop(waiting);
    let _ = socket.get_mut().shutdown().await;
    None
}

/// Sends a close frame and waits for the client's own.
async fn say_goodbye(socket: &mut Socket, code: u16, reason: &str, linger: Duration) {
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    if socket.close(Some(frame)).await.is_ok() {
        let _ = timeout(linger, async { while socket.next().await.is_some_and(|m| m.is_ok()) {} }).await;
    }
}

/// Says goodbye and ends.
async fn close(mut socket: Socket, code: u16, reason: &str, linger: Duration) {
    say_goodbye(&mut socket, code, reason, linger).await;
    let _ = socket.get_mut().shutdown().await;
}

/// Waits for the shutdown of the gateway.
async fn shut_down(events: &mut Receiver<Event>) {
    loop {
        match events.recv().await {
            Ok(Event::Shutdown) | Err(tokio::sync::broadcast::error::RecvError::Closed) => return,
            _ => {}
        }
    }
}

fn challenge(gateway: &Gateway, nonce: &str) -> String {
    let mut payload = json!({"nonce": nonce, "ts": clock::wall_ms()});
    if gateway.release.tells_method {
        payload["capabilities"] = json!(["model-catalog-snapshot"]);
    }
    json!({"type": "event", "event": crate::openclaw::challenge::EVENT, "payload": payload}).to_string()
}

impl Session {
    /// From hello-ok to the end.
    async fn live(mut self) {
        let every = Duration::from_millis(self.gateway.options.ping_ms);
        let pings = self.gateway.release.pings && !every.is_zero();
        let mut ping = clock::now() + every;
        let mut answered = true;
        loop {
            tokio::select! {
                message = self.socket.next() => match message {
                    Some(Ok(Message::Pong(_))) => answered = true,
                    Some(Ok(message)) => if Box::pin(self.hear(message)).await.is_err() { return },
                    Some(Err(error)) => {
                        if let Some(code) = broken(&error) {
                            abort(&mut self.socket, code).await;
                        }
                        let _ = self.socket.get_mut().shutdown().await;
                        return;
                    }
                    None => return,
                },
                event = self.events.recv() => match event {
                    Ok(Event::Shutdown) => return Box::pin(self.shut_down()).await,
                    Ok(event) => if Box::pin(self.tell(event)).await.is_err() { return },
                    Err(_) => {}
                },
                () = sleep_until(ping), if pings => {
                    // Whoever has not answered the last ping is cut off without a word.
                    if !answered || Box::pin(write(&mut self.socket, PING_FRAME, "")).await.is_err() { return }
                    answered = false;
                    ping += every;
                }
            }
        }
    }

    /// Answers a request. What is not JSON is passed over.
    async fn hear(&mut self, message: Message) -> io::Result<()> {
        let text = match &message {
            Message::Text(text) => text.as_str().into(),
            Message::Binary(bytes) => String::from_utf8_lossy(bytes),
            _ => return Ok(()),
        };
        let Ok(frame) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        let answer = methods::answer(&self.gateway, &self.granted, &frame);
        write(&mut self.socket, TEXT, &answer.to_string()).await
    }

    async fn tell(&mut self, event: Event) -> io::Result<()> {
        self.seq += 1;
        let text = self.gateway.event(event, self.seq).to_string();
        write(&mut self.socket, TEXT, &text).await
    }

    async fn shut_down(mut self) {
        if self.tell(Event::Shutdown).await.is_ok() {
            close(self.socket, 1012, RESTART, super::LINGER).await;
        }
    }
}

/// Opcodes (RFC 6455, 5.2).
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING_FRAME: u8 = 9;

/// Writes a frame past the library, whose buffer would stay as large as the largest frame ever sent.
async fn write(socket: &mut Socket, opcode: u8, payload: &str) -> io::Result<()> {
    let sending = async {
        socket.flush().await.map_err(io::Error::other)?;
        let mut frame = vec![0x80 | opcode];
        match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
            (Ok(length @ ..126), _) => frame.push(length),
            (_, Ok(length)) => {
                frame.push(126);
                frame.extend(length.to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((payload.len() as u64).to_be_bytes());
            }
        }
        frame.extend(payload.as_bytes());
        let wire = socket.get_mut();
        wire.write_all(&frame).await?;
        wire.flush().await
    };
    // A client that reads nothing is cut off as one that answers no ping is.
    timeout(PATIENCE, sending).await.map_err(io::Error::other)?
}
