//! TLS as with 2026.9.6: 1.3 alone, and a certificate that only a pin can trust.

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::*;
use crate::reference::certificate::{Authority, Kind, own};

fn trusting(authority: &Authority, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    let pem = <rustls::pki_types::CertificateDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice;
    roots.add(pem(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn only_tls_1_3_is_spoken_and_plain_text_ends_without_a_byte() {
    let authority = Authority::new().unwrap();
    let config = authority.leaf(Kind::Trusted, &[]).unwrap().gateway(&["http/1.1"]).unwrap();
    let gateway = stand_behind(Options::default(), Some(Arc::new(config)));
    assert_eq!(gateway.raw(request("GET /health", &[]).as_bytes()).await, "");
    let name = || ServerName::try_from("127.0.0.1").unwrap();
    let old = trusting(&authority, &[&rustls::version::TLS12]);
    let error = old.connect(name(), gateway.dial().await).await.unwrap_err().to_string();
    assert!(error.contains("ProtocolVersion"), "{error}");
    let current = trusting(&authority, &[&rustls::version::TLS13]);
    let mut stream = current.connect(name(), gateway.dial().await).await.unwrap();
    stream.write_all(request("GET /health", &["Connection: close"]).as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    assert!(heard.ends_with(br#"{"ok":true,"status":"live"}"#));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_come_is_waited_for_as_node_does() {
    let config = Authority::new().unwrap().leaf(Kind::Trusted, &[]).unwrap().gateway(&["http/1.1"]).unwrap();
    let gateway = stand_behind(Options::default(), Some(Arc::new(config)));
    // Nothing at all, and the head of a record that never follows.
    for said in [&b""[..], &[22, 3, 1, 2, 0, 1]] {
        let begun = crate::clock::now();
        assert_eq!(gateway.raw(said).await, "");
        assert_eq!(begun.elapsed().as_secs(), 120);
    }
}

#[test]
fn the_gateways_own_certificate_names_nobody() {
    let own = own().unwrap();
    let (_, certificate) = X509Certificate::from_der(own.first()).unwrap();
    assert_eq!(certificate.subject().to_string(), "CN=openclaw-gateway");
    assert_eq!(certificate.issuer(), certificate.subject());
    assert!(certificate.subject_alternative_name().unwrap().is_none() && certificate.is_ca());
    assert!(certificate.validity().is_valid());
}
