//! Where a stand-in listens: addresses of both families and Unix sockets, at one port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_all;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::task::JoinSet;

use super::wire::Wire;

/// Connections that may wait to be accepted: as many as the runtime's own listeners take.
const BACKLOG: i32 = 1024;
/// How often a port that is free on one address may turn out to be taken on another before the search is given up.
const TRIES: usize = 64;
/// How long to wait after a connection could not be accepted.
const BREATH: Duration = Duration::from_millis(50);

/// Listening sockets of one stand-in. They exist, and keep their port, from the moment they are made.
#[derive(Debug)]
pub struct Front {
    /// The port all addresses share; 0 with Unix sockets alone.
    pub port: u16,
    places: Vec<Place>,
}

#[derive(Debug)]
enum Place {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, PathBuf),
    /// Kept, and never accepted from: bound without listening, so that nobody else takes the port and a connection is refused;
    /// or listening with a full backlog, so that no packet is answered.
    Kept(#[expect(dead_code, reason = "held")] Vec<Socket>),
    /// The file of a Unix socket that nobody listens on, as a program leaves it behind that was killed.
    #[cfg(unix)]
    Left(PathBuf),
}

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Open,
    Closed,
    Full,
}

impl Front {
    /// Binds every place: `127.0.0.1`, `::1`, `0.0.0.0`, `unix:PATH`. Port 0 finds one that is free on all of them. Places of
    /// a family this machine does not have are left out, unless that leaves none. Must be called within a runtime.
    ///
    /// # Errors
    /// A place that is none, or that cannot be bound.
    pub fn bind(places: &[String], port: u16) -> io::Result<Self> {
        Self::make(places, port, Manner::Open)
    }

    /// Like [`Self::bind`], but every connection is refused, for as long as the value lives.
    ///
    /// # Errors
    /// As for [`Self::bind`].
    pub fn closed(places: &[String], port: u16) -> io::Result<Self> {
        Self::make(places, port, Manner::Closed)
    }

    /// Like [`Self::bind`], but no packet is answered, for as long as the value lives: its backlog is full.
    ///
    /// # Errors
    /// As for [`Self::bind`]; or a backlog that takes connection after connection.
    pub fn full(places: &[String], port: u16) -> io::Result<Self> {
        Self::make(places, port, Manner::Full)
    }

    fn make(places: &[String], port: u16, manner: Manner) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::InvalidInput);
        for _ in 0..if port == 0 { TRIES } else { 1 } {
            match Self::attempt(places, port, manner) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                other => return other,
            }
        }
        Err(last)
    }

    fn attempt(places: &[String], port: u16, manner: Manner) -> io::Result<Self> {
        let mut front = Self { port, places: Vec::new() };
        let mut lacking = None;
        for place in places {
            if let Some(file) = place.strip_prefix("unix:") {
                front.places.push(unix(file, manner != Manner::Closed)?);
                continue;
            }
            let ip: IpAddr = place.parse().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidInput, format!("`{place}` is neither an address nor unix:PATH"))
            })?;
            match tcp(SocketAddr::new(ip, front.port), manner) {
                Ok((socket, at)) => {
                    front.port = at;
                    front.places.push(socket);
                }
                Err(error) if lacks(ip, &error) => lacking = Some(error),
                Err(error) => return Err(io::Error::new(error.kind(), format!("{ip} port {}: {error}", front.port))),
            }
        }
        match lacking {
            Some(error) if front.places.is_empty() => Err(error),
            _ => Ok(front),
        }
    }

    /// The next connection, over whichever place it comes. Cancel safe.
    ///
    /// # Errors
    /// What the system says of a failed accept; the front goes on listening.
    pub async fn accept(&self) -> io::Result<Wire> {
        let open = self.places.iter().filter(|place| place.is_open());
        let waits: Vec<_> = open.map(|place| Box::pin(place.accept())).collect();
        if waits.is_empty() {
            return std::future::pending().await;
        }
        select_all(waits).await.0
    }

    /// Serves every connection in a task of its own, after its TLS handshake if there is TLS; all of them end with this one.
    pub async fn each<F>(&self, tls: Option<Arc<rustls::ServerConfig>>, serve: impl Fn(Wire) -> F + Clone + Send + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                wire = self.accept() => match wire {
                    Ok(wire) => {
                        let (tls, serve) = (tls.clone(), serve.clone());
                        drop(tasks.spawn(async move {
                            let wire = match tls {
                                Some(config) => wire.secure(config).await,
                                None => Ok(wire),
                            };
                            if let Ok(wire) = wire {
                                serve(wire).await;
                            }
                        }));
                    }
                    // No descriptor is free: another connection must end first.
                    Err(_) => tokio::time::sleep(BREATH).await,
                },
                Some(_) = tasks.join_next() => {}
            }
        }
    }

    /// The places at which it listens: `127.0.0.1:18789`, `unix:PATH`.
    pub fn listens(&self) -> Vec<String> {
        let place = |place: &Place| match place {
            Place::Tcp(listener) => listener.local_addr().ok().map(|at| at.to_string()),
            #[cfg(unix)]
            Place::Unix(_, file) => Some(format!("unix:{}", file.display())),
            _ => None,
        };
        self.places.iter().filter_map(place).collect()
    }
}

impl Place {
    fn is_open(&self) -> bool {
        match self {
            Self::Tcp(_) => true,
            Self::Kept(_) => false,
            #[cfg(unix)]
            Self::Unix(..) => true,
            #[cfg(unix)]
            Self::Left(_) => false,
        }
    }

    async fn accept(&self) -> io::Result<Wire> {
        match self {
            Self::Tcp(listener) => {
                let (tcp, _) = listener.accept().await?;
                // Nagle's algorithm on any hop would make up 40 ms.
                tcp.set_nodelay(true)?;
                Ok(Wire::Tcp(tcp))
            }
            #[cfg(unix)]
            Self::Unix(listener, _) => Ok(Wire::Unix(listener.accept().await?.0)),
            _ => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Unix(_, file) | Self::Left(file) = self {
            let _ = std::fs::remove_file(file);
        }
    }
}

/// A Unix socket; one that is not open leaves its file and nobody behind it.
#[cfg(unix)]
fn unix(file: &str, open: bool) -> io::Result<Place> {
    let listener = UnixListener::bind(file).map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))?;
    Ok(if open { Place::Unix(listener, file.into()) } else { Place::Left(file.into()) })
}

#[cfg(not(unix))]
fn unix(_: &str, _: bool) -> io::Result<Place> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

fn tcp(at: SocketAddr, manner: Manner) -> io::Result<(Place, u16)> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.is_ipv6() {
        socket.set_only_v6(!at.ip().is_unspecified())?;
    }
    #[cfg(unix)]
    socket.set_reuse_address(manner == Manner::Open)?;
    socket.bind(&at.into())?;
    let port = socket.local_addr()?.as_socket().map_or(0, |a| a.port());
    let place = match manner {
        Manner::Closed => Place::Kept(vec![socket]),
        Manner::Full => Place::Kept(fill(socket, SocketAddr::new(near(at.ip()), port))?),
        Manner::Open => {
            socket.listen(BACKLOG)?;
            socket.set_nonblocking(true)?;
            Place::Tcp(TcpListener::from_std(socket.into())?)
        }
    };
    Ok((place, port))
}

/// Listens, and connects until nobody is answered any more; gives every socket that keeps it so.
fn fill(socket: Socket, at: SocketAddr) -> io::Result<Vec<Socket>> {
    socket.listen(0)?;
    let mut kept = vec![socket];
    for _ in 0..TRIES {
        let waiting = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
        let full = waiting.connect_timeout(&at.into(), BREATH).is_err_and(|error| error.kind() == io::ErrorKind::TimedOut);
        if full {
            return Ok(kept);
        }
        kept.push(waiting);
    }
    Err(io::Error::other("the system takes connections beyond the backlog"))
}

/// The address of this machine at which an address that is listened on is reached.
pub fn near(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

/// Whether an address could not be bound because this machine has none of its family.
pub(super) fn lacks(ip: IpAddr, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || ip.is_ipv6() && no_family(error)
}

/// Whether the system does not know the address family at all (`EAFNOSUPPORT`, which has no kind of its own).
pub(super) fn no_family(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || error.raw_os_error() == Some(97)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| s.to_string()).collect()
    }

    #[tokio::test]
    async fn both_families_share_a_port_and_a_closed_one_refuses() {
        let front = Front::bind(&places(&["127.0.0.1", "::1"]), 0).unwrap();
        let dial = tokio::net::TcpStream::connect(("127.0.0.1", front.port));
        let (wire, _) = tokio::join!(front.accept(), dial);
        assert_eq!(wire.unwrap().peer(), Some(Ipv4Addr::LOCALHOST.into()));
        let closed = Front::closed(&places(&["127.0.0.1"]), 0).unwrap();
        let refused = tokio::net::TcpStream::connect(("127.0.0.1", closed.port)).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        assert!(Front::bind(&places(&["127.0.0.1"]), closed.port).is_err(), "the port is taken");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_closed_unix_socket_is_a_file_that_nobody_listens_on() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gw.sock");
        let front = Front::closed(&[format!("unix:{}", file.display())], 0).unwrap();
        let refused = tokio::net::UnixStream::connect(&file).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        drop(front);
        assert!(!file.exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_unix_socket_goes_with_its_front() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gw.sock");
        let front = Front::bind(&[format!("unix:{}", file.display())], 0).unwrap();
        let (wire, _) = tokio::join!(front.accept(), tokio::net::UnixStream::connect(&file));
        assert_eq!(wire.unwrap().peer(), None);
        drop(front);
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn a_full_one_answers_no_packet() {
        let front = Front::full(&places(&["0.0.0.0"]), 0).unwrap();
        let dial = tokio::net::TcpStream::connect(("127.0.0.1", front.port));
        assert!(tokio::time::timeout(Duration::from_millis(300), dial).await.is_err());
    }

    #[tokio::test]
    async fn what_is_no_place_is_named() {
        let error = Front::bind(&places(&["localhost"]), 0).unwrap_err().to_string();
        assert!(error.contains("`localhost`"), "{error}");
    }
}
