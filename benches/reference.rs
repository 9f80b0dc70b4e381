//! Nine thousand idle authenticated sockets: the reference gateway side by side with a server on Node's `ws` that says the same
//! frames, interleaved in one run.
//!
//! `cargo bench --bench reference` prints, as medians, the memory each idle socket costs its server, the server's CPU time for
//! a handshake up to hello-ok, and how long the server takes until it listens. It fails when a socket of ours costs more than
//! its goal. Node and `ws` are those of the installed gateway (`tests/lab/install.sh all`).

#![expect(clippy::disallowed_methods, reason = "a bench reads time and the environment")]
#![expect(dead_code, reason = "shares files with the tests, which use all of them")]

#[path = "../tests/peers/again.rs"]
mod again;
#[path = "../tests/peers/gateway.rs"]
mod gateway;
#[path = "../tests/house/machine.rs"]
mod machine;
#[path = "../tests/peers/namespace.rs"]
mod namespace;
#[path = "../tests/peers/parts.rs"]
mod parts;
#[path = "../tests/peers/scenario.rs"]
mod scenario;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use clawprobe::reference::fault;
use clawprobe::reference::ground::Ground;
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest, protocol::WebSocketConfig};

/// Sockets held at once. A process may have 20 000 descriptors here, so client and server are two processes.
const SOCKETS: usize = 9_000;
/// Handshakes under way at once: below the 32 sockets that may wait before hello-ok.
const AT_ONCE: usize = 16;
/// Rounds of both; an odd number, so that the median is one of them.
const ROUNDS: usize = 3;
/// The goal: memory of the server per idle authenticated socket.
const PER_SOCKET_KIB: f64 = 8.0;

/// A server on `ws` that says what the reference gateway says, and frames of the same size.
const NODE_SERVER: &str = r#"
const { WebSocketServer } = require(process.argv[1]);
const hello = JSON.parse(process.argv[2]);
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket) => {
  socket.send(JSON.stringify({ type: 'event', event: 'connect.challenge', payload: { nonce: 'n', ts: Date.now() } }));
  socket.on('message', (text) => {
    const { id } = JSON.parse(text);
    socket.send(JSON.stringify({ type: 'res', id, ok: true, payload: hello }));
  });
});
process.stdin.on('end', () => process.exit(0)).resume();
"#;

/// What one server took.
#[derive(Clone, Copy)]
struct Cost {
    ready_ms: f64,
    per_socket_kib: f64,
    handshake_us: f64,
    held_mib: f64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let done = match words.get(1).map(String::as_str) {
        Some("serve") => serve(),
        Some("hold") => hold(&words[2], &words[3]),
        _ => match namespace::enter() {
            Some(status) => return status,
            None => measure(),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let _inside = namespace::own();
    let module = parts::openclaw(gateway::CURRENT).with_file_name("").join("../ws");
    let theirs = parts::node().is_file() && module.is_dir();
    if !theirs {
        println!("without Node's ws: it is not installed (tests/lab/install.sh all)");
    }
    let hello = first_hello()?;
    let (mut ours, mut node) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(round(Command::new(std::env::current_exe().map_err(|e| e.to_string())?).arg("serve"))?);
        if theirs {
            node.push(round(Command::new(parts::node()).args(["-e", NODE_SERVER]).arg(&module).arg(&hello))?);
        }
    }
    println!("{SOCKETS} idle authenticated sockets, medians of {ROUNDS} rounds");
    println!("{:<18}{:>12}{:>16}{:>22}{:>14}", "server", "ready", "per socket", "CPU per handshake", "memory held");
    let mine = tell("reference gateway", &mut ours);
    if theirs {
        let peer = tell("node ws", &mut node);
        println!(
            "{:<18}{:>12.2}{:>16.2}{:>22.2}{:>14.2}",
            "ratio",
            mine.ready_ms / peer.ready_ms,
            mine.per_socket_kib / peer.per_socket_kib,
            mine.handshake_us / peer.handshake_us,
            mine.held_mib / peer.held_mib
        );
    }
    let beyond = mine.per_socket_kib > PER_SOCKET_KIB;
    if beyond { Err(format!("a socket costs more than {PER_SOCKET_KIB} KiB")) } else { Ok(()) }
}

fn tell(name: &str, costs: &mut [Cost]) -> Cost {
    let mut median = |of: fn(&Cost) -> f64| {
        costs.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&costs[costs.len() / 2])
    };
    let cost = Cost {
        ready_ms: median(|c| c.ready_ms),
        per_socket_kib: median(|c| c.per_socket_kib),
        handshake_us: median(|c| c.handshake_us),
        held_mib: median(|c| c.held_mib),
    };
    println!(
        "{name:<18}{:>9.1} ms{:>12.2} KiB{:>19.1} us{:>10.1} MiB",
        cost.ready_ms, cost.per_socket_kib, cost.handshake_us, cost.held_mib
    );
    cost
}

/// One server from its start to its end, with a client process that holds the sockets.
fn round(server: &mut Command) -> Result<Cost, String> {
    let begun = Instant::now();
    let mut server = Held::start(server)?;
    let told = server.line()?;
    let ready_ms = begun.elapsed().as_secs_f64() * 1e3;
    let (port, token) = told.split_once(' ').unwrap_or((told.as_str(), "token"));
    // The first sockets make the server grow once and for all: what they cost is not theirs.
    let warm = Held::start(Command::new(own()?).args(["hold", port, token]).env("SOCKETS", "64"))?.whole()?;
    if warm.trim() != "64" {
        return Err(format!("only {warm} of 64 sockets were let in"));
    }
    let (memory, cpu) = (server.memory_kib()?, server.cpu_us()?);
    let mut client = Held::start(Command::new(own()?).args(["hold", port, token]).env("SOCKETS", SOCKETS.to_string()))?;
    let held = client.line()?;
    if held != SOCKETS.to_string() {
        return Err(format!("only {held} of {SOCKETS} sockets were let in"));
    }
    let (grown, spent) = (server.memory_kib()? - memory, server.cpu_us()? - cpu);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let n = SOCKETS as f64;
    Ok(Cost { ready_ms, per_socket_kib: grown / n, handshake_us: spent / n, held_mib: (memory + grown) / 1_024.0 })
}

fn own() -> Result<std::path::PathBuf, String> {
    std::env::current_exe().map_err(|e| e.to_string())
}

/// A process that lives until its standard input ends, which it does when this value goes.
struct Held {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Held {
    fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
        let lines = BufReader::new(child.stdout.take().ok_or("no output")?);
        Ok(Self { child, lines })
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).map_err(|e| e.to_string())?;
        Ok(line.trim().to_owned())
    }

    /// Ends it, and returns all it said.
    fn whole(mut self) -> Result<String, String> {
        let first = self.line()?;
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        Ok(first)
    }

    /// `RssAnon` of the process: what it has written to, without the pages of its program.
    fn memory_kib(&self) -> Result<f64, String> {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.map_err(|e| e.to_string())?;
        let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
        line.trim().trim_end_matches(" kB").parse().map_err(|_| format!("`{line}` is no size"))
    }

    /// CPU time of all its threads so far, in microseconds.
    fn cpu_us(&self) -> Result<f64, String> {
        let folder = Path::new("/proc").join(self.child.id().to_string()).join("task");
        let tasks = std::fs::read_dir(folder).map_err(|e| e.to_string())?;
        let ns = |task: std::fs::DirEntry| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        };
        Ok(tasks.filter_map(Result::ok).filter_map(ns).sum::<f64>() / 1e3)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The hello of the reference gateway, for the other server to say: it is to send as much.
fn first_hello() -> Result<String, String> {
    let mut server = Held::start(Command::new(own()?).arg("serve"))?;
    let told = server.line()?;
    let (port, token) = told.split_once(' ').ok_or("no port")?;
    runtime()?.block_on(async {
        let (_, hello) = enter(port, token).await?;
        let frame: serde_json::Value = serde_json::from_str(&hello).map_err(|e| e.to_string())?;
        Ok(frame["payload"].to_string())
    })
}

/// The reference gateway, until standard input ends.
fn serve() -> Result<(), String> {
    let ground = Ground::new().map_err(|e| e.to_string())?;
    let standing = ground.raise(fault::world().map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    println!("{} {}", standing.holes["gateway.port"], standing.holes["token"]);
    std::io::stdin().read_to_end(&mut Vec::new()).map(drop).map_err(|e| e.to_string())
}

/// Sockets up to hello-ok, held until standard input ends.
fn hold(port: &str, token: &str) -> Result<(), String> {
    let many: usize = std::env::var("SOCKETS").ok().and_then(|s| s.parse().ok()).unwrap_or(SOCKETS);
    let runtime = runtime()?;
    let held = runtime.block_on(async {
        let entered = futures_util::stream::iter(0..many).map(|_| enter(port, token)).buffer_unordered(AT_ONCE);
        entered.filter_map(|socket| async { socket.map(|(socket, _)| socket).ok() }).collect::<Vec<_>>().await
    });
    println!("{}", held.len());
    std::io::stdin().read_to_end(&mut Vec::new()).map(drop).map_err(|e| e.to_string())
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())
}

/// One socket up to hello-ok, and the hello.
async fn enter(port: &str, token: &str) -> Result<(WebSocketStream<TcpStream>, String), String> {
    let tcp = TcpStream::connect(format!("127.0.0.1:{port}")).await.map_err(|e| e.to_string())?;
    tcp.set_nodelay(true).map_err(|e| e.to_string())?;
    let request = format!("ws://127.0.0.1:{port}/").into_client_request().map_err(|e| e.to_string())?;
    let config = WebSocketConfig::default().read_buffer_size(2 << 10).write_buffer_size(0);
    let (mut socket, _) =
        tokio_tungstenite::client_async_with_config(request, tcp, Some(config)).await.map_err(|e| e.to_string())?;
    text(&mut socket).await?;
    let connect = serde_json::json!({"type": "req", "id": "1", "method": "connect", "params": {
        "minProtocol": 4, "maxProtocol": 4, "role": "operator", "scopes": [], "auth": {"token": token},
        "client": {"id": "cli", "version": "bench", "platform": "linux", "mode": "probe"}}});
    socket.send(Message::text(connect.to_string())).await.map_err(|e| e.to_string())?;
    let hello = text(&mut socket).await?;
    if hello.contains("\"ok\":true") { Ok((socket, hello)) } else { Err(hello) }
}

async fn text(socket: &mut WebSocketStream<TcpStream>) -> Result<String, String> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
            Some(Ok(_)) => {}
            other => return Err(format!("{other:?}")),
        }
    }
}
