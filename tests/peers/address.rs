//! Names with several addresses, asked by clawprobe and by a real Node: both must end with the same one.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use libtest_mimic::Trial;
use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::gateway::free_port;
use crate::{again, machine, namespace, parts};

const NAME: &str = "several.example";

/// The addresses of the name.
const ADDRESSES: [&str; 3] = ["::1", "127.0.0.2", "127.0.0.3"];

/// What each address does: accept, refuse, or keep silent. Whichever the system puts first, each of them is first of its family
/// in one and last in another.
const WORLDS: &[&str] = &["aaa", "raa", "saa", "sra", "ssa", "sas", "arr", "rss", "sss", "rrr"];

/// What Node makes of a name: the order in which it gets the addresses, and with which it ends.
const ASK_NODE: &str = "
const [host, port] = process.argv.slice(1);
require('dns').lookup(host, { all: true }, (error, all) => {
  const socket = require('net').connect({ host, port: Number(port) });
  const tell = (taken) => { console.log(JSON.stringify({ order: all.map((a) => a.address), taken })); process.exit(0); };
  socket.on('connect', () => tell(socket.remoteAddress));
  socket.on('error', () => tell(null));
  setTimeout(() => tell(null), 3000);
});";

/// The trial of the lane where the machine is quiet: 250 ms decide.
pub fn trials(lane: &str) -> Vec<Trial> {
    if lane != "timing" {
        return Vec::new();
    }
    let absent = match () {
        () if !parts::node().is_file() => Some(format!("Node.js {}", parts::NODE)),
        () if !namespace::own() => Some("a network namespace (run as root, with util-linux and iproute2)".to_owned()),
        () if TcpListener::bind(("::1", 0)).is_err() => Some("IPv6 on loopback".to_owned()),
        () => None,
    };
    let name = "address::node";
    // What 250 ms decide is a measured time.
    let each = move || WORLDS.iter().try_for_each(|world| again::patiently(&format!("{name} {world}"), true, || play(world)));
    vec![parts::checked(name.to_owned(), absent, machine::all_required(), each)]
}

fn play(world: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let hosts = folder.path().join("hosts");
    std::fs::write(&hosts, ADDRESSES.map(|address| format!("{address} {NAME}\n")).concat()).map_err(|e| e.to_string())?;
    let port = free_port();
    let _peers: Vec<Peer> =
        ADDRESSES.iter().zip(world.chars()).map(|(address, does)| Peer::new(address, port, does)).collect::<Result<_, _>>()?;
    let node = ask(&hosts, &[&parts::node().to_string_lossy(), "-e", ASK_NODE, NAME, &port.to_string()])?;
    let url = format!("ws://{NAME}:{port}");
    let clawprobe = env!("CARGO_BIN_EXE_clawprobe");
    let report = ask(&hosts, &[clawprobe, "preflight", "--tunnel", &url, "--only", "EDGE-09", "--format", "json"])?;
    let ours = told(&report);
    let handed: Vec<&str> = node["order"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if (ours.order.iter().map(String::as_str).collect::<Vec<_>>(), ours.taken.as_deref()) == (handed, node["taken"].as_str()) {
        Ok(())
    } else {
        Err(format!("{world}: clawprobe tells {ours:?}, and Node {node}\n{:#}", report["facts"]))
    }
}

/// What clawprobe tells of the addresses.
#[derive(Debug)]
struct Told {
    order: Vec<String>,
    taken: Option<String>,
}

fn told(report: &Value) -> Told {
    let facts = report["facts"].as_array().into_iter().flatten().filter(|fact| fact["table"] == "tcp");
    let of = |field: &'static str| {
        let of_field = facts.clone().filter(move |fact| fact["field"] == field);
        of_field.map(|fact| (fact["value"].clone(), fact["key"]["address"].as_str().unwrap_or_default().to_owned()))
    };
    let mut places: Vec<(i64, String)> = of("place").filter_map(|(place, address)| Some((place.as_i64()?, address))).collect();
    places.sort();
    let taken = of("taken").find(|(who, _)| who == "clients" || who == "node").map(|(_, address)| address);
    Told { order: places.into_iter().map(|(_, address)| address).collect(), taken }
}

/// Runs a program that sees a hosts file of its own, and reads the JSON it says.
fn ask(hosts: &Path, words: &[&str]) -> Result<Value, String> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""]).arg(hosts).args(words);
    let home = hosts.parent().unwrap_or(hosts);
    let out = command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", home).stdin(Stdio::null()).output();
    let out = out.map_err(|e| e.to_string())?;
    serde_json::from_slice(&out.stdout).map_err(|e| format!("{words:?}: {e}: {}", String::from_utf8_lossy(&out.stderr)))
}

/// What listens at an address, as long as this is kept.
enum Peer {
    /// Every connection is refused.
    Nobody,
    /// A queue that is full drops what comes.
    Full { _socket: Socket, _held: Vec<TcpStream> },
    /// Every connection is accepted and closed.
    Closes { at: SocketAddr, over: Arc<AtomicBool>, thread: Option<JoinHandle<()>> },
}

impl Peer {
    /// `a`ccepts, `r`efuses, or is `s`ilent.
    fn new(address: &str, port: u16, does: char) -> Result<Self, String> {
        let at = SocketAddr::new(address.parse::<IpAddr>().map_err(|e| e.to_string())?, port);
        match does {
            'a' => Self::closes(at).map_err(|e| format!("{at}: {e}")),
            's' => Self::full(at).map_err(|e| format!("{at}: {e}")),
            _ => Ok(Self::Nobody),
        }
    }

    fn closes(at: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = std::thread::spawn(move || while listener.accept().is_ok() && !seen.load(Ordering::Relaxed) {});
        Ok(Self::Closes { at, over, thread: Some(thread) })
    }

    fn full(at: SocketAddr) -> std::io::Result<Self> {
        let socket = Socket::new(if at.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 }, Type::STREAM, None)?;
        socket.bind(&at.into())?;
        socket.listen(0)?;
        let mut held = Vec::new();
        // Loopback answers at once, unless it does not.
        while let Ok(stream) = TcpStream::connect_timeout(&at, Duration::from_millis(200)) {
            held.push(stream);
            if held.len() > 8 {
                return Err(std::io::Error::other("the queue never fills"));
            }
        }
        Ok(Self::Full { _socket: socket, _held: held })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Self::Closes { at, over, thread } = self {
            over.store(true, Ordering::Relaxed);
            // It waits for one more connection.
            let _ = TcpStream::connect(*at);
            let _ = thread.take().map(JoinHandle::join);
        }
    }
}
