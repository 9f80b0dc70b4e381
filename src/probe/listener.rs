//! Who listens on the gateway's ports.

mod table;

use std::net::IpAddr;

use super::owner::Process;
use super::{Ask, Done};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::listener::{Family, LISTENER, Owner, Reach};
use crate::facts::tables::path::AddressClass;
use crate::facts::tables::site::ConfigState;
use crate::facts::value::{Because, Cell, Reason};
use crate::facts::{Row, Sheet, SheetState};
use crate::own::is_own;
use crate::target::{Target, Way};
use table::Socket;

/// Fills `listener`: sockets on the dialled and the configured ports, and those of gateways on any port.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let ports = ports(ask.target);
    let look = tokio::task::spawn_blocking({
        let ports = ports.all();
        move || table::read(&ports)
    });
    let sheet = match tokio::time::timeout_at(ask.deadline.at(), look).await {
        Err(_) => Sheet::not_measured(&LISTENER, ask.vantage, Reason::Deadline),
        Ok(Err(_)) => Sheet::not_measured(&LISTENER, ask.vantage, Reason::Defect),
        Ok(Ok(Err(why))) => {
            let because = Because::new(Reason::Unsupported, ask.redactor.text(&format!("the system shows no sockets: {why}")));
            Sheet::not_measured(&LISTENER, ask.vantage, because)
        }
        Ok(Ok(Ok(sockets))) => fill(ask, &ports, sockets),
    };
    Done { sheets: vec![sheet], succeeded: true }
}

/// The ports that matter.
struct Ports {
    dialled: Vec<u16>,
    configured: Option<u16>,
    /// The configured port, or the one a gateway would take here.
    expected: u16,
}

impl Ports {
    fn all(&self) -> Vec<u16> {
        self.dialled.iter().copied().chain([self.expected]).collect()
    }
}

fn ports(target: &Target) -> Ports {
    let found = target.config.state == ConfigState::Found;
    Ports {
        dialled: target.ways.iter().filter(|w| ends_here(w)).map(|w| w.endpoint.port).collect(),
        configured: found.then_some(target.config.port),
        expected: target.config.port,
    }
}

/// Whether a way dials this machine, as far as its spelling tells.
fn ends_here(way: &Way) -> bool {
    let address = way.endpoint.ip();
    way.endpoint.class() == AddressClass::Loopback || address.is_some_and(|ip| ip.is_unspecified() || is_own(ip))
}

fn fill(ask: &Ask<'_>, ports: &Ports, mut sockets: Vec<Socket>) -> Sheet {
    let mut sheet = Sheet::new(&LISTENER, ask.vantage);
    // Of several sockets that share an address (SO_REUSEPORT) the one whose owner is known speaks for all.
    sockets.sort_by_key(|s| (s.local, s.process.is_none()));
    sockets.dedup_by_key(|s| s.local);
    for socket in &sockets {
        let port = socket.local.port();
        let gateway = socket.process.as_ref().is_some_and(|p| p.owner == Owner::Gateway);
        if gateway || ports.expected == port || ports.dialled.contains(&port) {
            sheet.push(row(ask, ports, socket));
        }
    }
    if !shows_others() {
        let because = Because::new(Reason::NotPermitted, "this system shows a user's own sockets only");
        sheet.state = SheetState::Incomplete(because);
    }
    sheet
}

/// Whether the table shows the sockets of other users: Linux and Windows show all, macOS those of processes one may look into.
const fn shows_others() -> bool {
    !cfg!(target_os = "macos")
}

fn row(ask: &Ask<'_>, ports: &Ports, socket: &Socket) -> Row {
    let (ip, port) = (socket.local.ip(), socket.local.port());
    let unsupported = || Cell::not_measured(Reason::Unsupported);
    let row = RowBuilder::new(&LISTENER, [ip.into(), port.into()])
        .set("dialled", ports.dialled.contains(&port))
        .set("configured", ports.configured == Some(port))
        .set("family", if ip.is_ipv4() { Family::V4 } else { Family::V6 }.as_str())
        .cell("v6-only", if ip.is_ipv4() { Cell::Absent } else { socket.v6_only.map_or_else(unsupported, Cell::value) })
        .set("reach", reach(ip).as_str())
        .maybe("class", (!ip.is_unspecified()).then(|| AddressClass::of(ip).as_str()))
        .cell("queue", socket.queue.map_or_else(unsupported, |n| Cell::value(i64::from(n))));
    match &socket.process {
        Some(process) => row
            .set("owner", owner(ask, process, port).as_str())
            .set("command", ask.redactor.text(&process.command))
            .set("pid", i64::from(process.pid))
            .maybe("user", process.user.clone())
            .rest(Cell::Absent),
        None => {
            // The table names the user even of a socket whose process this user may not look into.
            let row = match socket.uid {
                Some(uid) => row.set("user", super::user::name(uid)),
                None => row,
            };
            let because = Because::new(Reason::NotPermitted, "this user may not look into the process that owns it");
            row.rest(Cell::not_measured(because))
        }
    }
}

/// In a world of our own this very process plays the gateway.
fn owner(ask: &Ask<'_>, process: &Process, port: u16) -> Owner {
    let plays = process.pid == std::process::id() && ask.target.world.gateway_ports.contains(&port);
    if plays { Owner::Gateway } else { process.owner }
}

fn reach(ip: IpAddr) -> Reach {
    match ip {
        _ if ip.is_unspecified() => Reach::Wildcard,
        _ if ip.is_loopback() => Reach::Loopback,
        _ => Reach::Address,
    }
}
