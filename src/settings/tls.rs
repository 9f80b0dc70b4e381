//! How TLS is to be verified and spoken: `--ca`, `--pin`, `--client-cert`, `--client-key`.

use std::path::Path;

use x509_parser::pem::Pem;

use super::Flags;
use super::files;
use super::given::Given;
use super::vault::Vault;
use crate::complaint::Complaint;
use crate::target::TlsSettings;

/// Reads the flags.
///
/// # Errors
/// A complaint about a file or a pin.
pub fn read(flags: &Flags, vault: &mut Vault) -> Result<TlsSettings, Complaint> {
    let ca = flags.ca.as_deref().map(|path| pem("--ca", path, "CERTIFICATE")).transpose()?.map(String::into_bytes);
    let pin = flags.pin.as_deref().map(|text| pin_flag(&Given::flag("--pin", text))).transpose()?;
    let client = match (&flags.client_cert, &flags.client_key) {
        (Some(cert), Some(key)) => {
            let chain = pem("--client-cert", cert, "CERTIFICATE")?.into_bytes();
            Some((chain, vault.keep(&pem("--client-key", key, "PRIVATE KEY")?)))
        }
        (None, None) => None,
        (Some(one), None) => return Err(alone("--client-cert", one, "--client-key")),
        (None, Some(one)) => return Err(alone("--client-key", one, "--client-cert")),
    };
    Ok(TlsSettings { ca, pin, client, pin_or_roots: false })
}

/// Reads a PEM file that holds at least one block whose label ends so (`RSA PRIVATE KEY` is a private key, too), and no broken one.
fn pem(flag: &str, path: &Path, label: &str) -> Result<String, Complaint> {
    let text = files::named(flag, path)?;
    let blocks: Result<Vec<Pem>, _> = Pem::iter_from_buffer(text.as_bytes()).collect();
    if blocks.is_ok_and(|all| all.iter().any(|b| b.label.ends_with(label))) {
        return Ok(text);
    }
    let what = label.to_lowercase();
    let shown = path.display().to_string();
    Err(Given::flag(flag, &shown).wrong_all(format!("the file named by {flag} holds no {what} in PEM"), format!("no {what}")))
}

fn alone(flag: &str, path: &Path, other: &str) -> Complaint {
    let shown = path.display().to_string();
    Given::flag(flag, &shown).wrong_all(format!("{flag} needs {other} beside it"), format!("add {other} FILE"))
}

fn pin_flag(given: &Given<'_>) -> Result<String, Complaint> {
    let digits = given.text.strip_prefix("sha256:").unwrap_or(given.text);
    let from = given.text.len() - digits.len();
    if let Some((at, bad)) = digits.char_indices().find(|(_, c)| !c.is_ascii_hexdigit() && *c != ':') {
        let span = from + at..from + at + bad.len_utf8();
        return Err(given.wrong("a pin is the SHA-256 of the certificate in hexadecimal", span, "not a hex digit"));
    }
    pin(given.text).ok_or_else(|| {
        let got = digits.bytes().filter(u8::is_ascii_hexdigit).count();
        given.wrong_all("a pin is the SHA-256 of the certificate in hexadecimal", format!("{got} hex digits, not 64"))
    })
}

/// 64 lower-case hex digits from `sha256:HEX`, `HEX` or hex with colons.
pub fn pin(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let hex: String = text.strip_prefix("sha256:").unwrap_or(&text).chars().filter(|c| *c != ':').collect();
    (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}
