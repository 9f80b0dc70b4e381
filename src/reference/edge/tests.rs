//! The edge between a client and a tiny gateway, both by hand.

mod http2;
mod switches;
mod tls;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::timeout;

use std::time::Duration;

use super::*;

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: mine\r\n\r\n";
const LIVE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\nConnection: close\r\n\r\n{\"ok\":true,\"status\":\"live\"}";
const GET: &str = "GET /health HTTP/1.1\r\nHost: gw.example\r\n\r\n";
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: gw.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
/// Long enough for anything on loopback to come, short enough to wait for what must not.
const MOMENT: Duration = Duration::from_millis(150);

/// A gateway that answers upgrades with an echo, everything else with the live object, and keeps what it was asked; an edge
/// before it.
struct Lab {
    edge: u16,
    heads: UnboundedReceiver<Result<Head, Vec<u8>>>,
    authority: Authority,
    _tasks: JoinSet<()>,
}

impl Lab {
    async fn new(options: Options) -> Self {
        Self::before(options, false).await
    }

    /// With a gateway that speaks TLS, or not.
    async fn before(options: Options, gateway_tls: bool) -> Self {
        let authority = Authority::new().unwrap();
        let gateway = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
        let front = Front::bind(&options.listen, 0).unwrap();
        let edge = front.port;
        let upstream = match options.upstream.as_str() {
            "" => format!("127.0.0.1:{}", gateway.port),
            elsewhere => elsewhere.to_owned(),
        };
        let config = options.tls.map(|kind| {
            let leaf = authority.leaf(kind, &[]).unwrap();
            Arc::new(tls(&options, &leaf, &authority).unwrap())
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(Options { upstream, ..options }, front, config));
        let (told, heads) = unbounded_channel();
        let config = gateway_tls.then(|| {
            let leaf = authority.leaf(crate::reference::certificate::Kind::SelfSigned, &[]).unwrap();
            let mut config = leaf.server(&["http/1.1"]).unwrap();
            config.alpn_protocols.clear();
            Arc::new(config)
        });
        tasks.spawn(async move {
            gateway
                .each(config, move |mut wire| {
                    let told = told.clone();
                    async move {
                        let head = match Head::request(&mut wire, Vec::new(), 64 << 10).await {
                            Ok(head) => head,
                            Err(crate::reference::head::NoHead::Junk(bytes)) => return drop(told.send(Err(bytes))),
                            Err(_) => return,
                        };
                        let switch = head.upgrades();
                        told.send(Ok(head)).unwrap();
                        wire.write_all(if switch { SWITCH } else { LIVE }.as_bytes()).await.unwrap();
                        if switch {
                            let (mut from, mut to) = tokio::io::split(&mut wire);
                            let _ = tokio::io::copy(&mut from, &mut to).await;
                        }
                        let _ = wire.shutdown().await;
                    }
                })
                .await;
        });
        Self { edge, heads, authority, _tasks: tasks }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.edge)).await.unwrap()
    }

    /// Says something and reads to the end.
    async fn say(&self, text: &str) -> String {
        let mut tcp = self.dial().await;
        tcp.write_all(text.as_bytes()).await.unwrap();
        to_end(&mut tcp).await
    }

    /// Switches to WebSocket.
    async fn switched(&self) -> TcpStream {
        let mut tcp = self.dial().await;
        assert_eq!(answer(&mut tcp, UPGRADE).await.status(), Some(101));
        tcp
    }

    /// The next request that came to the gateway.
    async fn head(&mut self) -> Head {
        self.heads.recv().await.unwrap().unwrap()
    }

    /// Whether nothing came to the gateway.
    fn unasked(&mut self) -> bool {
        self.heads.try_recv().is_err()
    }
}

async fn to_end(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn answer(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), text: &str) -> Head {
    stream.write_all(text.as_bytes()).await.unwrap();
    Head::answer(stream, 4_000).await.unwrap()
}

/// Whether frames come back.
async fn echoes(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> bool {
    stream.write_all(b"frames").await.unwrap();
    let mut echo = [0; 6];
    stream.read_exact(&mut echo).await.unwrap();
    &echo == b"frames"
}

/// Whether nothing comes for a while, not even an end.
async fn silent(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    timeout(MOMENT, stream.read(&mut [0])).await.is_err()
}

fn with(change: &str) -> Options {
    toml::from_str(change).unwrap()
}

#[tokio::test]
async fn a_right_edge_names_its_client_and_keeps_the_host() {
    let mut lab = Lab::new(Options::default()).await;
    let answer = lab.say(&GET.replace("\r\n\r\n", "\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")).await;
    assert_eq!(answer, LIVE);
    let head = lab.head().await;
    assert_eq!(head.get("host"), Some("gw.example"));
    assert_eq!(head.get("x-forwarded-for"), Some("192.0.2.10"));
    assert_eq!(head.get("x-forwarded-proto"), Some("http"));
    assert_eq!(head.get("x-forwarded-host"), Some("gw.example"));
}

#[tokio::test]
async fn a_right_edge_passes_an_upgrade_and_both_ends() {
    let mut lab = Lab::new(Options::default()).await;
    let mut tcp = lab.switched().await;
    assert!(lab.head().await.upgrades());
    assert!(echoes(&mut tcp).await);
    tcp.shutdown().await.unwrap();
    assert_eq!(tcp.read(&mut [0]).await.unwrap(), 0, "the gateway's end comes through");
}

#[tokio::test]
async fn a_body_is_handed_on_as_it_comes() {
    let mut lab = Lab::new(Options::default()).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo").await.unwrap();
    assert_eq!(lab.head().await.method(), "POST");
    tcp.write_all(b"dy").await.unwrap();
    assert_eq!(to_end(&mut tcp).await, LIVE);
}

#[tokio::test]
async fn a_gateway_that_refuses_is_502_and_a_silent_one_504_or_what_the_product_says() {
    let gone = Front::closed(&[String::from("127.0.0.1")], 0).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    for (upstream, product, line) in [
        (gone.port, "plain", "HTTP/1.1 502 Bad Gateway"),
        (gone.port, "haproxy", "HTTP/1.1 503 Service Unavailable"),
        (port(&silent), "plain", "HTTP/1.1 504 Gateway Timeout"),
        (port(&silent), "apache", "HTTP/1.1 502 Proxy Error"),
    ] {
        let change = format!("upstream = '127.0.0.1:{upstream}'\npatience-ms = 50\nproduct = '{product}'");
        let said = Lab::new(with(&change)).await.say(GET).await;
        assert!(said.starts_with(&format!("{line}\r\n")), "{product}: {said}");
    }
}

#[tokio::test]
async fn a_gateway_that_hangs_up_is_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let change = format!("upstream = '{}'", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        let _ = tcp.read(&mut [0; 1_000]).await;
    });
    assert!(Lab::new(with(&change)).await.say(GET).await.starts_with("HTTP/1.1 502 "));
}

#[tokio::test]
async fn a_right_edge_does_not_wait_for_the_end_of_an_answer() {
    let drip = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lab = Lab::new(with(&format!("upstream = '{}'", drip.local_addr().unwrap()))).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(GET.as_bytes()).await.unwrap();
    let (mut gateway, _) = drip.accept().await.unwrap();
    gateway.write_all(b"HTTP/1.1 200 OK\r\n\r\none").await.unwrap();
    let head = Head::answer(&mut tcp, 4_000).await.unwrap();
    let mut first = head.rest;
    while first.len() < 3 {
        first.push(tcp.read_u8().await.unwrap());
    }
    assert_eq!(first, b"one");
}

#[tokio::test]
async fn who_asks_whether_to_send_a_body_is_told_to() {
    let mut lab = Lab::new(Options::default()).await;
    let mut tcp = lab.dial().await;
    let asked = "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    let go_on = answer(&mut tcp, asked).await;
    assert_eq!((go_on.status(), lab.head().await.get("expect")), (Some(100), None));
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_along() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lab = Lab::new(with(&format!("upstream = '{}'", gateway.local_addr().unwrap()))).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(GET.as_bytes()).await.unwrap();
    let (mut asked, _) = gateway.accept().await.unwrap();
    Head::request(&mut asked, Vec::new(), 4_000).await.unwrap();
    drop(tcp);
    assert_eq!(asked.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn an_answer_ends_by_its_own_length_where_the_gateway_does_not_end() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lab = Lab::new(with(&format!("upstream = '{}'", gateway.local_addr().unwrap()))).await;
    let keep = async {
        let (mut tcp, _) = gateway.accept().await.unwrap();
        Head::request(&mut tcp, Vec::new(), 4_000).await.unwrap();
        tcp.write_all(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbo").await.unwrap();
        tcp.write_all(b"dy").await.unwrap();
        tcp
    };
    let (heard, _open) = tokio::join!(lab.say(GET), keep);
    assert_eq!(heard, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
}
