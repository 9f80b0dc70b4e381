//! TLS in front of the edge and behind it.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

/// A client that believes the world's root; with a certificate of its own, or without.
pub(super) fn believer(authority: &Authority, own: bool, alpn: &[&str]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let mut config = if own {
        let (cert, key) = authority.client().unwrap();
        let chain = vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()];
        builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
    } else {
        builder.with_no_client_auth()
    };
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    config
}

pub(super) async fn shake(lab: &Lab, name: &str, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, lab.dial().await).await
}

async fn plainly(lab: &Lab) -> std::io::Result<TlsStream<TcpStream>> {
    shake(lab, "localhost", believer(&lab.authority, false, &["http/1.1"])).await
}

async fn ask(mut stream: TlsStream<TcpStream>) -> std::io::Result<String> {
    stream.write_all(GET.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn a_right_edge_ends_tls_and_says_so_to_the_gateway() {
    let mut lab = Lab::new(with("tls = 'trusted'")).await;
    assert_eq!(ask(plainly(&lab).await.unwrap()).await.unwrap(), LIVE);
    assert_eq!(lab.head().await.get("x-forwarded-proto"), Some("https"));
    let mut tls = plainly(&lab).await.unwrap();
    assert_eq!(answer(&mut tls, UPGRADE).await.status(), Some(101));
    assert!(echoes(&mut tls).await);
}

#[tokio::test]
async fn each_wrong_certificate_is_refused_for_its_own_reason() {
    for (kind, reason) in [
        ("self-signed", "CaUsedAsEndEntity|UnknownIssuer"),
        ("expired", "Expired"),
        ("not-yet-valid", "NotValidYet"),
        ("wrong-name", "NotValidForName|not valid for name"),
        ("no-chain", "UnknownIssuer"),
    ] {
        let lab = Lab::new(with(&format!("tls = '{kind}'"))).await;
        let error = format!("{:?}", plainly(&lab).await.unwrap_err());
        assert!(reason.split('|').any(|word| error.contains(word)), "{kind}: {error}");
    }
}

#[tokio::test]
async fn plain_text_at_a_tls_port_is_answered_as_the_product_does() {
    for (product, said) in [
        ("plain", ""),
        ("haproxy", ""),
        ("envoy", ""),
        ("nginx", "HTTP/1.1 400 Bad Request\r\n"),
        ("caddy", "HTTP/1.0 400 Bad Request\r\n"),
        ("traefik", "HTTP/1.1 404 Not Found\r\n"),
    ] {
        let lab = Lab::new(with(&format!("tls = 'trusted'\nproduct = '{product}'"))).await;
        let got = lab.say(GET).await;
        assert!(if said.is_empty() { got.is_empty() } else { got.starts_with(said) }, "{product}: {got}");
    }
}

#[tokio::test]
async fn tls_twice_ends_what_is_not_tls_again() {
    let mut lab = Lab::new(with("tls = 'trusted'\ntls-twice = true")).await;
    assert_eq!(ask(plainly(&lab).await.unwrap()).await.unwrap(), "");
    assert!(lab.unasked());
}

#[tokio::test]
async fn a_name_without_a_site_is_refused_in_the_handshake() {
    let lab = Lab::new(with("tls = 'trusted'\nstrict-names = true\nsites = ['localhost']")).await;
    assert_eq!(ask(plainly(&lab).await.unwrap()).await.unwrap().get(9..12), Some("404"), "the Host header still counts");
    let error = shake(&lab, "other.example", believer(&lab.authority, false, &[])).await.unwrap_err();
    assert!(format!("{error:?}").contains("UnrecognisedName"), "{error:?}");
}

#[tokio::test]
async fn a_client_without_a_certificate_is_let_in_only_where_none_is_asked() {
    let mut lab = Lab::new(with("tls = 'trusted'\nclient-certificate = true")).await;
    let refused = match plainly(&lab).await {
        Ok(stream) => ask(stream).await.unwrap_err(),
        Err(error) => error,
    };
    assert!(format!("{refused:?}").contains("CertificateRequired"), "{refused:?}");
    assert!(lab.unasked());
    let own = believer(&lab.authority, true, &[]);
    assert_eq!(ask(shake(&lab, "localhost", own).await.unwrap()).await.unwrap(), LIVE);
}

#[tokio::test]
async fn a_gateway_with_tls_is_reached_whatever_its_certificate_and_not_by_plain_text() {
    let lab = Lab::before(with("upstream-tls = true"), true).await;
    assert_eq!(lab.say(GET).await, LIVE);
    let mut tcp = lab.switched().await;
    assert!(echoes(&mut tcp).await);
    let lab = Lab::before(Options::default(), true).await;
    assert!(lab.say(GET).await.starts_with("HTTP/1.1 502 "));
    let lab = Lab::before(with("upstream-tls = true"), false).await;
    assert!(lab.say(GET).await.starts_with("HTTP/1.1 502 "), "TLS to a plain port");
}
