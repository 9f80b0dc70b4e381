use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::facts::tables::path::Scheme;

fn deadline(ms: u64) -> Deadline {
    Deadline::new(Duration::from_millis(ms), clock::now() + Duration::from_secs(60))
}

/// A self-signed leaf for a name, its server and its fingerprint.
fn server(name: &str, alpn: &[&str], versions: &[&'static rustls::SupportedProtocolVersion]) -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
    (Arc::new(config), trust::fingerprint(leaf.der()))
}

/// A handshake with a peer that does `work` on the one connection it accepts.
async fn shake<F: Future<Output = ()> + Send + 'static>(
    settings: &TlsSettings,
    alpn: &[&str],
    ms: u64,
    work: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Result<(Box<dyn Stream>, Seen), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = listener.local_addr().unwrap();
    tokio::spawn(async move { work(listener.accept().await.unwrap().0).await });
    let endpoint = Endpoint {
        scheme: Scheme::Wss,
        host: String::from("gw.example"),
        port: peer.port(),
        path: String::from("/"),
        query: None,
    };
    secure(TcpStream::connect(peer).await.unwrap(), &endpoint, settings, alpn, &deadline(ms)).await
}

fn seen(result: Result<(Box<dyn Stream>, Seen), Failure>) -> Seen {
    match result {
        Ok((_, seen)) => seen,
        Err(Failure::Handshake(seen)) => *seen,
        Err(Failure::NotMeasured(because)) => panic!("{because}"),
    }
}

fn accept(config: Arc<ServerConfig>) -> impl FnOnce(TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send {
    move |stream| {
        Box::pin(async move {
            if let Ok(mut stream) = TlsAcceptor::from(config).accept(stream).await {
                let _ = stream.read(&mut [0; 8]).await;
            }
        })
    }
}

#[tokio::test]
async fn an_established_handshake_shows_everything() {
    let (config, print) = server("gw.example", &["h2", "http/1.1"], rustls::ALL_VERSIONS);
    let pinned = TlsSettings { pin: Some(print.clone()), ..TlsSettings::default() };
    let seen = seen(shake(&pinned, &["http/1.1"], 5_000, accept(config)).await);
    let certificate = seen.certificate.clone().unwrap();
    assert_eq!((seen.outcome, seen.version, seen.alpn.as_deref()), (Handshake::Established, Some("1.3"), Some("http/1.1")));
    assert_eq!((certificate.trust, certificate.fingerprint, certificate.chain), (Trust::Pinned, print, 1));
    assert_eq!(certificate.names.as_deref(), Some("gw.example"));
    assert!(certificate.expires_in_ms.unwrap() > 0.0 && seen.convinces());
}

#[tokio::test]
async fn a_wrong_pin_and_a_self_signed_leaf_do_not_convince() {
    let (config, _) = server("gw.example", &[], &[&rustls::version::TLS12]);
    let pinned = TlsSettings { pin: Some("0".repeat(64)), ..TlsSettings::default() };
    let wrong = seen(shake(&pinned, &[], 5_000, accept(config.clone())).await);
    assert_eq!(wrong.certificate.as_ref().unwrap().trust, Trust::PinMismatch);
    assert_eq!((wrong.version, wrong.alpn.as_deref(), wrong.convinces()), (Some("1.2"), None, false));
    // One root of our own, so that the verdict does not depend on the machine's store.
    let other = CertificateParams::new(vec![]).unwrap().self_signed(&KeyPair::generate().unwrap()).unwrap();
    let rooted = TlsSettings { ca: Some(other.pem().into_bytes()), ..TlsSettings::default() };
    let own = seen(shake(&rooted, &[], 5_000, accept(config)).await);
    assert_eq!((own.certificate.unwrap().trust, own.outcome), (Trust::SelfSigned, Handshake::Established));
}

#[tokio::test]
async fn plain_text_is_quoted() {
    let seen = seen(
        shake(&TlsSettings::default(), &[], 5_000, |mut stream| async move {
            let _ = stream.read(&mut [0; 512]).await;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await.unwrap();
        })
        .await,
    );
    assert_eq!((seen.outcome, seen.alert.as_deref()), (Handshake::PlainText, Some("HTTP/1.1 400 Bad Request")));
}

#[tokio::test]
async fn an_alert_is_named() {
    let seen = seen(
        shake(&TlsSettings::default(), &[], 5_000, |mut stream| async move {
            let _ = stream.read(&mut [0; 512]).await;
            // Fatal, unrecognized_name (112), as HAProxy's strict-sni sends it.
            stream.write_all(&[0x15, 3, 3, 0, 2, 2, 112]).await.unwrap();
            let _ = stream.read(&mut [0; 512]).await;
        })
        .await,
    );
    assert_eq!((seen.outcome, seen.alert.as_deref()), (Handshake::Alert, Some("unrecognized_name")));
}

#[tokio::test]
async fn an_early_end_is_told_by_its_manner() {
    let settings = TlsSettings::default();
    let closed = shake(&settings, &[], 5_000, |mut stream| async move {
        let _ = stream.read(&mut [0; 2048]).await;
    });
    assert_eq!(seen(closed.await).outcome, Handshake::ClosedEmpty);
    let reset = shake(&settings, &[], 5_000, |stream| async move {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    });
    assert_eq!(seen(reset.await).outcome, Handshake::Reset);
    let broken = shake(&settings, &[], 5_000, |mut stream| async move {
        let _ = stream.read(&mut [0; 2048]).await;
        stream.write_all(&[0, 1, 2, 3, 0xff, 0xfe, 0, 0, 0, 0]).await.unwrap();
    });
    assert_eq!(seen(broken.await).outcome, Handshake::Broken);
    let begun = shake(&settings, &[], 200, |mut stream| async move {
        stream.write_all(&[0x16, 3, 3, 0, 9]).await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    assert_eq!(seen(begun.await).outcome, Handshake::Stalled);
    let (hold, release) = tokio::sync::oneshot::channel::<()>();
    let silent = shake(&settings, &[], 100, |_stream| async move {
        let _ = release.await;
        drop(_stream);
    });
    assert_eq!(seen(silent.await).outcome, Handshake::Silent);
    drop(hold);
}

#[tokio::test]
async fn the_runs_end_is_no_finding() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = listener.local_addr().unwrap();
    let endpoint =
        Endpoint { scheme: Scheme::Wss, host: peer.ip().to_string(), port: peer.port(), path: String::from("/"), query: None };
    let deadline = Deadline::new(Duration::from_secs(9), clock::now() + Duration::from_millis(50));
    let ended = secure(TcpStream::connect(peer).await.unwrap(), &endpoint, &TlsSettings::default(), &[], &deadline).await;
    assert!(matches!(ended, Err(Failure::NotMeasured(Because { reason: Reason::Deadline, .. }))));
}

#[tokio::test]
async fn a_useless_client_certificate_is_said() {
    let client = Some((b"nothing".to_vec(), crate::secret::Secret::new("nothing")));
    let settings = TlsSettings { client, ..TlsSettings::default() };
    let Err(Failure::NotMeasured(because)) = shake(&settings, &[], 1_000, |_| async {}).await else { panic!() };
    assert!(because.because.starts_with("The client certificate cannot be used"), "{because}");
}
