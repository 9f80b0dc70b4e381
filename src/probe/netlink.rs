//! What Linux tells about sockets over sock_diag: a netlink socket of this machine, open to every user.
//!
//! Elsewhere the two questions have no answer.

use std::net::SocketAddr;
use std::time::Duration;

/// What the kernel knows of one of our own TCP connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpInfo {
    /// Smoothed round-trip time.
    pub rtt: Duration,
    /// Segments sent again since the connection was begun.
    pub retransmits: u32,
}

/// A listening socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// The bound address.
    pub local: SocketAddr,
    /// Whether an IPv6 socket refuses IPv4; `None` for IPv4 and where the system does not tell.
    pub v6_only: Option<bool>,
    /// Connections waiting to be accepted, where the system tells.
    pub queue: Option<u32>,
    /// The user that made the socket, where the system tells.
    pub uid: Option<u32>,
    /// The number under which `/proc/PID/fd` lists the socket.
    pub inode: u32,
}

/// The kernel's numbers for the connection between two addresses; `None` where there is no such connection or no sock_diag.
#[cfg(not(target_os = "linux"))]
pub fn tcp_info(_local: SocketAddr, _peer: SocketAddr) -> Option<TcpInfo> {
    None
}

#[cfg(target_os = "linux")]
pub use linux::{listening, tcp_info};

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::net::{IpAddr, SocketAddr};
    use std::time::Duration;

    use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
    use netlink_packet_sock_diag::inet::nlas::Nla;
    use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags};
    use netlink_sys::{Socket, protocols::NETLINK_SOCK_DIAG};

    use super::{Listening, TcpInfo};

    /// "No cookie": the socket is looked up by its addresses. Source: linux/inet_diag.h, INET_DIAG_NOCOOKIE.
    const NO_COOKIE: [u8; 8] = [0xff; 8];
    /// Offsets of `tcpi_rtt` and `tcpi_total_retrans` in `struct tcp_info`, fixed by the kernel's ABI. Source: linux/tcp.h.
    const RTT_AT: usize = 68;
    const RETRANSMITS_AT: usize = 100;
    /// More answers than this to one dump means that something else is talking.
    const MOST_DATAGRAMS: usize = 4_096;

    /// The kernel's numbers for the connection between two addresses; `None` where there is no such connection.
    pub fn tcp_info(local: SocketAddr, peer: SocketAddr) -> Option<TcpInfo> {
        let socket_id = SocketId {
            source_port: local.port(),
            destination_port: peer.port(),
            source_address: local.ip(),
            destination_address: peer.ip(),
            interface_id: 0,
            cookie: NO_COOKIE,
        };
        let found = ask(NLM_F_REQUEST, request(local.ip(), ExtensionFlags::INFO, StateFlags::all(), socket_id)).ok()?;
        // Without such a connection the kernel answers with the listener on the local address, whose destination is nobody.
        let same = |r: &&InetResponse| r.header.socket_id.destination_port == peer.port();
        let bytes = found.iter().filter(same).flat_map(|r| &r.nlas).find_map(|nla| match nla {
            Nla::TcpInfo(bytes) => Some(bytes),
            _ => None,
        })?;
        let number = |at: usize| Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        Some(TcpInfo { rtt: Duration::from_micros(number(RTT_AT)?.into()), retransmits: number(RETRANSMITS_AT)? })
    }

    /// Every listening TCP socket of this network namespace.
    ///
    /// # Errors
    /// When the kernel has no sock_diag or refuses it.
    pub fn listening() -> io::Result<Vec<Listening>> {
        let mut all = Vec::new();
        for id in [SocketId::new_v4(), SocketId::new_v6()] {
            let query = request(id.source_address, ExtensionFlags::empty(), StateFlags::LISTEN, id);
            all.extend(ask(NLM_F_REQUEST | NLM_F_DUMP, query)?.iter().map(read));
        }
        Ok(all)
    }

    fn request(family_of: IpAddr, extensions: ExtensionFlags, states: StateFlags, socket_id: SocketId) -> InetRequest {
        let family = if family_of.is_ipv4() { AF_INET } else { AF_INET6 };
        InetRequest { family, protocol: IPPROTO_TCP, extensions, states, socket_id }
    }

    fn read(response: &InetResponse) -> Listening {
        let header = &response.header;
        let v6_only = response.nlas.iter().find_map(|nla| match nla {
            Nla::SkV6Only(only) => Some(*only),
            _ => None,
        });
        Listening {
            local: SocketAddr::new(header.socket_id.source_address, header.socket_id.source_port),
            v6_only: v6_only.filter(|_| header.family == AF_INET6),
            queue: Some(header.recv_queue),
            uid: Some(header.uid),
            inode: header.inode,
        }
    }

    /// Sends one request and collects the answers. A socket that is not there is an empty answer.
    fn ask(flags: u16, request: InetRequest) -> io::Result<Vec<InetResponse>> {
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);

        let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.bind_auto()?;
        socket.send(&bytes, 0)?;
        let mut found = Vec::new();
        for _ in 0..MOST_DATAGRAMS {
            let (datagram, _) = socket.recv_from_full()?;
            if take(&datagram, &mut found)? || flags & NLM_F_DUMP != NLM_F_DUMP {
                break;
            }
        }
        Ok(found)
    }

    /// Reads the messages of one datagram; true after the last message of a dump.
    fn take(mut datagram: &[u8], found: &mut Vec<InetResponse>) -> io::Result<bool> {
        while !datagram.is_empty() {
            let message = NetlinkMessage::<SockDiagMessage>::deserialize(datagram).map_err(io::Error::other)?;
            match message.payload {
                NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => found.push(*response),
                NetlinkPayload::Done(_) => return Ok(true),
                NetlinkPayload::Error(why) if why.to_io().kind() == io::ErrorKind::NotFound => return Ok(true),
                NetlinkPayload::Error(why) => return Err(why.to_io()),
                _ => {}
            }
            // Messages are padded to four bytes. Source: NLMSG_ALIGN, linux/netlink.h.
            let length = (message.header.length as usize).next_multiple_of(4).max(4);
            datagram = datagram.get(length..).unwrap_or_default();
        }
        Ok(false)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_of_ours_has_a_round_trip_time() {
        for bind in ["127.0.0.1:0", "[::1]:0"] {
            let server = TcpListener::bind(bind).unwrap();
            let client = TcpStream::connect(server.local_addr().unwrap()).unwrap();
            let (local, peer) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
            let info = tcp_info(local, peer).unwrap();
            assert!(info.rtt > Duration::ZERO && info.rtt < Duration::from_secs(1), "{info:?}");
            assert_eq!(info.retransmits, 0);
            assert_eq!(tcp_info(peer, "127.0.0.1:1".parse().unwrap()), None);
        }
    }

    #[test]
    fn a_listener_is_seen_with_what_only_sock_diag_tells() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = server.local_addr().unwrap();
        let _waiting = TcpStream::connect(at).unwrap();
        let seen = listening().unwrap().into_iter().find(|l| l.local == at).unwrap();
        assert_eq!((seen.v6_only, seen.queue), (None, Some(1)));
        assert!(seen.inode > 0 && seen.uid.is_some());
    }
}
