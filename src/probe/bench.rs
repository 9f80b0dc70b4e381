//! For the tests of probes: an ask of one path, and peers on real sockets that say what they are told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Ask, LaneState};
use crate::clock::{self, Deadline};
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::{ConfigState, CredentialState, Slot, Source};
use crate::facts::{Cell, Row, Sheet};
use crate::path::{Kind, Vantage};
use crate::plan::Step;
use crate::secret::{Marker, Redactor, Secret};
use crate::target::{ConfigFile, Credential, Endpoint, Target, TlsSettings, Way, World};

/// The secret of every bench.
pub const SECRET: &str = "hunter2-hunter2";

/// Everything an ask borrows.
pub struct Bench {
    pub step: Step,
    pub target: Target,
    pub way: Way,
    pub lane: LaneState,
    pub sockets: Arc<tokio::sync::Semaphore>,
    pub stopped: tokio::sync::watch::Sender<bool>,
    vantage: Vantage,
    redactor: Redactor,
}

impl Bench {
    /// A plain-text way of a kind to a peer that accepted a connection.
    pub fn new(kind: Kind, peer: SocketAddr) -> Self {
        let endpoint =
            Endpoint { scheme: Scheme::Ws, host: peer.ip().to_string(), port: peer.port(), path: "/".into(), query: None };
        let way = Way { name: kind.to_string(), kind, endpoint, origin: Source::Flag, place: "--gateway".into(), vouches: false };
        Self {
            step: Step {
                probe: "bench".into(),
                primitive: "bench".into(),
                with: Default::default(),
                needs: vec![],
                deadline_ms: 0,
                credential: true,
            },
            target: target(),
            vantage: Vantage::path("here", way.name.clone()),
            way,
            lane: LaneState { peer: Some(peer), ..LaneState::default() },
            redactor: Redactor::new(Marker::from_text("m"), [Secret::new(SECRET)]),
            sockets: Arc::new(tokio::sync::Semaphore::new(4)),
            stopped: tokio::sync::watch::Sender::new(false),
        }
    }

    /// The same bench with another parameter.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.step.with.insert(name.into(), value.into());
        self
    }

    /// The ask, with a deadline of its own.
    pub fn ask(&mut self, own_ms: u64) -> Ask<'_> {
        self.ask_within(own_ms, 60_000)
    }

    /// The ask, with both deadlines.
    pub fn ask_within(&mut self, own_ms: u64, run_ms: u64) -> Ask<'_> {
        Ask {
            step: &self.step,
            target: &self.target,
            way: Some(&self.way),
            vantage: &self.vantage,
            deadline: Deadline::new(Duration::from_millis(own_ms), clock::now() + Duration::from_millis(run_ms)),
            lane: &mut self.lane,
            redactor: &self.redactor,
            sockets: self.sockets.clone(),
            stopped: self.stopped.subscribe(),
        }
    }
}

fn target() -> Target {
    Target {
        ways: vec![],
        credential: Credential {
            state: CredentialState::Present,
            slot: Some(Slot::Token),
            secret: Some(Secret::new(SECRET)),
            source: Some(Source::Flag),
            place: None,
        },
        config: ConfigFile {
            state: ConfigState::Absent,
            file: "openclaw.json".into(),
            source: Source::Default,
            error: None,
            mode: None,
            bind: None,
            port: 18789,
            auth_mode: None,
            tls: false,
            base_path: None,
            tailscale: None,
            ssh_target: false,
            trusted_proxies: Vec::new(),
            allow_tailscale: None,
        },
        settings: vec![],
        proxies: vec![],
        health_path: None,
        resolvers: vec![],
        tls: TlsSettings::default(),
        headers: vec![],
        secrets: vec![],
        world: World::default(),
    }
}

/// The only row of the only sheet.
pub fn row(sheets: &[Sheet]) -> &Row {
    let [sheet] = sheets else { panic!("{} sheets", sheets.len()) };
    let [row] = sheet.rows.as_slice() else { panic!("{} rows", sheet.rows.len()) };
    row
}

/// A cell as text: the value, `-` for absent, `?reason` for not measured.
pub fn shown(row: &Row, field: &str) -> String {
    match row.cell(field) {
        Some(Cell::Value { value }) => value.to_string(),
        Some(Cell::Absent) => "-".into(),
        Some(Cell::NotMeasured(because)) => format!("?{}", because.reason),
        None => panic!("no cell {field}"),
    }
}

/// What a scripted peer does next.
#[derive(Clone)]
pub enum Act {
    /// Waits for the end of a request's head; `{accept}` of later texts is derived from its key.
    Head,
    /// Waits for any byte.
    Any,
    /// Sends bytes.
    Say(Vec<u8>),
    /// Waits until the other side ends.
    Hold,
    /// Ends with a reset.
    Reset,
}

/// Sends a text.
pub fn say(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// The right 101.
pub fn switch() -> Act {
    say("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n")
}

/// An unmasked frame of up to 65,535 bytes.
pub fn frame(opcode: u8, payload: &[u8]) -> Act {
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(short @ ..126) => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    Act::Say(bytes)
}

/// A text frame.
pub fn text(text: &str) -> Act {
    frame(1, text.as_bytes())
}

/// A close frame.
pub fn close(code: u16, reason: &str) -> Act {
    frame(8, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

/// A peer that accepts connections one after the other and plays the script on each.
pub async fn peer(script: Vec<Act>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            play(stream, &script).await;
        }
    });
    at
}

async fn play(mut stream: TcpStream, script: &[Act]) {
    let mut accept = String::new();
    let mut buffer = [0; 4096];
    for act in script {
        match act {
            Act::Head => {
                let mut head = String::new();
                while !head.contains("\r\n\r\n") {
                    let Ok(n @ 1..) = stream.read(&mut buffer).await else { return };
                    head.push_str(&String::from_utf8_lossy(&buffer[..n]));
                }
                let key = head.lines().find_map(|l| l.to_ascii_lowercase().starts_with("sec-websocket-key:").then(|| &l[18..]));
                accept = key.map(|key| derive_accept_key(key.trim().as_bytes())).unwrap_or_default();
            }
            Act::Any => {
                let _ = stream.read(&mut buffer).await;
            }
            Act::Say(bytes) => {
                let text = String::from_utf8(bytes.clone()).map(|t| t.replace("{accept}", &accept).into_bytes());
                let _ = stream.write_all(&text.unwrap_or_else(|_| bytes.clone())).await;
            }
            Act::Hold => while matches!(stream.read(&mut buffer).await, Ok(1..)) {},
            Act::Reset => socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap(),
        }
    }
}
