//! The edge's own connection to the gateway.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Edge;
use super::leg::Leg;
use super::options::Line;
use super::product::Why;

/// Dials the gateway for a client.
///
/// # Errors
/// What the system or TLS says; `TimedOut` after the edge's own patience.
pub async fn dial(edge: &Edge, client: IpAddr) -> io::Result<Box<dyn Leg>> {
    let patience = Duration::from_millis(edge.options.patience_ms);
    tokio::time::timeout(patience, connect(edge, client)).await?
}

/// What the edge says of a gateway it cannot reach.
pub fn why(error: &io::Error) -> Why {
    match error.kind() {
        io::ErrorKind::TimedOut => Why::Silent,
        io::ErrorKind::ConnectionRefused => Why::Refused,
        _ => Why::Broken,
    }
}

async fn connect(edge: &Edge, client: IpAddr) -> io::Result<Box<dyn Leg>> {
    let mut tcp = TcpStream::connect(&edge.options.upstream).await?;
    tcp.set_nodelay(true)?;
    let to = tcp.peer_addr()?;
    if edge.options.line == Line::Sent {
        tcp.write_all(line(client, to).as_bytes()).await?;
    }
    if !edge.options.upstream_tls {
        return Ok(Box::new(tcp));
    }
    let versions = if edge.options.upstream_old_tls { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
    let config = trusting(versions).map_err(io::Error::other)?;
    Ok(Box::new(TlsConnector::from(Arc::new(config)).connect(ServerName::from(to.ip()), tcp).await?))
}

/// The PROXY line about a client; its port is of no concern to anybody.
fn line(client: IpAddr, to: SocketAddr) -> String {
    let family = if client.is_ipv6() { "TCP6" } else { "TCP4" };
    format!("PROXY {family} {client} {} 50000 {}\r\n", to.ip(), to.port())
}

/// TLS that takes every certificate: what `proxy_ssl_verify off` and its like are. The gateway's own is self-signed.
fn trusting(versions: &[&'static SupportedProtocolVersion]) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone(provider))).with_no_client_auth())
}

/// Believes everyone who holds the key of the certificate they show.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
