//! Plays an exchange to a gateway: does the client's steps, and sees the gateway's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clawprobe::openclaw::limits::PRE_AUTH_SOCKETS;
use serde_json::{Value, json};

use super::line::Line;
use super::{Deed, Exchange, Step, When};
use super::{compare, device};

/// The frozen events by name.
pub type Events = BTreeMap<String, Value>;

/// A gateway to play to.
pub struct Peer<'a> {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the holes of texts are filled with: `{token}`, `{password}`; `{host}` and `{NK}`, as many KiB and a byte, are added.
    pub holes: BTreeMap<&'static str, String>,
    /// How long a step of the gateway is waited for.
    pub patience: Duration,
    /// Whether an event without a frozen copy is a difference: the real gateway has more events than the reference gateway.
    pub strict: bool,
    /// Does something to it.
    pub act: &'a dyn Fn(Deed) -> Result<(), String>,
    /// Lets so many seconds pass, where time is not real.
    pub pass: &'a dyn Fn(u64),
}

/// What happened, and what of it does not fit.
pub struct Played {
    /// The steps as they came.
    pub steps: Vec<Step>,
    /// Where they differ from the frozen ones.
    pub differs: Vec<String>,
}

/// Plays an exchange. `events` are the frozen events by name: one that comes unasked must be like its frozen copy.
///
/// # Errors
/// What kept it from being played to its end.
pub fn play(exchange: &Exchange, events: &Events, peer: &Peer<'_>) -> Result<Played, String> {
    let mut played = Played { steps: Vec::new(), differs: Vec::new() };
    let _held = prepare(exchange.when.as_ref(), peer)?;
    let (mut line, mut asked, mut token) = (None, String::new(), String::new());
    for (index, step) in exchange.steps.iter().enumerate() {
        let at = format!("step {}", index + 1);
        let seen = match step {
            Step::Ask(lines) => {
                let lines: Vec<String> = lines.iter().map(|text| peer.fill(text)).collect();
                asked = lines.first().cloned().unwrap_or_default();
                line = Some(Line::ask(peer.address, &lines, peer.patience)?);
                step.clone()
            }
            Step::Open(more) => {
                line = Some(open(peer, more).map_err(|why| format!("{at}: {why}"))?);
                step.clone()
            }
            Step::Enter(mode, scopes) => {
                let line = line.as_mut().ok_or("nothing is open")?;
                enter(line, peer, mode, scopes, events, &mut played.differs).map_err(|why| format!("{at}: {why}"))?;
                step.clone()
            }
            Step::Prove(device) => {
                let line = line.as_mut().ok_or("nothing is open")?;
                let nonce = if let Line::Frames(_, nonce) = &*line { nonce.clone() } else { String::new() };
                line.say(&device::connect(device, &nonce, |text| peer.fill(text).replace("{device-token}", &token)))?;
                step.clone()
            }
            Step::Say(what) => {
                let text = what.as_str().map_or_else(|| what.to_string(), str::to_owned);
                line.as_mut().ok_or("nothing is open")?.say(&peer.fill(&text))?;
                step.clone()
            }
            Step::Pass(seconds) => {
                (peer.pass)(*seconds);
                step.clone()
            }
            Step::Do(deed) => {
                (peer.act)(*deed)?;
                step.clone()
            }
            Step::Answer(_) | Step::Close(_) if matches!(line, Some(Line::Http(_))) => {
                let (now, seen) = line.take().ok_or("nothing was asked")?.answer(&asked)?;
                line = Some(now);
                seen
            }
            Step::Answer(_) => return Err(format!("{at}: nothing was asked")),
            Step::Frame(_) | Step::Close(_) | Step::Ping(_) => {
                let line = line.as_mut().ok_or("nothing is open")?;
                await_like(line, step, peer, events, &mut played.differs).map_err(|why| format!("{at}: {why}"))?
            }
        };
        if let Step::Frame(frame) = &seen
            && let Some(issued) = frame.pointer("/payload/auth/deviceToken").and_then(Value::as_str)
        {
            issued.clone_into(&mut token);
        }
        compare::step(step, &seen, &at, &mut played.differs);
        played.steps.push(seen);
    }
    Ok(played)
}

/// Does what brings about the state that clients can bring about; the sockets are to be held.
fn prepare(when: Option<&When>, peer: &Peer<'_>) -> Result<Vec<Line>, String> {
    let client = |address: &str| vec![format!("X-Forwarded-For: {address}")];
    match when {
        Some(When::Crowded(address)) => (0..PRE_AUTH_SOCKETS).map(|_| open(peer, &client(address))).collect(),
        Some(When::LockedOut(address)) => {
            for _ in 0..ATTEMPTS {
                let mut line = open(peer, &client(address))?;
                line.say(WRONG)?;
                while !matches!(line.next()?, Step::Close(_)) {}
            }
            Ok(Vec::new())
        }
        _ => Ok(Vec::new()),
    }
}

/// How many wrong secrets lock a client out. Source: `docs/gateway/security/index.md`, `rateLimit.maxAttempts`; tried.
const ATTEMPTS: usize = 10;

/// A connect with a wrong secret.
const WRONG: &str = r#"{"type":"req","id":"1","method":"connect","params":{"minProtocol":4,"maxProtocol":4,"client":{"id":"cli","version":"0.1.0","platform":"linux","mode":"probe"},"role":"operator","scopes":[],"auth":{"token":"wrong"}}}"#;

/// Connects with the token and is let in; what the hello says is the subject of other exchanges.
pub fn enter(
    line: &mut Line,
    peer: &Peer<'_>,
    mode: &str,
    scopes: &[String],
    events: &Events,
    differs: &mut Vec<String>,
) -> Result<(), String> {
    let client = json!({"id": "cli", "version": "0.1.0", "platform": "linux", "mode": mode});
    let params = json!({"minProtocol": 4, "maxProtocol": 4, "client": client, "role": "operator", "scopes": scopes,
        "auth": {"token": "{token}"}});
    line.say(&peer.fill(&json!({"type": "req", "id": "1", "method": "connect", "params": params}).to_string()))?;
    match await_like(line, &Step::Frame(Value::Null), peer, events, differs)? {
        Step::Frame(hello) if hello["ok"] == true => Ok(()),
        other => Err(format!("not let in: {other:?}")),
    }
}

/// The next step of the gateway, past pings and events that are not what is awaited.
fn await_like(
    line: &mut Line,
    awaited: &Step,
    peer: &Peer<'_>,
    events: &Events,
    differs: &mut Vec<String>,
) -> Result<Step, String> {
    let until = Instant::now() + peer.patience;
    while Instant::now() < until {
        let seen = line.next()?;
        match &seen {
            Step::Ping(_) if !matches!(awaited, Step::Ping(_)) => {}
            Step::Frame(frame) if event(frame).is_some() && !is_event(awaited, event(frame)) => {
                let name = event(frame).unwrap_or_default();
                match events.get(name) {
                    Some(frozen) => compare::value(frozen, frame, &format!("event {name}"), differs),
                    None if !peer.strict => {}
                    None => differs.push(format!("the event `{name}` has no frozen copy: {frame}")),
                }
            }
            _ => return Ok(seen),
        }
    }
    Err("nothing came but pings and events".into())
}

fn is_event(awaited: &Step, name: Option<&str>) -> bool {
    matches!(awaited, Step::Frame(frame) if event(frame) == name)
}

/// The name of an event frame.
pub fn event(frame: &Value) -> Option<&str> {
    (frame["type"] == "event").then(|| frame["event"].as_str()).flatten()
}

/// Opens a WebSocket and awaits the challenge.
pub fn open(peer: &Peer<'_>, more: &[String]) -> Result<Line, String> {
    let mut lines: Vec<String> = UPGRADE.iter().map(|text| peer.fill(text)).collect();
    lines.extend(more.iter().map(|text| peer.fill(text)));
    match Line::ask(peer.address, &lines, peer.patience)?.answer(&lines[0])? {
        (Line::Http(_), answered) => Err(format!("the upgrade was answered {answered:?}")),
        (mut line, _) => match (line.next()?, line) {
            (Step::Frame(frame), Line::Frames(socket, _)) if event(&frame) == Some("connect.challenge") => {
                Ok(Line::Frames(socket, frame["payload"]["nonce"].as_str().unwrap_or_default().to_owned()))
            }
            (other, _) => Err(format!("no challenge but {other:?}")),
        },
    }
}

/// A client's upgrade; the key is the example of RFC 6455.
const UPGRADE: [&str; 6] = [
    "GET / HTTP/1.1",
    "Host: {host}",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

impl Peer<'_> {
    fn fill(&self, text: &str) -> String {
        let text = self.holes.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
        let text = text.replace("{host}", &self.address.to_string());
        [16, 64].iter().fold(text, |text, kib| text.replace(&format!("{{{kib}K}}"), &"x".repeat(kib * 1024 + 1)))
    }
}
