//! The edge between a client and a tiny gateway, both by hand.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::*;
use crate::reference::head::Head;

const SWITCH: &str =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: mine\r\n\r\n";
const LIVE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 27\r\nConnection: close\r\n\r\n{\"ok\":true,\"status\":\"live\"}";
const GET: &str = "GET /health HTTP/1.1\r\nHost: gw.example\r\n\r\n";
const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: gw.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// A gateway that answers upgrades with an echo and everything else with the live object, and an edge before it.
struct Lab {
    edge: u16,
    /// The heads that came to the gateway.
    heads: UnboundedReceiver<Head>,
    _tasks: JoinSet<()>,
}

impl Lab {
    async fn new(options: Options) -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (told, heads) = unbounded_channel();
        let mut tasks = JoinSet::new();
        let front = Front::bind(&options.listen, 0).unwrap();
        let edge = front.port;
        let upstream = gateway.local_addr().unwrap().to_string();
        tasks.spawn(serve(Options { upstream, ..options }, front, None));
        tasks.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((mut tcp, _)) = gateway.accept().await {
                let told = told.clone();
                visits.spawn(async move {
                    let Ok(head) = Head::request(&mut tcp, Vec::new(), 64 << 10).await else { return };
                    let switch = head.upgrades();
                    told.send(head).unwrap();
                    tcp.write_all(if switch { SWITCH } else { LIVE }.as_bytes()).await.unwrap();
                    if switch {
                        let (mut from, mut to) = tcp.split();
                        let _ = tokio::io::copy(&mut from, &mut to).await;
                    }
                });
            }
        });
        Self { edge, heads, _tasks: tasks }
    }

    async fn dial(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.edge)).await.unwrap()
    }

    /// Says something and reads to the end.
    async fn say(&self, text: &str) -> String {
        let mut tcp = self.dial().await;
        tcp.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    /// Switches to WebSocket.
    async fn switched(&self) -> TcpStream {
        let mut tcp = self.dial().await;
        tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
        assert_eq!(Head::answer(&mut tcp, 4_000).await.unwrap().status(), Some(101));
        tcp
    }

    async fn head(&mut self) -> Head {
        self.heads.recv().await.unwrap()
    }
}

#[tokio::test]
async fn a_right_edge_names_its_client_and_keeps_the_host() {
    let mut lab = Lab::new(Options::default()).await;
    let answer = lab.say(&GET.replace("\r\n\r\n", "\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\"live\"}"), "{answer}");
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
    tcp.write_all(b"frames").await.unwrap();
    let mut echo = [0; 6];
    tcp.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"frames");
    tcp.shutdown().await.unwrap();
    assert_eq!(tcp.read(&mut echo).await.unwrap(), 0, "the gateway's end comes through");
}

#[tokio::test]
async fn a_gateway_that_refuses_is_502_and_a_silent_one_504() {
    let gone = Front::closed(&[String::from("127.0.0.1")], 0).unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for (port, status) in [(gone.port, "502"), (silent.local_addr().unwrap().port(), "504")] {
        let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
        let lab = front.port;
        let options = Options { upstream: format!("127.0.0.1:{port}"), patience_ms: 50, ..Options::default() };
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(options, front, None));
        let mut tcp = TcpStream::connect(("127.0.0.1", lab)).await.unwrap();
        tcp.write_all(GET.as_bytes()).await.unwrap();
        assert_eq!(Head::answer(&mut tcp, 4_000).await.unwrap().status().unwrap().to_string(), status);
    }
}
