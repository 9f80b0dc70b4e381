//! Who plays the gateways of a scenario.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use crate::gateway::{Gateway, filled, find, free_port, furnished, release, write_config};
use crate::{frames, stand_in};

/// Who plays the gateways of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cast {
    /// OpenClaw itself.
    Real,
    /// The reference gateway, in a process of its own.
    Reference,
}

impl Cast {
    /// Starts a configuration, and waits until it is ready.
    pub fn start(self, config: &str) -> Result<Gateway, String> {
        let mut gateway = match self {
            Self::Real => Gateway::start(config)?,
            Self::Reference => stand_in(config, "ready")?,
        };
        gateway.wait(true)?;
        Ok(gateway)
    }

    /// Starts a configuration, and returns while it is still starting.
    pub fn catch(self, config: &str) -> Result<Gateway, String> {
        match self {
            Self::Real => Gateway::start_and_catch(config),
            Self::Reference => seen_unready(stand_in(config, "starting")?),
        }
    }

    /// Starts a configuration that an operator suspends.
    pub fn suspend(self, config: &str) -> Result<Gateway, String> {
        match self {
            Self::Real => {
                let gateway = self.start(config)?;
                frames::suspend(&gateway)?;
                Ok(gateway)
            }
            Self::Reference => seen_unready(stand_in(config, "suspended")?),
        }
    }
}

fn seen_unready(mut gateway: Gateway) -> Result<Gateway, String> {
    gateway.wait(false)?;
    Ok(gateway)
}

/// The fingerprint of a gateway's certificate in hex digits, if it has one.
pub fn pin(folder: &Path) -> Option<String> {
    let told = std::fs::read_to_string(folder.join(stand_in::PIN)).ok();
    let of_real = || fingerprint(&folder.join("state/gateway/tls/gateway-cert.pem"));
    told.map(|text| text.trim_start_matches("sha256:").to_owned()).or_else(of_real)
}

/// The fingerprint of the first certificate of a file in hex digits.
pub fn fingerprint(file: &Path) -> Option<String> {
    let certificate = CertificateDer::from_pem_file(file).ok()?;
    Some(data_encoding::HEXLOWER.encode(&Sha256::digest(certificate)))
}

/// The reference gateway with a configuration, in a phase of its life.
fn stand_in(config: &str, phase: &str) -> Result<Gateway, String> {
    let found = find(config)?;
    let (folder, port) = (furnished()?, free_port());
    write_config(&folder, port, found)?;
    let seat = format!("port = {port}\nrelease = '{}'\nphase = '{phase}'", release(config));
    let world = format!("[gateway]\n{seat}\n{}\n", filled(found.reference));
    let command = stand_in::command(folder.path(), &release(config), &world)?;
    Gateway::spawn(command, port, folder)
}
