//! A TLS handshake, and everything it shows.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, InvalidMessage, ProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::client::Identity;
use super::socket::Stream;
use super::tap::{End, Log, Tap};
use super::trust::{self, Anchors, Recorder, Shown};
use crate::clock::{self, Deadline};
use crate::facts::tables::tls::{Handshake, Identified, Refusal, Trust};
use crate::facts::{Because, Reason};
use crate::target::{Endpoint, TlsSettings};

/// How much of what comes is kept, to tell plain text from TLS.
const MOST_HEAD: usize = 256;

/// The longest plain-text beginning that is quoted, in characters.
const LONGEST_QUOTE: usize = 80;

/// How long a peer may take to say what it has against a client without a certificate: one round trip, and its own time.
const LONGEST_OBJECTION: Duration = Duration::from_secs(1);

/// What a handshake showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// How it ended.
    pub outcome: Handshake,
    /// The certificate, if the handshake came that far.
    pub certificate: Option<Certificate>,
    /// TLS version, as in `1.3`.
    pub version: Option<&'static str>,
    /// The application protocol chosen.
    pub alpn: Option<String>,
    /// Whether the peer asked for the client's certificate, and got it.
    pub identified: Identified,
    /// Time it took.
    pub after: Duration,
    /// The alert, the first words of a plain-text answer, or what was wrong. A peer's words: to be redacted.
    pub alert: Option<String>,
}

/// A certificate as shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Certificate {
    /// Whether it convinces.
    pub trust: Trust,
    /// SHA-256, 64 lower-case hex digits.
    pub fingerprint: String,
    /// Subject.
    pub subject: Option<String>,
    /// Issuer.
    pub issuer: Option<String>,
    /// Alternative names, joined by a blank.
    pub names: Option<String>,
    /// Milliseconds until it expires; negative when it has.
    pub expires_in_ms: Option<f64>,
    /// Number of certificates shown.
    pub chain: usize,
}

/// Why there is no secured stream.
#[derive(Debug)]
pub enum Failure {
    /// The handshake failed; what was seen says how.
    Handshake(Box<Seen>),
    /// There was no handshake, or the run's time ended it.
    NotMeasured(Because),
}

impl Seen {
    /// What the alert says, if that is how it ended.
    pub fn refusal(&self) -> Option<Refusal> {
        self.alert.as_deref().filter(|_| self.outcome == Handshake::Alert).map(Refusal::of)
    }

    /// Whether a credential may pass: the certificate convinces, or its fingerprint is the pinned one.
    pub fn convinces(&self) -> bool {
        self.certificate.as_ref().is_some_and(|c| matches!(c.trust, Trust::Trusted | Trust::Pinned))
    }
}

/// Makes a handshake as the endpoint's host (no name is sent for an address), offering these application protocols.
///
/// A certificate that does not convince is no failure: it stands in [`Seen`], and no credential may follow.
pub async fn secure(
    stream: impl Stream + 'static,
    endpoint: &Endpoint,
    settings: &TlsSettings,
    alpn: &[&str],
    deadline: &Deadline,
) -> Result<(Box<dyn Stream>, Seen), Failure> {
    let not_ready = |because: String| Failure::NotMeasured(Because::new(Reason::Unsupported, because));
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|_| not_ready(String::from("TLS can only ask for a host name or an address.")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let recorder = Arc::new(Recorder::new(Anchors::load(settings).await, provider.clone()));
    let identity = Arc::new(Identity::load(settings, &provider).map_err(not_ready)?);
    let mut config = config(provider, recorder.clone(), identity.clone()).map_err(not_ready)?;
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    let (tap, gauge) = Tap::new(stream, MOST_HEAD);
    let begun = clock::now();
    let ended = tokio::time::timeout_at(deadline.at(), TlsConnector::from(Arc::new(config)).connect(name, tap)).await;
    let after = clock::now() - begun;
    let certificate = recorder.shown().map(|shown| read(&shown));
    let identified = identity.told();
    let seen = |outcome, alert| Seen { outcome, certificate, version: None, alpn: None, identified, after, alert };
    match ended {
        Ok(Ok(stream)) => {
            let (_, connection) = stream.get_ref();
            let seen = Seen {
                version: connection.protocol_version().and_then(version),
                alpn: connection.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
                ..seen(Handshake::Established, None)
            };
            Ok((Box::new(stream), seen))
        }
        Ok(Err(error)) => {
            let (outcome, alert) = failure(&error, &gauge.read());
            Err(Failure::Handshake(Box::new(seen(outcome, alert))))
        }
        Err(_) if !deadline.is_own() => Err(Failure::NotMeasured(Reason::Deadline.into())),
        Err(_) if gauge.read().bytes == 0 => Err(Failure::Handshake(Box::new(seen(Handshake::Silent, None)))),
        Err(_) => Err(Failure::Handshake(Box::new(seen(Handshake::Stalled, None)))),
    }
}

fn config(
    provider: Arc<rustls::crypto::CryptoProvider>,
    recorder: Arc<Recorder>,
    identity: Arc<Identity>,
) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| format!("No TLS version is usable: {e}."))?
        .dangerous()
        .with_custom_certificate_verifier(recorder);
    let mut config = builder.with_client_cert_resolver(identity);
    // A resumed session shows no certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Waits for what a peer says of a client without a certificate that it asked for. TLS 1.3 lets the client finish first, so the
/// alert comes after the handshake; a peer that has no objection ends when we do.
pub async fn objection(mut stream: Box<dyn Stream>, deadline: &Deadline) -> Option<String> {
    let rest = async {
        // What cannot be said to a peer that has left already does not matter; what it said before does.
        let _ = stream.shutdown().await;
        let mut bytes = [0; MOST_HEAD];
        loop {
            match stream.read(&mut bytes).await {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => return alert(&error),
            }
        }
    };
    tokio::time::timeout_at(deadline.at().min(clock::now() + LONGEST_OBJECTION), rest).await.ok().flatten()
}

/// The alert that a peer ended with, if that is what it did.
fn alert(error: &io::Error) -> Option<String> {
    match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => Some(snake(&format!("{alert:?}"))),
        _ => None,
    }
}

fn version(version: ProtocolVersion) -> Option<&'static str> {
    match version {
        ProtocolVersion::TLSv1_2 => Some("1.2"),
        ProtocolVersion::TLSv1_3 => Some("1.3"),
        _ => None,
    }
}

fn read(shown: &Shown) -> Certificate {
    let leaf = shown.chain.first().map(AsRef::as_ref).unwrap_or_default();
    let parsed = X509Certificate::from_der(leaf).ok().map(|(_, c)| c);
    let names = parsed.as_ref().and_then(|c| c.subject_alternative_name().ok().flatten()).map(|san| {
        let names: Vec<String> = san.value.general_names.iter().filter_map(alternative).collect();
        names.join(" ")
    });
    let left = |c: &X509Certificate<'_>| c.validity().not_after.timestamp() as f64 * 1_000.0 - clock::wall_ms() as f64;
    Certificate {
        trust: shown.trust,
        fingerprint: trust::fingerprint(leaf),
        subject: parsed.as_ref().map(|c| c.subject().to_string()),
        issuer: parsed.as_ref().map(|c| c.issuer().to_string()),
        names: names.filter(|n| !n.is_empty()),
        expires_in_ms: parsed.as_ref().map(left),
        chain: shown.chain.len(),
    }
}

fn alternative(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(String::from(*name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| std::net::Ipv4Addr::from(b).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// How a failed handshake ended: by the alert if there was one, else by what came.
fn failure(error: &io::Error, log: &Log) -> (Handshake, Option<String>) {
    if let Some(alert) = alert(error) {
        return (Handshake::Alert, Some(alert));
    }
    let inner = error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
    if let Some(rustls::Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge)) = inner {
        return (Handshake::TooLong, None);
    }
    match log.head.as_slice() {
        [] if log.end == Some(End::Closed) => (Handshake::ClosedEmpty, None),
        [] if log.end == Some(End::Reset) || inner.is_none() => (Handshake::Reset, None),
        head if is_text(head) => (Handshake::PlainText, Some(first_words(head))),
        _ => (Handshake::Broken, Some(error.to_string())),
    }
}

/// `UnrecognisedName` as the standard (RFC 8446, section 6) spells it: `unrecognized_name`.
fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.replace("unrecognised", "unrecognized")
}

/// A TLS record begins with a byte between 20 and 24, which no text does.
fn is_text(head: &[u8]) -> bool {
    !head.is_empty() && head.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
}

fn first_words(head: &[u8]) -> String {
    let line = head.split(|b| matches!(b, b'\r' | b'\n')).next().unwrap_or_default();
    String::from_utf8_lossy(line).chars().take(LONGEST_QUOTE).collect()
}

#[cfg(test)]
mod tests;
