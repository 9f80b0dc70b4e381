//! The edge's own connection to the gateway.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Edge;
use super::leg::Leg;

/// Dials the gateway.
///
/// # Errors
/// What the system or TLS says; `TimedOut` after the edge's own patience.
pub async fn dial(edge: &Edge) -> io::Result<Box<dyn Leg>> {
    let patience = Duration::from_millis(edge.options.patience_ms);
    tokio::time::timeout(patience, connect(edge)).await?
}

async fn connect(edge: &Edge) -> io::Result<Box<dyn Leg>> {
    let tcp = TcpStream::connect(&edge.options.upstream).await?;
    tcp.set_nodelay(true)?;
    if !edge.options.upstream_tls {
        return Ok(Box::new(tcp));
    }
    let name = ServerName::IpAddress(IpAddr::from(tcp.peer_addr()?.ip()));
    let tls = TlsConnector::from(Arc::new(trusting().map_err(io::Error::other)?)).connect(name, tcp).await?;
    Ok(Box::new(tls))
}

/// TLS that takes every certificate: what `proxy_ssl_verify off` and its like are. The gateway's own is self-signed.
fn trusting() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
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
