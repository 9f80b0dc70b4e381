//! Makes a connection, and says how an attempt ended.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpSocket, TcpStream};

use crate::clock::Deadline;
use crate::facts::tables::tcp::Connected;

/// Connects to a peer, from a given address or the system's choice; `TimedOut` when the deadline passed.
///
/// Nagle's algorithm is off: with it, our own small writes would wait for delayed acknowledgements and fake 40 ms.
pub async fn dial(peer: SocketAddr, source: Option<IpAddr>, deadline: &Deadline) -> io::Result<TcpStream> {
    let socket = if peer.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source.filter(|s| s.is_ipv4() == peer.is_ipv4()) {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = within(deadline, socket.connect(peer)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Connects to a Unix socket.
#[cfg(unix)]
pub async fn dial_unix(file: &str, deadline: &Deadline) -> io::Result<tokio::net::UnixStream> {
    within(deadline, tokio::net::UnixStream::connect(file)).await
}

async fn within<T>(deadline: &Deadline, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout_at(deadline.at(), work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// How a failed attempt ended.
pub fn manner(error: &io::Error) -> Connected {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Connected::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Connected::Reset,
        io::ErrorKind::TimedOut => Connected::Silent,
        // A local firewall (`EPERM`, `EACCES`), a missing route and a missing address family all mean that nothing left.
        _ => Connected::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    fn deadline(ms: u64) -> Deadline {
        Deadline::new(Duration::from_millis(ms), clock::now() + Duration::from_secs(60))
    }

    #[tokio::test]
    async fn a_closed_port_refuses() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = listener.local_addr().unwrap();
        drop(listener);
        let error = dial(peer, None, &deadline(5_000)).await.unwrap_err();
        assert_eq!(manner(&error), Connected::Refused);
    }

    #[tokio::test]
    async fn a_full_backlog_is_silent() {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        socket.listen(0).unwrap();
        let peer = socket.local_addr().unwrap().as_socket().unwrap();
        let mut held = Vec::new();
        let error = loop {
            match dial(peer, None, &deadline(200)).await {
                Ok(stream) => held.push(stream),
                Err(error) => break error,
            }
            assert!(held.len() < 8, "the backlog never fills");
        };
        assert_eq!(manner(&error), Connected::Silent);
    }

    #[tokio::test]
    async fn an_address_without_a_way_is_unreachable() {
        // 192.0.2.0/24 is for documentation (RFC 5737): binding to an address that is not ours fails before anything is sent.
        let source = Some("192.0.2.1".parse().unwrap());
        let error = dial("127.0.0.1:9".parse().unwrap(), source, &deadline(1_000)).await.unwrap_err();
        assert_eq!(manner(&error), Connected::Unreachable);
    }

    #[tokio::test]
    async fn the_source_is_the_one_asked_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let source = "127.0.0.7".parse().unwrap();
        let stream = dial(listener.local_addr().unwrap(), Some(source), &deadline(1_000)).await.unwrap();
        assert_eq!(stream.local_addr().unwrap().ip(), source);
        assert!(stream.nodelay().unwrap());
    }
}
