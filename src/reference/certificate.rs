//! Certificates of every kind a server can show, made on the spot.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::{WantsServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig};

use crate::clock;
use crate::labels;

labels! {
    /// What is right or wrong with a server's certificate.
    pub enum Kind {
        Trusted = "trusted": "Signed by the world's own root, for loopback.",
        SelfSigned = "self-signed": "Signed by its own key, as the gateway's own is.",
        Expired = "expired": "Valid until 2021.",
        NotYetValid = "not-yet-valid": "Valid from 2090.",
        WrongName = "wrong-name": "For elsewhere.example.",
        NoChain = "no-chain": "Signed by an intermediate that is not sent.",
        Huge = "huge": "Trusted, and a megabyte long.",
    }
}

/// The root of one world: what `--ca` names, and whoever signs for it.
pub struct Authority {
    root: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
    pem: String,
}

/// Bytes of the extension that makes a certificate huge.
const HUGE: usize = 1 << 20;
/// An object identifier for that extension, under the arc for examples (RFC 5612 gives 32473 to documentation).
const HUGE_OID: &[u64] = &[1, 3, 6, 1, 4, 1, 32473, 1];

impl Authority {
    /// A fresh root.
    ///
    /// # Errors
    /// What the certificate library says.
    pub fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = ca("reference root")?;
        let root = params.self_signed(&key)?;
        Ok(Self { der: root.der().clone(), pem: root.pem(), root: Issuer::new(params, key) })
    }

    /// The root as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A client's certificate and its key, as PEM: what `--client-cert` and `--client-key` name.
    ///
    /// # Errors
    /// What the certificate library says.
    pub fn client(&self) -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, "reference client");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        Ok((params.signed_by(&key, &self.root)?.pem(), key.serialize_pem()))
    }

    /// A certificate of a kind, for these addresses and names beside loopback.
    ///
    /// # Errors
    /// What the certificate library says.
    pub fn leaf(&self, kind: Kind, names: &[String]) -> Result<Leaf, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let own = match kind {
            Kind::WrongName => vec![String::from("elsewhere.example")],
            _ => ["127.0.0.1", "::1", "localhost"].map(String::from).into_iter().chain(names.iter().cloned()).collect(),
        };
        let mut params = CertificateParams::new(own)?;
        params.distinguished_name.push(DnType::CommonName, "reference");
        match kind {
            Kind::Expired => {
                params.not_before = date_time_ymd(2020, 1, 1);
                params.not_after = date_time_ymd(2021, 1, 1);
            }
            Kind::NotYetValid => params.not_before = date_time_ymd(2090, 1, 1),
            Kind::Huge => {
                params.custom_extensions.push(rcgen::CustomExtension::from_oid_content(HUGE_OID, vec![0; HUGE]));
            }
            Kind::Trusted | Kind::SelfSigned | Kind::WrongName | Kind::NoChain => {}
        }
        let leaf = match kind {
            Kind::SelfSigned => params.self_signed(&key)?,
            Kind::NoChain => {
                let between = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
                params.signed_by(&key, &Issuer::new(ca("reference intermediate")?, between))?
            }
            _ => params.signed_by(&key, &self.root)?,
        };
        Ok(Leaf { chain: vec![leaf.der().clone()], key })
    }
}

/// The certificate that a gateway makes for itself: `CN=openclaw-gateway`, for no name or address, an authority, for ten years.
/// Only a pin can trust it. Source: 2026.9.6, whose key is RSA.
///
/// # Errors
/// What the certificate library says.
pub fn own() -> Result<Leaf, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = ca("openclaw-gateway")?;
    let now = jiff::Timestamp::from_millisecond(clock::wall_ms()).unwrap_or_default();
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year().into();
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year + 10, 1, 1);
    Ok(Leaf { chain: vec![params.self_signed(&key)?.der().clone()], key })
}

/// A server's certificate with the chain that is sent, and its key.
#[derive(Debug)]
pub struct Leaf {
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
}

impl Leaf {
    /// A server's TLS with it, offering these protocols.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn server(&self, alpn: &[&str]) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        self.finish(builder.with_no_client_auth(), alpn)
    }

    /// Like [`Self::server`], with TLS 1.3 alone, as a gateway.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn gateway(&self, alpn: &[&str]) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&rustls::version::TLS13])?;
        self.finish(builder.with_no_client_auth(), alpn)
    }

    /// Like [`Self::server`], for clients with a certificate of this root, and for those without one where it is optional.
    ///
    /// # Errors
    /// What the TLS library says.
    pub fn server_for(&self, clients: &Authority, alpn: &[&str], optional: bool) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(clients.der.clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let verifier = if optional { verifier.allow_unauthenticated() } else { verifier }.build();
        let verifier = verifier.map_err(|why| rustls::Error::General(why.to_string()))?;
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        self.finish(builder.with_client_cert_verifier(verifier), alpn)
    }

    fn finish(
        &self,
        builder: ConfigBuilder<ServerConfig, WantsServerCert>,
        alpn: &[&str],
    ) -> Result<ServerConfig, rustls::Error> {
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let key = builder.crypto_provider().key_provider.load_private_key(key.into())?;
        // Not `with_single_cert`, which takes no certificate that a client could not read.
        let shown = SingleCertAndKey::from(CertifiedKey::new(self.chain.clone(), key));
        let mut config = builder.with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = alpn.iter().map(|p| p.as_bytes().to_vec()).collect();
        Ok(config)
    }

    /// The chain and the key as PEM, for a server that is not ours.
    pub fn pem(&self) -> (String, String) {
        (self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect(), self.key.serialize_pem())
    }

    /// The certificate itself.
    #[cfg(test)]
    pub fn first(&self) -> &[u8] {
        self.chain.first().map(|der| der.as_ref()).unwrap_or_default()
    }

    /// Its SHA-256, as `--pin` takes it.
    pub fn pin(&self) -> String {
        use sha2::{Digest, Sha256};
        let digest = self.chain.first().map(Sha256::digest).unwrap_or_default();
        format!("sha256:{}", data_encoding::HEXLOWER.encode(&digest))
    }
}

/// A block of RFC 7468, whose lines are 64 characters long.
fn pem(label: &str, der: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(der);
    let lines: String = text.as_bytes().chunks(64).map(|line| format!("{}\n", String::from_utf8_lossy(line))).collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

fn ca(name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
