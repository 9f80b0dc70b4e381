//! What tests of the engine share: a target from flags alone, a head, and a gateway that can be told how to behave.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Barrier, Mutex};

use clawprobe::code::Severity;
use clawprobe::plan::Plan;
use clawprobe::record::{Head, SCHEMA, Share};
use clawprobe::settings::{Flags, World};
use clawprobe::shelf::Shelf;
use clawprobe::target::Target;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message};

/// The token of [`target`].
pub const TOKEN: &str = "planted-token-7f3a";

/// What these flags and nothing else yield; the environment holds the token alone.
pub fn target(gateway: Option<String>, edges: impl IntoIterator<Item = String>) -> Target {
    let flags = Flags { gateway, edge: edges.into_iter().collect(), no_overlay: true, ..Flags::default() };
    let mut world = World {
        env: [("OPENCLAW_GATEWAY_TOKEN", TOKEN), ("HOME", "/nowhere")].into_iter().collect(),
        stdin: Box::new(std::io::empty()),
        overlays: Vec::new(),
        interactive: false,
    };
    world.load(&flags).unwrap().target
}

/// A head around a plan.
pub fn head(plan: Plan, shelf: &Shelf) -> Head {
    Head {
        schema: String::from(SCHEMA),
        tool: String::from("clawprobe test"),
        taken: String::from("2026-01-01T00:00:00Z"),
        marker: String::from("0011223344556677"),
        target: String::from("ws://127.0.0.1:18789"),
        world: None,
        shelf: shelf.origins.clone(),
        only: Vec::new(),
        skip: Vec::new(),
        fail_on: Severity::Warning,
        share: Share::Team,
        plan,
    }
}

/// How a [`Gateway`] behaves.
#[derive(Clone)]
pub struct Manners {
    /// Whether it says hello to the token.
    pub accepts: bool,
    /// So many requests must have come before any of them is answered: what runs side by side goes in step, and one lane too
    /// many is left behind with its socket open.
    pub together: usize,
}

/// A stand-in for a gateway on a real socket: health, upgrade, challenge, and one answer to `connect`.
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    /// Secrets that arrived, one per `connect` that carried one.
    pub secrets: Arc<Mutex<Vec<String>>>,
    /// The most connections to it that were open at once, as the kernel saw them at each accept.
    pub most: Arc<Mutex<usize>>,
}

impl Gateway {
    /// Listens on a free loopback port until the test process ends.
    pub fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (secrets, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let gateway = Self { address, secrets: secrets.clone(), most: most.clone() };
        let barrier = Arc::new(Barrier::new(manners.together));
        std::thread::spawn(move || {
            let mut clients = BTreeSet::new();
            for stream in listener.incoming().flatten() {
                clients.extend(stream.peer_addr().map(|client| client.port()));
                let open = held(&clients, address);
                let mut most = most.lock().unwrap();
                *most = open.max(*most);
                let (barrier, secrets, accepts) = (barrier.clone(), secrets.clone(), manners.accepts);
                std::thread::spawn(move || serve(stream, &barrier, &secrets, accepts));
            }
        });
        gateway
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }
}

/// How many of these clients still hold their end. A client's end changes its state within the client's own calls, and only clients
/// accepted before the look count: so a connection that ended cannot stand beside the one that follows it. Source:
/// proc_pid_net(5); state 1 is established, 8 is ended by the server alone.
fn held(clients: &BTreeSet<u16>, address: SocketAddr) -> usize {
    let port = |column: &str| column.rsplit(':').next().and_then(|hex| u16::from_str_radix(hex, 16).ok());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    // A long table is read in pieces, and a piece may repeat a line of the one before it.
    let open: BTreeSet<u16> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|c| c.len() > 3 && port(c[2]) == Some(address.port()) && ["01", "08"].contains(&c[3]))
        .filter_map(|c| port(c[1]))
        .filter(|client| clients.contains(client))
        .collect();
    open.len()
}

/// Serves one connection: a WebSocket if the request asks for one, else one answer.
fn serve(mut stream: TcpStream, barrier: &Barrier, secrets: &Mutex<Vec<String>>, accepts: bool) {
    let mut seen = [0_u8; 4096];
    let head = loop {
        match stream.peek(&mut seen) {
            Ok(0) | Err(_) => return,
            Ok(n) if seen[..n].windows(4).any(|w| w == b"\r\n\r\n") => {
                break String::from_utf8_lossy(&seen[..n]).to_ascii_lowercase();
            }
            Ok(_) => std::thread::yield_now(),
        }
    };
    barrier.wait();
    if head.contains("upgrade: websocket") {
        let _ = converse(stream, secrets, accepts);
        return;
    }
    let body = r#"{"ok":true,"status":"live"}"#;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _ = stream.write_all(answer.as_bytes());
    // Until the client is gone: what closes first would otherwise be chance.
    let _ = stream.read_to_end(&mut Vec::new());
}

fn converse(stream: TcpStream, secrets: &Mutex<Vec<String>>, accepts: bool) -> tungstenite::Result<()> {
    let Ok(mut socket) = tungstenite::accept(stream) else { return Ok(()) };
    let challenge = json!({"type": "event", "event": "connect.challenge", "payload": {"nonce": "n", "ts": 1}});
    socket.send(Message::text(challenge.to_string()))?;
    loop {
        if let Message::Text(text) = socket.read()? {
            let request: Value = serde_json::from_str(&text).unwrap_or_default();
            if let Some(secret) = request.pointer("/params/auth/token").and_then(Value::as_str) {
                secrets.lock().unwrap().push(secret.to_owned());
            }
            socket.send(Message::text(response(&request["id"], accepts).to_string()))?;
        }
    }
}

fn response(id: &Value, accepts: bool) -> Value {
    if accepts {
        let payload = json!({"type": "hello-ok", "protocol": 4, "server": {"version": "2026.9.6", "bootId": "b"}});
        return json!({"type": "res", "id": id, "ok": true, "payload": payload});
    }
    let error = json!({"code": "INVALID_REQUEST", "message": "unauthorized", "details": {"code": "AUTH_TOKEN_MISMATCH"}});
    json!({"type": "res", "id": id, "ok": false, "error": error})
}
