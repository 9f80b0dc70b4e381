use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::path::Kind;
use crate::probe::trial::{Trial, answering, peer};

/// A TLS server with a self-signed certificate, and its fingerprint.
async fn secured() -> (std::net::SocketAddr, String) {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![String::from("gw.example")]).unwrap().self_signed(&key).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let at = peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 512]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
        }
    });
    (at.await, crate::probe::trust::fingerprint(leaf.der()))
}

fn trial(at: std::net::SocketAddr, scheme: Scheme, pin: &str) -> Trial {
    let mut trial = Trial::new(Kind::Edge, at.port()).host("gw.example").peer(at);
    trial.way.endpoint.scheme = scheme;
    trial.target.tls.pin = Some(pin.to_owned());
    trial
}

#[tokio::test]
async fn a_pinned_certificate_leaves_the_lane_trusted() {
    let (at, print) = secured().await;
    let mut right = trial(at, Scheme::Wss, &print);
    assert!(right.run(run).await && !right.lane.untrusted);
    for (field, text) in
        [("outcome", "established"), ("trust", "pinned"), ("version", "1.3"), ("chain", "1"), ("alert", "absent")]
    {
        assert_eq!(right.text("tls", &[("purpose", "use")], field), text, "{field}");
    }
    let mut wrong = trial(at, Scheme::Wss, &"0".repeat(64));
    assert!(wrong.run(run).await && wrong.lane.untrusted);
    assert_eq!(wrong.text("tls", &[], "trust"), "pin-mismatch");
    assert_eq!(wrong.text("tls", &[], "fingerprint"), print);
}

#[tokio::test]
async fn a_request_goes_through_tls_and_marks_the_lane_too() {
    let (at, _) = secured().await;
    let mut trial = trial(at, Scheme::Wss, &"0".repeat(64));
    assert!(trial.run(crate::probe::http::run).await);
    assert_eq!(trial.text("http", &[], "status"), "200");
    assert!(trial.lane.untrusted);
}

#[tokio::test]
async fn a_plain_peer_blocks_the_lane() {
    let (at, _heard) = answering("").await;
    let mut trial = trial(at, Scheme::Wss, "");
    // The peer waits for an empty line that never comes, so its time has to end.
    trial.own = std::time::Duration::from_millis(80);
    assert!(!trial.run(run).await);
    assert_eq!(trial.text("tls", &[], "outcome"), "silent");
    assert_eq!(trial.lane.blocked.as_deref(), Some("tls@here/edge.outcome"));
}

#[tokio::test]
async fn plain_ways_are_cross_checked_only_on_suspicion() {
    let (at, _) = secured().await;
    let mut calm = trial(at, Scheme::Ws, "").with("purpose", "cross-check");
    assert!(calm.run(run).await && calm.rows("tls").is_empty());
    let mut wary = trial(at, Scheme::Ws, &"0".repeat(64)).with("purpose", "cross-check");
    wary.lane.suspects_tls = true;
    assert!(wary.run(run).await && !wary.lane.untrusted);
    assert_eq!(wary.text("tls", &[("purpose", "cross-check")], "outcome"), "established");
    let mut plain = trial(at, Scheme::Ws, "");
    assert!(plain.run(run).await && plain.rows("tls").is_empty());
}

/// A peer that speaks one version and asks for a client certificate of this root; without one it lets nobody in, or anybody.
async fn demanding(
    version: &'static rustls::SupportedProtocolVersion,
    root: &rcgen::Certificate,
    optional: bool,
) -> std::net::SocketAddr {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![String::from("gw.example")]).unwrap().self_signed(&key).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let verifier = if optional { verifier.allow_unauthenticated() } else { verifier };
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    })
    .await
}

/// What a handshake with a demanding peer comes to, on a path of a kind, with a certificate of one's own or without.
async fn asked(kind: Kind, at: std::net::SocketAddr, client: Option<(Vec<u8>, crate::secret::Secret)>) -> [String; 3] {
    let mut trial = trial(at, Scheme::Wss, "");
    trial.way.kind = kind;
    trial.target.tls.client = client;
    trial.run(run).await;
    ["outcome", "client-certificate", "alert"].map(|field| trial.text("tls", &[], field))
}

#[tokio::test]
async fn a_demand_for_a_client_certificate_is_seen_in_either_version() {
    let key = KeyPair::generate().unwrap();
    let root = CertificateParams::new(vec![String::from("client")]).unwrap().self_signed(&key).unwrap();
    let own = || Some((root.pem().into_bytes(), crate::secret::Secret::new(key.serialize_pem())));
    let words = |[outcome, shown, alert]: [&str; 3]| [outcome.to_owned(), shown.to_owned(), alert.to_owned()];
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let strict = demanding(version, &root, false).await;
        // In TLS 1.3 the client is done before the peer says no.
        assert_eq!(asked(Kind::Edge, strict, None).await, words(["alert", "withheld", "certificate_required"]), "{version:?}");
        let [outcome, shown, _] = asked(Kind::Edge, strict, own()).await;
        assert_eq!((outcome.as_str(), shown.as_str()), ("established", "shown"), "{version:?}");
        let direct = asked(Kind::Lan, strict, own()).await;
        assert_eq!(direct[1], "withheld", "{version:?}: a gateway gets to see no client certificate");
        let lenient = demanding(version, &root, true).await;
        assert_eq!(asked(Kind::Edge, lenient, None).await, words(["established", "withheld", "absent"]), "{version:?}");
    }
    let (at, _) = secured().await;
    assert_eq!(asked(Kind::Edge, at, own()).await, words(["established", "not-asked", "absent"]));
}
