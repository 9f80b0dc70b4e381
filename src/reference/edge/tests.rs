//! The edge between a client and a tiny gateway, both by hand.

mod http2;
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
async fn an_upgrade_that_is_dropped_arrives_as_a_plain_request() {
    let mut lab = Lab::new(with("upgrade = 'dropped'")).await;
    assert_eq!(lab.say(UPGRADE).await, LIVE);
    let head = lab.head().await;
    assert_eq!((head.get("upgrade"), head.get("connection")), (None, Some("close")));
    let mut lab = Lab::new(with("upgrade = 'no-connection'")).await;
    assert_eq!(lab.say(UPGRADE).await, LIVE);
    let head = lab.head().await;
    assert_eq!((head.get("upgrade"), head.get("connection")), (Some("websocket"), Some("close")));
}

#[tokio::test]
async fn an_upgrade_that_is_held_is_never_answered_and_other_requests_are() {
    let mut lab = Lab::new(with("upgrade = 'held'")).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(silent(&mut tcp).await && lab.unasked());
    assert_eq!(lab.say(GET).await, LIVE);
}

#[tokio::test]
async fn a_bad_accept_key_is_the_only_change() {
    let lab = Lab::new(with("upgrade = 'bad-accept'")).await;
    let mut tcp = lab.dial().await;
    let head = answer(&mut tcp, UPGRADE).await;
    assert_eq!((head.status(), head.get("sec-websocket-accept")), (Some(101), Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
    assert!(echoes(&mut tcp).await);
}

#[tokio::test]
async fn frames_that_are_held_go_neither_way() {
    let lab = Lab::new(with("frames = 'held'")).await;
    let mut tcp = lab.switched().await;
    tcp.write_all(b"frames").await.unwrap();
    assert!(silent(&mut tcp).await);
}

#[tokio::test]
async fn a_buffering_edge_gives_answers_whole_and_no_switch_at_all() {
    let drip = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let change = format!("buffers = true\nupstream = '{}'", drip.local_addr().unwrap());
    let lab = Lab::new(with(&change)).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(GET.as_bytes()).await.unwrap();
    let (mut gateway, _) = drip.accept().await.unwrap();
    Head::request(&mut gateway, Vec::new(), 4_000).await.unwrap();
    gateway.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\none").await.unwrap();
    assert!(silent(&mut tcp).await, "not before the end");
    gateway.write_all(b"two").await.unwrap();
    drop(gateway);
    let whole = to_end(&mut tcp).await;
    assert_eq!(whole, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 6\r\n\r\nonetwo");

    let lab = Lab::new(with("buffers = true")).await;
    let mut tcp = lab.dial().await;
    tcp.write_all(UPGRADE.as_bytes()).await.unwrap();
    assert!(silent(&mut tcp).await);
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
async fn a_script_goes_before_the_gateway_and_a_bare_status_is_the_products_page() {
    let change =
        "product = 'nginx'\n[[answer]]\nto = 'upgrade'\nstatus = '403 Forbidden'\n[[answer]]\nto = '/own'\nbody = 'mine'";
    let mut lab = Lab::new(with(change)).await;
    let page = lab.say(UPGRADE).await;
    assert!(page.starts_with("HTTP/1.1 403 Forbidden\r\nServer: nginx/1.22.1\r\n"), "{page}");
    assert!(page.contains("<center><h1>403 Forbidden</h1></center>"), "{page}");
    assert!(lab.say(&GET.replace("/health", "/own")).await.ends_with("\r\n\r\nmine"));
    assert!(lab.unasked());
    assert!(lab.say(GET).await.ends_with("\"live\"}"));
}

#[tokio::test]
async fn a_script_may_end_a_connection_before_it_is_asked() {
    let lab = Lab::new(with("[[answer]]\nto = 'accept'")).await;
    assert_eq!(lab.dial().await.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn sites_prefixes_and_limits_refuse_what_is_not_theirs() {
    let big = format!("GET / HTTP/1.1\r\nHost: gw.example\r\nX-Big: {}\r\n\r\n", "x".repeat(5_000));
    let body = "POST / HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 5000\r\n\r\n";
    let chunked = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n{}", "x".repeat(5_000));
    for (change, asked, status) in [
        ("sites = ['gw.example']", GET, "200"),
        ("sites = ['other.example']", GET, "404"),
        ("sites = ['other.example']\nproduct = 'caddy'", GET, "200"),
        ("prefix = '/oc'", GET, "404"),
        ("prefix = '/oc'", "GET /oc/health HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        ("head-limit = 4000", big.as_str(), "431"),
        ("head-limit = 4000\nproduct = 'nginx'", big.as_str(), "400"),
        ("head-limit = 6000", big.as_str(), "200"),
        ("body-limit = 4000", body, "413"),
        ("body-limit = 4000", chunked.as_str(), "413"),
        ("body-limit = 4000\nproduct = 'caddy'", body, "502"),
        ("", "\u{16}\u{3}\u{1}junk\r\n\r\n", "400"),
    ] {
        let said = Lab::new(with(change)).await.say(asked).await;
        assert_eq!(said.get(9..12), Some(status), "{change}: {said}");
    }
}

#[tokio::test]
async fn a_prefix_that_is_kept_reaches_the_gateway() {
    for (keeps, path) in [(false, "/health?x"), (true, "/oc/health?x")] {
        let mut lab = Lab::new(with(&format!("prefix = '/oc'\nkeeps-prefix = {keeps}"))).await;
        lab.say("GET /oc/health?x HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(lab.head().await.target(), path);
    }
}

#[tokio::test]
async fn a_proxy_line_is_sent_as_the_protocol_says() {
    let mut lab = Lab::new(with("line = 'sent'")).await;
    assert!(lab.say(GET).await.starts_with("HTTP/1.1 502 "), "this gateway knows no PROXY line");
    let junk = String::from_utf8(lab.heads.recv().await.unwrap().unwrap_err()).unwrap();
    assert!(junk.starts_with("PROXY TCP4 192.0.2.10 127.0.0.1 50000 "), "{junk}");
}

#[tokio::test]
async fn a_proxy_line_that_is_expected_names_the_client_and_its_lack_ends_all() {
    let mut lab = Lab::new(with("line = 'expected'")).await;
    assert_eq!(lab.say(GET).await, "");
    assert!(lab.unasked());
    assert_eq!(lab.say(&format!("PROXY TCP4 198.51.100.9 192.0.2.1 5000 80\r\n{GET}")).await, LIVE);
    assert_eq!(lab.head().await.get("x-forwarded-for"), Some("198.51.100.9"));
}

#[tokio::test]
async fn tcp_mode_changes_no_byte_and_lets_in_where_nobody_is() {
    let mut lab = Lab::new(with("mode = 'tcp'")).await;
    let asked = "GET /x HTTP/1.1\r\nhOsT: a\r\nX-Forwarded-For: b\r\n\r\n";
    assert_eq!(lab.say(asked).await, LIVE);
    assert_eq!(lab.head().await.bytes(), asked.as_bytes());
    let gone = Front::closed(&[String::from("127.0.0.1")], 0).unwrap();
    let lab = Lab::new(with(&format!("mode = 'tcp'\nupstream = '127.0.0.1:{}'", gone.port))).await;
    assert_eq!(lab.dial().await.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_planted_timer_drops_a_silent_socket_on_time() {
    for (death, ended) in [("fin", Ok(0)), ("reset", Err(std::io::ErrorKind::ConnectionReset))] {
        let lab = Lab::new(with(&format!("idle-ms = 200\ndeath = '{death}'"))).await;
        let mut tcp = lab.switched().await;
        let begun = crate::clock::now();
        assert_eq!(tcp.read(&mut [0; 9]).await.map_err(|e| e.kind()), ended, "{death}");
        let after = begun.elapsed().as_millis();
        assert!((190..2_000).contains(&after), "{death} after {after} ms");
    }
}
