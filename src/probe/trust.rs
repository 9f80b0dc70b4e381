//! Whether a certificate convinces: the chain is recorded and judged, and the handshake goes on either way.
//!
//! What a certificate leads to is the judge's business, so nothing is refused here; but signatures of the handshake itself
//! are verified, or the certificate would say nothing about the peer.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::facts::tables::tls::Trust;
use crate::target::TlsSettings;

/// The chain a peer showed, leaf first, and whether it convinces.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Certificates as DER.
    pub chain: Vec<CertificateDer<'static>>,
    /// The verdict.
    pub trust: Trust,
}

/// SHA-256 of a certificate, 64 lower-case hex digits.
pub fn fingerprint(leaf: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(leaf))
}

/// What a certificate is held against.
#[derive(Debug)]
pub struct Anchors {
    roots: Arc<RootCertStore>,
    own: Vec<CertificateDer<'static>>,
    pin: Option<String>,
}

impl Anchors {
    /// The system's roots and those of the settings; none at all when a fingerprint is pinned, which then is all that counts.
    pub async fn load(settings: &TlsSettings) -> Self {
        let pin = settings.pin.clone();
        if pin.is_some() {
            return Self { roots: Arc::new(RootCertStore::empty()), own: Vec::new(), pin };
        }
        // Reading the system's store takes milliseconds, which would show up in the timings of other lanes.
        let mut roots = tokio::task::spawn_blocking(system_roots).await.unwrap_or_else(|_| Arc::new(RootCertStore::empty()));
        let own: Vec<_> =
            CertificateDer::pem_slice_iter(settings.ca.as_deref().unwrap_or_default()).filter_map(Result::ok).collect();
        if !own.is_empty() {
            Arc::make_mut(&mut roots).add_parsable_certificates(own.iter().cloned());
        }
        Self { roots, own, pin }
    }

    /// The verdict about a chain for a name.
    fn judge(&self, shown: &[CertificateDer<'_>], name: &ServerName<'_>, now: UnixTime, provider: &CryptoProvider) -> Trust {
        let Some((leaf, rest)) = shown.split_first() else { return Trust::Invalid };
        if let Some(pin) = &self.pin {
            return if fingerprint(leaf).eq_ignore_ascii_case(pin) { Trust::Pinned } else { Trust::PinMismatch };
        }
        if self.roots.is_empty() {
            return Trust::NoRoots;
        }
        let Ok(parsed) = ParsedCertificate::try_from(leaf) else { return Trust::Invalid };
        let algorithms = provider.signature_verification_algorithms.all;
        let chain = if self.own.iter().any(|own| own.as_ref() == leaf.as_ref()) {
            in_time(leaf, now)
        } else {
            verify_server_cert_signed_by_trust_anchor(&parsed, &self.roots, rest, now, algorithms).map_err(|e| of(&e))
        };
        match chain {
            Ok(()) if verify_server_name(&parsed, name).is_err() => Trust::WrongName,
            Ok(()) => Trust::Trusted,
            // A self-signed certificate fails for several reasons at once; this one says what to do about it.
            Err(_) if vouches_for_itself(leaf) => Trust::SelfSigned,
            Err(trust) => trust,
        }
    }
}

/// The system's roots, read once per process.
fn system_roots() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let load = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    };
    ROOTS.get_or_init(load).clone()
}

fn of(error: &Error) -> Trust {
    match error {
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => Trust::Expired,
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            Trust::NotYetValid
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => Trust::UnknownIssuer,
        _ => Trust::Invalid,
    }
}

/// A leaf that the settings name themselves needs no issuer, and may be marked as an authority, as the gateway's own is.
fn in_time(leaf: &[u8], now: UnixTime) -> Result<(), Trust> {
    let (_, certificate) = X509Certificate::from_der(leaf).map_err(|_| Trust::Invalid)?;
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    match certificate.validity() {
        v if v.not_after.timestamp() < now => Err(Trust::Expired),
        v if v.not_before.timestamp() > now => Err(Trust::NotYetValid),
        _ => Ok(()),
    }
}

fn vouches_for_itself(leaf: &[u8]) -> bool {
    X509Certificate::from_der(leaf).is_ok_and(|(_, c)| c.subject().as_raw() == c.issuer().as_raw())
}

/// A verifier that records and judges, and lets every handshake come to its end.
#[derive(Debug)]
pub struct Recorder {
    anchors: Anchors,
    provider: Arc<CryptoProvider>,
    shown: Mutex<Option<Shown>>,
}

impl Recorder {
    /// A recorder for one handshake.
    pub fn new(anchors: Anchors, provider: Arc<CryptoProvider>) -> Self {
        Self { anchors, provider, shown: Mutex::default() }
    }

    /// What was shown, if the handshake came that far.
    pub fn shown(&self) -> Option<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<_> = std::iter::once(leaf).chain(rest).map(|c| c.clone().into_owned()).collect();
        let trust = self.anchors.judge(&chain, name, now, &self.provider);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown { chain, trust });
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, leaf, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    fn authority() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = params("test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn anchors(roots: &[CertificateDer<'static>], pin: Option<&str>) -> Anchors {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        Anchors { roots: Arc::new(store), own: roots.to_vec(), pin: pin.map(str::to_owned) }
    }

    fn judge(anchors: &Anchors, leaf: &CertificateDer<'static>, name: &str) -> Trust {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        anchors.judge(std::slice::from_ref(leaf), &name, UnixTime::now(), &rustls::crypto::ring::default_provider())
    }

    fn signed(params: CertificateParams, by: &CertifiedIssuer<'static, KeyPair>) -> CertificateDer<'static> {
        params.signed_by(&KeyPair::generate().unwrap(), by).unwrap().der().clone()
    }

    #[test]
    fn a_known_issuer_convinces_for_its_name_and_time() {
        let authority = authority();
        let known = anchors(&[authority.der().clone()], None);
        let good = signed(params("gw.example"), &authority);
        assert_eq!(judge(&known, &good, "gw.example"), Trust::Trusted);
        assert_eq!(judge(&known, &good, "other.example"), Trust::WrongName);
        let mut old = params("gw.example");
        (old.not_before, old.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        assert_eq!(judge(&known, &signed(old, &authority), "gw.example"), Trust::Expired);
        let mut early = params("gw.example");
        (early.not_before, early.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
        assert_eq!(judge(&known, &signed(early, &authority), "gw.example"), Trust::NotYetValid);
        let stranger = anchors(&[self::authority().der().clone()], None);
        assert_eq!(judge(&stranger, &good, "gw.example"), Trust::UnknownIssuer);
        assert_eq!(judge(&anchors(&[], None), &good, "gw.example"), Trust::NoRoots);
    }

    #[test]
    fn a_self_signed_leaf_convinces_only_where_it_is_named() {
        let mut own = params("gw.example");
        // As the gateway's own is made.
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let leaf = own.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        assert_eq!(judge(&anchors(&[authority().der().clone()], None), &leaf, "gw.example"), Trust::SelfSigned);
        assert_eq!(judge(&anchors(std::slice::from_ref(&leaf), None), &leaf, "gw.example"), Trust::Trusted);
        assert_eq!(judge(&anchors(std::slice::from_ref(&leaf), None), &leaf, "other.example"), Trust::WrongName);
    }

    #[test]
    fn a_pin_is_all_that_counts() {
        let leaf = params("gw.example").self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone();
        let right = anchors(&[], Some(&fingerprint(&leaf)));
        assert_eq!(judge(&right, &leaf, "other.example"), Trust::Pinned);
        assert_eq!(judge(&anchors(&[], Some(&"0".repeat(64))), &leaf, "gw.example"), Trust::PinMismatch);
    }

    #[test]
    fn nobody_who_vouches_takes_the_place_of_a_pin() {
        let authority = authority();
        let (edge, own) = (signed(params("edge.example"), &authority), signed(params("gw.example"), &self::authority()));
        let pinned = anchors(std::slice::from_ref(authority.der()), Some(&fingerprint(&own)));
        assert_eq!(judge(&pinned, &edge, "edge.example"), Trust::PinMismatch);
        assert_eq!(judge(&pinned, &own, "edge.example"), Trust::Pinned);
    }
}
