//! The client's own certificate, and whether a peer asks for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

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

fn certified(chain: &[u8], key: &Secret, provider: &CryptoProvider) -> Result<CertifiedKey, String> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(|e| e.to_string())?;
    CertifiedKey::from_der(chain, key, provider).map_err(|e| e.to_string())
}
