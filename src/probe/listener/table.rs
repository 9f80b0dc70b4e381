//! The table of listening sockets, as far as this system shows it to this user.

use std::io;
use std::net::SocketAddr;

use netstat2::{AddressFamilyFlags, ProtocolFlags, ProtocolSocketInfo, SocketInfo, TcpState};

use crate::probe::owner::Process;

/// A listening socket.
#[derive(Debug, Clone)]
pub struct Socket {
    /// The bound address; an IPv4 address written as IPv6 (`::ffff:127.0.0.1`) is what it serves, IPv4.
    pub local: SocketAddr,
    /// Whether an IPv6 socket refuses IPv4, where the system tells.
    pub v6_only: Option<bool>,
    /// Connections waiting to be accepted, where the system tells.
    pub queue: Option<u32>,
    /// The user that made it, where the system tells.
    pub uid: Option<u32>,
    /// The process that owns it, if this user may know.
    pub process: Option<Process>,
}

/// All listening sockets. Owners are looked for on these ports, and gateways on every port.
///
/// # Errors
/// The system's words when it shows no table.
pub fn read(ports: &[u16]) -> io::Result<Vec<Socket>> {
    let families = AddressFamilyFlags::IPV4 | AddressFamilyFlags::IPV6;
    platform::read(families, ProtocolFlags::TCP, ports)
}

/// The bound address of a socket that listens.
fn listens(info: &SocketInfo) -> Option<SocketAddr> {
    match &info.protocol_socket_info {
        ProtocolSocketInfo::Tcp(tcp) if tcp.state == TcpState::Listen => {
            Some(SocketAddr::new(tcp.local_addr.to_canonical(), tcp.local_port))
        }
        _ => None,
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use super::*;
    use crate::probe::netlink;
    use crate::probe::owner::{self, Wanted};

    /// netstat2 gives the table; what it leaves out (v6-only, the queue) comes from sock_diag. Its own search for owners walks
    /// through all processes, ours ends with the last socket found.
    pub fn read(families: AddressFamilyFlags, protocols: ProtocolFlags, ports: &[u16]) -> io::Result<Vec<Socket>> {
        let table = netstat2::iterate_sockets_info_without_pids(families, protocols).map_err(io::Error::other)?;
        let table: Vec<(SocketAddr, SocketInfo)> = table.flatten().filter_map(|info| Some((listens(&info)?, info))).collect();
        let wanted: Vec<Wanted> = table
            .iter()
            .map(|(local, info)| Wanted { inode: info.inode, uid: info.uid, needed: ports.contains(&local.port()) })
            .collect();
        let owners = owner::find(&wanted);
        let more = netlink::listening().unwrap_or_default();
        let one = |(local, info): (SocketAddr, SocketInfo)| {
            let more = more.iter().find(|m| m.inode == info.inode);
            Socket {
                local,
                v6_only: more.and_then(|m| m.v6_only),
                queue: more.and_then(|m| m.queue),
                uid: Some(info.uid),
                process: owners.get(&info.inode).cloned(),
            }
        };
        Ok(table.into_iter().map(one).collect())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::*;
    use crate::probe::owner;

    pub fn read(families: AddressFamilyFlags, protocols: ProtocolFlags, _ports: &[u16]) -> io::Result<Vec<Socket>> {
        let table = netstat2::get_sockets_info(families, protocols).map_err(io::Error::other)?;
        let table: Vec<(SocketAddr, SocketInfo)> = table.into_iter().filter_map(|info| Some((listens(&info)?, info))).collect();
        let pids: Vec<u32> = table.iter().flat_map(|(_, info)| info.associated_pids.iter().copied()).collect();
        let owners = owner::describe(&pids);
        let one = |(local, info): (SocketAddr, SocketInfo)| {
            let process = info.associated_pids.iter().find_map(|pid| owners.get(pid)).cloned();
            Socket { local, v6_only: None, queue: None, uid: None, process }
        };
        Ok(table.into_iter().map(one).collect())
    }
}
