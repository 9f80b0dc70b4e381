//! The shared secret: every source that names one, and the one that is tried.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::config::Config;
use super::env::Env;
use super::files::{self, Unusable};
use super::given::Given;
use super::vault::Vault;
use super::{Flags, expand};
use crate::complaint::Complaint;
use crate::facts::tables::site::{CredentialState, Slot, Source};
use crate::target::Credential;

/// A family of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A flag.
    Flag,
    /// A variable.
    Environment,
    /// `gateway.auth` of the configuration: what the gateway itself asks for.
    Auth,
    /// `gateway.remote` of the configuration: what a client sends.
    Remote,
}

/// One source that names a secret.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The family.
    pub origin: Origin,
    /// The secret and its state.
    pub credential: Credential,
}

/// For whom a secret is chosen: this decides the order of the sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    /// The gateway the configuration speaks for, on this machine.
    Configured,
    /// The gateway that `gateway.remote` names.
    Remote,
    /// A gateway that was named by address. As with the gateway's own client, the configuration's secrets do not go there.
    Named,
}

impl Whom {
    /// The sources, strongest first (openclaw 2026.9.6, `resolveGatewayCredentials`).
    fn order(self, slot: Slot) -> &'static [Origin] {
        match (self, slot) {
            (Self::Configured, _) => &[Origin::Auth, Origin::Environment, Origin::Remote],
            (Self::Remote, Slot::Token) => &[Origin::Remote, Origin::Environment, Origin::Auth],
            (Self::Remote, Slot::Password) => &[Origin::Environment, Origin::Remote, Origin::Auth],
            (Self::Named, _) => &[Origin::Environment],
        }
    }
}

const SLOTS: [Slot; 2] = [Slot::Token, Slot::Password];

/// Reads every source.
///
/// # Errors
/// A complaint about a file named by a flag.
pub fn candidates(
    flags: &Flags,
    env: &Env,
    config: &Config,
    stdin: &mut dyn Read,
    vault: &mut Vault,
) -> Result<Vec<Candidate>, Complaint> {
    let mut all = Vec::new();
    let mut add = |origin, source, slot, place: &str, found: Option<(CredentialState, Option<String>)>| {
        let Some((state, text)) = found else { return };
        let secret = text.map(|t| vault.keep(&t));
        let credential = Credential { state, slot: Some(slot), secret, source: Some(source), place: Some(place.to_owned()) };
        all.push(Candidate { origin, credential });
    };
    for (slot, flag, path) in
        [(Slot::Token, "--token-file", &flags.token_file), (Slot::Password, "--password-file", &flags.password_file)]
    {
        if let Some(path) = path {
            let text = secret_file(flag, path, stdin)?;
            add(Origin::Flag, Source::Flag, slot, flag, Some((CredentialState::Present, Some(text))));
        }
    }
    for (slot, name) in [(Slot::Token, "OPENCLAW_GATEWAY_TOKEN"), (Slot::Password, "OPENCLAW_GATEWAY_PASSWORD")] {
        add(Origin::Environment, Source::Environment, slot, name, env.raw(name).map(from_text));
    }
    for (origin, under) in [(Origin::Auth, "gateway.auth"), (Origin::Remote, "gateway.remote")] {
        for slot in SLOTS {
            let place = format!("{under}.{slot}");
            let found = config.at(&place).and_then(|v| from_value(v, env));
            add(origin, Source::File, slot, &place, found);
        }
    }
    Ok(all)
}

/// What a JSON value says of a secret: text, a reference that only the environment can resolve here, or nothing.
fn from_value(value: &Value, env: &Env) -> Option<(CredentialState, Option<String>)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(from_text(text)),
        Value::Object(map) if map.get("source").and_then(Value::as_str) == Some("env") => {
            let named = map.get("id").and_then(Value::as_str).and_then(|id| env.raw(id));
            Some(named.map_or((CredentialState::Unresolved, None), from_text))
        }
        _ => Some((CredentialState::Unresolved, None)),
    }
}

/// What `openclaw config get` prints in place of a secret: somebody copied it back.
const SENTINEL: &str = "__OPENCLAW_REDACTED__";

fn from_text(text: &str) -> (CredentialState, Option<String>) {
    match text.trim() {
        "" => (CredentialState::Empty, None),
        t if t == SENTINEL || expand::is_unresolved(t) => (CredentialState::Unresolved, None),
        t => (CredentialState::Present, Some(t.to_owned())),
    }
}

/// Reads one secret from a file or, for `-`, from standard input.
///
/// # Errors
/// A complaint that underlines the file's name.
pub fn secret_file(flag: &str, path: &Path, stdin: &mut dyn Read) -> Result<String, Complaint> {
    let read = if path == Path::new("-") { files::text_of(stdin) } else { files::text(path) };
    let text = read.map_err(|why| files::complaint(flag, path, &why))?;
    let text = text.trim();
    if text.contains(|c: char| c.is_control()) {
        let shown = path.display().to_string();
        let given = Given::flag(flag, &shown);
        return Err(match text.contains(['\n', '\r']) {
            true => given.wrong_all(format!("the file named by {flag} holds more than one line"), "one line is a secret"),
            false => files::complaint(flag, path, &Unusable::Binary),
        });
    }
    Ok(text.to_owned())
}

/// Refuses two secrets from standard input.
///
/// # Errors
/// A complaint that underlines the second `-`.
pub fn one_from_stdin(flags: &Flags) -> Result<(), Complaint> {
    let dash = |path: &Option<std::path::PathBuf>| path.as_deref() == Some(Path::new("-"));
    if dash(&flags.token_file) && dash(&flags.password_file) {
        let text = "--token-file - --password-file -";
        return Err(Complaint::new("standard input holds one secret, not two")
            .at("command line", text, text.len() - 1..text.len(), "the second one")
            .help("put one of them into a file"));
    }
    Ok(())
}

/// Chooses the secret to try. Explicit flags beat everything; `mode` (`gateway.auth.mode`) tells which slot is asked first.
pub fn choose(all: &[Candidate], whom: Whom, mode: Option<&str>) -> Credential {
    let flagged = all.iter().any(|c| c.origin == Origin::Flag);
    let slots = if mode == Some("password") { [Slot::Password, Slot::Token] } else { SLOTS };
    let order = |slot| if flagged { &[Origin::Flag] } else { whom.order(slot) };
    let in_order = slots.iter().flat_map(|slot| {
        let of = move |origin: &Origin| all.iter().find(|c| c.origin == *origin && c.credential.slot == Some(*slot));
        order(*slot).iter().filter_map(of)
    });
    let (empty, usable): (Vec<_>, Vec<_>) = in_order.map(|c| &c.credential).partition(|c| c.state == CredentialState::Empty);
    let none = Credential { state: CredentialState::None, slot: None, secret: None, source: None, place: None };
    usable.into_iter().chain(empty).next().cloned().unwrap_or(none)
}
