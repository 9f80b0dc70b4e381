//! The gateway asked over real sockets.

mod http;
mod socket;
mod tls;
mod upgrade;

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::{Gateway, Options};
use crate::reference::front::Front;
use crate::secret::Secret;

const SECRET: &str = "sekrit-token-1234";
/// What makes a client on loopback a remote one behind a trusted proxy.
const REMOTE: &str = "X-Forwarded-For: 192.0.2.10";

/// A gateway that stands for as long as this value lives.
struct Standing {
    gateway: Arc<Gateway>,
    port: u16,
    serving: JoinHandle<()>,
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// A gateway with these options, a token and loopback as its trusted proxy.
fn stand(options: Options) -> Standing {
    stand_behind(options, None)
}

fn stand_behind(options: Options, tls: Option<Arc<rustls::ServerConfig>>) -> Standing {
    let trusted_proxies = vec![std::net::Ipv4Addr::LOCALHOST.into()];
    let options = Options { secret: Secret::new(SECRET), trusted_proxies, ..options };
    let gateway = Gateway::new(options).unwrap();
    let front = Front::bind(&[String::from("127.0.0.1")], 0).unwrap();
    let port = front.port;
    Standing { serving: tokio::spawn(Arc::clone(&gateway).serve(front, tls)), gateway, port }
}

impl Standing {
    async fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Everything that comes back until the gateway ends.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.dial().await;
        stream.write_all(bytes).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        String::from_utf8(heard).unwrap()
    }

    /// The answer to a request that asks to close.
    async fn ask(&self, first: &str, lines: &[&str]) -> String {
        self.raw(request(first, &[lines, &["Connection: close"]].concat()).as_bytes()).await
    }
}

fn request(first: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{first} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n")
}

/// The status of an answer, and its body.
fn parts(answer: &str) -> (&str, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().trim_start_matches("HTTP/1.1 "), body)
}
