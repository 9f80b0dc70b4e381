//! Whether the client's certificate and its key go together: known before the first packet, when a mistake is still cheap.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use crate::target::TlsSettings;

/// Whether certificate and key of the settings go together.
///
/// # Errors
/// What is wrong with them.
pub fn check(settings: &TlsSettings) -> Result<(), String> {
    let Some((chain, key)) = &settings.client else { return Ok(()) };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    let no_key = |_| String::from("no key without a passphrase in it");
    let key = PrivateKeyDer::from_pem_slice(key.reveal().as_bytes()).map_err(no_key)?;
    let fits = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider());
    fits.map(drop).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => String::from("the key belongs to another certificate"),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;
    use crate::secret::Secret;

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
