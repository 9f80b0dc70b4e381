//! How TLS is to be verified and spoken: `--ca`, `--pin`, `--client-cert`, `--client-key`.

use std::collections::BTreeMap;
use std::path::Path;

use x509_parser::pem::Pem;

use super::Flags;
use super::config::Config;
use super::files;
use super::given::Given;
use super::vault::Vault;
use super::ways::REMOTE_URL;
use crate::complaint::Complaint;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::site::Source;
use crate::target::{TlsSettings, Way};

/// The key that pins the certificate of a gateway on another machine.
const FINGERPRINT: &str = "gateway.remote.tlsFingerprint";

/// What stands for the path of `--gateway` in `--pin`, whatever its kind.
const GATEWAY: &str = "gateway";

/// Reads the flags, and the configuration's fingerprint where that is the gateway asked.
///
/// # Errors
/// A complaint about a file or a pin.
pub fn read(flags: &Flags, config: &Config, ways: &[Way], vault: &mut Vault) -> Result<TlsSettings, Complaint> {
    let ca = flags.ca.as_deref().map(|path| pem("--ca", path, "CERTIFICATE")).transpose()?.map(String::into_bytes);
    let (mut pin, pins) = pins(&flags.pin, ways)?;
    if flags.pin.is_empty() {
        pin = configured(config, ways)?;
    }
    let client = match (&flags.client_cert, &flags.client_key) {
        (Some(cert), Some(key)) => {
            let chain = pem("--client-cert", cert, "CERTIFICATE")?.into_bytes();
            Some((chain, vault.keep(&pem("--client-key", key, "PRIVATE KEY")?)))
        }
        (None, None) => None,
        (Some(one), None) => return Err(alone("--client-cert", one, "--client-key")),
        (None, Some(one)) => return Err(alone("--client-key", one, "--client-cert")),
    };
    Ok(TlsSettings { ca, pin, pins, client })
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

/// The pin for every path, and those for single ones.
type Pins = (Option<String>, BTreeMap<String, String>);

/// Reads the values of `--pin`: `[PATH=]sha256:HEX`. One for a path that shows no certificate is a mistake: whoever gives it
/// believes that something is checked.
fn pins(values: &[String], ways: &[Way]) -> Result<Pins, Complaint> {
    let (mut all, mut each) = Pins::default();
    for value in values {
        let given = Given::flag("--pin", value);
        let (path, from) = value.split_once('=').map_or((None, 0), |(path, _)| (Some(path), path.len() + 1));
        let pin = pin_flag(&given, from)?;
        let twice = match path {
            None => all.replace(pin).is_some(),
            Some(path) => each.insert(named(&given, path, ways)?, pin).is_some(),
        };
        if twice {
            return Err(given.wrong_all("a path has two pins", "this is the second"));
        }
    }
    Ok((all, each))
}

/// The name of the path that a pin is for.
fn named(given: &Given<'_>, path: &str, ways: &[Way]) -> Result<String, Complaint> {
    let is = |way: &&Way| way.name == path || path == GATEWAY && way.place == "--gateway";
    match ways.iter().find(is) {
        Some(way) if way.endpoint.scheme == Scheme::Wss => Ok(way.name.clone()),
        Some(way) => {
            let title = format!("{} is asked by {} and shows no certificate", way.name, way.endpoint.scheme);
            Err(given.wrong(title, 0..path.len(), "a pin is for a path that is asked by TLS"))
        }
        None => {
            let known: Vec<&str> = ways.iter().map(|way| way.name.as_str()).collect();
            let complaint = given.wrong("a pin for no path that is asked", 0..path.len(), "no such path");
            Err(complaint.help(format!("paths: {}", known.join(", "))))
        }
    }
}

/// The fingerprint of the configuration, for the gateway that it names in remote mode, or that the environment names in its place:
/// so the product's own client has it.
///
/// # Errors
/// A complaint about what is no fingerprint: passed over, it would leave a connection unpinned that was meant to be.
fn configured(config: &Config, ways: &[Way]) -> Result<Option<String>, Complaint> {
    let theirs = |way: &Way| way.place == REMOTE_URL || way.origin == Source::Environment && config.is_remote();
    let Some(text) = config.text(FINGERPRINT).filter(|_| ways.iter().any(theirs)) else { return Ok(None) };
    let file = config.file.file.display().to_string();
    let given = Given::key(file, FINGERPRINT, text);
    pin(text).map(Some).ok_or_else(|| given.wrong_all(NO_PIN, "not 64 hex digits"))
}

const NO_PIN: &str = "a pin is the SHA-256 of the certificate in hexadecimal";

fn pin_flag(given: &Given<'_>, from: usize) -> Result<String, Complaint> {
    let value = &given.text[from..];
    let digits = value.strip_prefix("sha256:").unwrap_or(value);
    let start = given.text.len() - digits.len();
    if let Some((at, bad)) = digits.char_indices().find(|(_, c)| !c.is_ascii_hexdigit() && *c != ':') {
        return Err(given.wrong(NO_PIN, start + at..start + at + bad.len_utf8(), "not a hex digit"));
    }
    pin(value).ok_or_else(|| {
        let got = digits.bytes().filter(u8::is_ascii_hexdigit).count();
        given.wrong(NO_PIN, from..given.text.len(), format!("{got} hex digits, not 64"))
    })
}

/// 64 lower-case hex digits from `sha256:HEX`, `HEX` or hex with colons.
pub fn pin(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let hex: String = text.strip_prefix("sha256:").unwrap_or(&text).chars().filter(|c| *c != ':').collect();
    (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit())).then_some(hex)
}
