//! The client's own certificate, and whether a peer asks for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys, SignatureScheme};

use crate::facts::tables::tls::Identified;
use crate::secret::Secret;
use crate::target::TlsSettings;

/// What a handshake shows of the client, and whether it was asked to.
#[derive(Debug)]
pub struct Identity {
    own: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl Identity {
    /// The certificate of the settings, if they have one.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn load(settings: &TlsSettings, provider: &CryptoProvider) -> Result<Self, String> {
        let own = settings.client.as_ref().map(|(chain, key)| certified(chain, key, provider)).transpose();
        let own = own.map_err(|why| format!("The client certificate cannot be used: {why}."))?;
        Ok(Self { own: own.map(Arc::new), asked: AtomicBool::new(false) })
    }

    /// What the peer asked for and got.
    pub fn told(&self) -> Identified {
        match (self.asked.load(Ordering::Relaxed), &self.own) {
            (false, _) => Identified::NotAsked,
            (true, None) => Identified::Withheld,
            (true, Some(_)) => Identified::Shown,
        }
    }
}

impl ResolvesClientCert for Identity {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.own.clone()
    }

    fn has_certs(&self) -> bool {
        self.own.is_some()
    }
}

/// Whether certificate and key of the settings go together; why not otherwise.
///
/// # Errors
/// What is wrong with them.
pub fn check(settings: &TlsSettings) -> Result<(), String> {
    let Some((chain, key)) = &settings.client else { return Ok(()) };
    certified(chain, key, &rustls::crypto::ring::default_provider()).map(drop)
}

fn certified(chain: &[u8], key: &Secret, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let key =
        PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(|_| String::from("no key without a passphrase in it"))?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => String::from("the key belongs to another certificate"),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["client".to_owned()]).unwrap().self_signed(&key).unwrap();
        (leaf.pem(), key.serialize_pem())
    }

    fn checked(cert: &str, key: &str) -> Result<(), String> {
        let client = Some((cert.as_bytes().to_vec(), Secret::new(key)));
        check(&TlsSettings { client, ..TlsSettings::default() })
    }

    #[test]
    fn a_key_that_belongs_to_another_certificate_is_found_out() {
        let ((cert, key), (_, other)) = (pair(), pair());
        assert_eq!(checked(&cert, &key), Ok(()));
        assert_eq!(checked(&cert, &other), Err("the key belongs to another certificate".into()));
        let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(checked(&cert, &locked), Err("no key without a passphrase in it".into()));
        assert_eq!(check(&TlsSettings::default()), Ok(()));
    }
}
