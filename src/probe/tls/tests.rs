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
