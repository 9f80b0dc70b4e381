//! Hand-written peers: servers on real sockets that answer by script, and relays.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::scenario::Answer;

/// The longest a scripted peer keeps a silent connection; every probe gives up earlier.
const PATIENCE: Duration = Duration::from_secs(90);

/// A server that ends with this value.
pub struct Script {
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl Script {
    /// Answers by script on a listening socket.
    pub fn start(listener: TcpListener, answers: Vec<Answer>, tls: Option<Arc<rustls::ServerConfig>>) -> Result<Self, String> {
        Self::serve(listener, move |stream| {
            let raw = stream.try_clone().ok();
            let Some(raw) = raw else { return };
            match &tls {
                None => converse(stream, &raw, &answers),
                Some(config) => {
                    let Ok(session) = rustls::ServerConnection::new(Arc::clone(config)) else { return };
                    converse(rustls::StreamOwned::new(session, stream), &raw, &answers);
                }
            }
        })
    }

    /// Hands every connection on to another address, byte by byte.
    pub fn relay(listener: TcpListener, to: SocketAddr) -> Result<Self, String> {
        Self::serve(listener, move |inner| {
            let Ok(outer) = TcpStream::connect(to) else { return };
            let (Ok(mut a), Ok(mut b)) = (inner.try_clone(), outer.try_clone()) else { return };
            let back = std::thread::spawn(move || {
                let _ = std::io::copy(&mut b, &mut a);
                let _ = a.shutdown(Shutdown::Both);
            });
            let (mut inner, mut outer) = (inner, outer);
            let _ = std::io::copy(&mut inner, &mut outer);
            let _ = outer.shutdown(Shutdown::Both);
            let _ = back.join();
        })
    }

    fn serve(listener: TcpListener, each: impl Fn(TcpStream) + Send + Sync + 'static) -> Result<Self, String> {
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let over = Arc::new(AtomicBool::new(false));
        let (ended, each) = (Arc::clone(&over), Arc::new(each));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let _ = stream.set_nodelay(true);
                let _ = stream.set_read_timeout(Some(PATIENCE));
                let each = Arc::clone(&each);
                std::thread::spawn(move || each(stream));
            }
        });
        Ok(Self { address, over })
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // The accept call ends with this connection.
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(mut stream: impl Read + Write, raw: &TcpStream, answers: &[Answer]) {
    if let Some(answer) = answers.iter().find(|a| a.to == "accept") {
        return end(stream, raw, &answer.end);
    }
    let Some(head) = read_head(&mut stream) else { return };
    let upgrade = head.to_ascii_lowercase().contains("\r\nupgrade: websocket");
    let path = head.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/").to_owned();
    let fits = |a: &&Answer| a.to == "*" || a.to == path || (a.to == "upgrade" && upgrade);
    // An upgrade is asked of any path: a rule for it goes before a rule for the path.
    let chosen = answers.iter().find(|a| upgrade && a.to == "upgrade").or_else(|| answers.iter().find(fits));
    let Some(answer) = chosen else { return };
    if let Some(frames) = &answer.frames {
        let key = head
            .lines()
            .find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case("sec-websocket-key")).map(|(_, v)| v.trim()));
        let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
        let switch = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        if stream.write_all(switch.as_bytes()).is_ok() {
            speak(stream, raw, frames);
        }
        return;
    }
    let text = answer.raw.clone().unwrap_or_else(|| {
        let headers: String = answer.headers.iter().map(|h| format!("{h}\r\n")).collect();
        let status = answer.status.as_deref().unwrap_or("200 OK");
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{}", answer.body.len(), answer.body)
    });
    let _ = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
    end(stream, raw, &answer.end);
}

fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 65_536 {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

fn end(mut stream: impl Read, raw: &TcpStream, manner: &str) {
    match manner {
        "silence" => {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
        "reset" => {
            let _ = socket2::SockRef::from(raw).set_linger(Some(Duration::ZERO));
        }
        _ => {
            let _ = raw.shutdown(Shutdown::Write);
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
        }
    }
}

fn speak(stream: impl Read + Write, raw: &TcpStream, frames: &[String]) {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, Some(WebSocketConfig::default()));
    let mut asked = String::from("1");
    for step in frames {
        let (word, rest) = step.split_once(':').unwrap_or((step, ""));
        let done = match word {
            "challenge" => socket.send(Message::text(challenge())).is_ok(),
            "await" => match socket.read() {
                Ok(Message::Text(text)) => {
                    asked = serde_json::from_str::<serde_json::Value>(&text)
                        .ok()
                        .and_then(|v| v["id"].as_str().map(str::to_owned))
                        .unwrap_or(asked);
                    true
                }
                other => other.is_ok(),
            },
            "hello" => socket.send(Message::text(hello(&asked))).is_ok(),
            "error" => {
                socket.send(Message::text(format!(r#"{{"type":"res","id":"{asked}","ok":false,"error":{rest}}}"#))).is_ok()
            }
            "text" => socket.send(Message::text(rest)).is_ok(),
            "close" => {
                let (code, reason) = rest.split_once(':').unwrap_or((rest, ""));
                let frame = code.parse::<u16>().ok().map(|code| CloseFrame { code: code.into(), reason: reason.into() });
                let _ = socket.close(frame).and_then(|()| socket.flush());
                while socket.read().is_ok() {}
                false
            }
            manner => {
                end(socket.get_mut(), raw, manner);
                false
            }
        };
        if !done {
            return;
        }
    }
    while socket.read().is_ok() {}
}

fn challenge() -> String {
    let ts = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis());
    format!(r#"{{"type":"event","event":"connect.challenge","payload":{{"nonce":"n-1","ts":{ts}}}}}"#)
}

fn hello(id: &str) -> String {
    format!(
        r#"{{"type":"res","id":"{id}","ok":true,"payload":{{"type":"hello-ok","protocol":4,"server":{{"version":"2026.9.6","bootId":"b-1","connId":"c"}},"features":{{"methods":[],"events":[]}},"snapshot":{{"uptimeMs":5000}},"auth":{{"method":"token","role":"operator","scopes":[]}},"policy":{{"maxPayload":26214400,"maxBufferedBytes":52428800,"tickIntervalMs":30000}}}}}}"#
    )
}

/// A server's TLS with a certificate of a kind, and the PEM of the root that vouches for the trusted kind.
pub fn tls(kind: &str) -> Result<(Arc<rustls::ServerConfig>, String), String> {
    let wrong = |e: rcgen::Error| e.to_string();
    let root_key = rcgen::KeyPair::generate().map_err(wrong)?;
    let mut root = rcgen::CertificateParams::default();
    root.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    root.distinguished_name.push(rcgen::DnType::CommonName, "lab root");
    let root_pem = root.self_signed(&root_key).map_err(wrong)?.pem();
    let issuer = rcgen::Issuer::new(root, root_key);
    let names = if kind == "wrong-name" {
        vec!["elsewhere.example".to_owned()]
    } else {
        vec!["127.0.0.1".to_owned(), "::1".to_owned(), crate::namespace::HOST.to_owned()]
    };
    let mut leaf = rcgen::CertificateParams::new(names).map_err(wrong)?;
    if kind == "expired" {
        leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let key = rcgen::KeyPair::generate().map_err(wrong)?;
    let cert = match kind {
        "self-signed" => leaf.self_signed(&key),
        _ => leaf.signed_by(&key, &issuer),
    }
    .map_err(wrong)?;
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).map_err(|e| e.to_string())?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .map_err(|e| e.to_string())?;
    Ok((Arc::new(config), root_pem))
}

/// What a healthy gateway of release 2026.9.6 answers a local caller.
pub fn gateway_answers() -> Vec<Answer> {
    let guard = [
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Permissions-Policy: camera=(), microphone=(self), geolocation=()",
    ];
    let route = |to: &str, kind: &str, body: &str| Answer {
        to: to.into(),
        headers: guard
            .iter()
            .map(|h| h.to_string())
            .chain([format!("Content-Type: {kind}"), "Cache-Control: no-store".into()])
            .collect(),
        body: body.into(),
        ..Answer::default()
    };
    let json = "application/json; charset=utf-8";
    vec![
        Answer {
            to: "upgrade".into(),
            frames: Some(["challenge", "await", "hello"].map(String::from).to_vec()),
            ..Answer::default()
        },
        route("/health", json, r#"{"ok":true,"status":"live"}"#),
        route("/startupz", json, r#"{"ok":true,"status":"started","version":"2026.9.6","uptimeMs":5000}"#),
        route("/readyz", json, r#"{"ready":true,"failing":[],"uptimeMs":5000}"#),
        route(
            "*",
            "text/html; charset=utf-8",
            r#"<!doctype html><html data-openclaw-control-ui-base-path=""><title>OpenClaw</title></html>"#,
        ),
    ]
}
