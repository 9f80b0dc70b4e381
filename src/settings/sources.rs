//! Every source of every setting, whether it won or not: what the `setting` table shows.

use super::Flags;
use super::config::Config;
use super::credential::{Candidate, Origin};
use super::env::Env;
use super::given::Given;
use crate::facts::tables::site::{CredentialState, PLAIN_TO_NAMES, Slot, Source};
use crate::target::Setting;

/// The variable that lets the product's client send plain text to any name.
const GLASS: &str = "OPENCLAW_ALLOW_INSECURE_PRIVATE_WS";

/// Collects them in order of precedence within each setting.
pub fn collect(flags: &Flags, env: &Env, config: &Config, secrets: &[Candidate]) -> Vec<Setting> {
    let mut all = Vec::new();
    let mut add = |source, key, place: &str, value: Option<String>| {
        let Some(value) = value else { return };
        all.push(Setting { source, key, value, secret: None, place: place.to_owned() });
    };
    add(Source::Flag, "url", "--gateway", flags.gateway.as_deref().map(address));
    add(Source::Environment, "url", "OPENCLAW_GATEWAY_URL", env.get("OPENCLAW_GATEWAY_URL").map(address));
    add(Source::File, "url", "gateway.remote.url", config.text("gateway.remote.url").map(address));
    add(Source::Environment, "port", "OPENCLAW_GATEWAY_PORT", env.get("OPENCLAW_GATEWAY_PORT").map(str::to_owned));
    add(Source::File, "port", "gateway.port", config.port.map(|p| p.to_string()));
    add(Source::File, "bind", "gateway.bind", config.file.bind.clone());
    add(Source::File, "mode", "gateway.mode", config.file.mode.clone());
    // Nothing but this one character counts (`connection-details`, 2026.9.6).
    add(Source::Environment, PLAIN_TO_NAMES, GLASS, env.get(GLASS).filter(|v| *v == "1").map(str::to_owned));
    if !all.iter().any(|s| s.key == "port" || s.key == "url") {
        let value = config.file.port.to_string();
        all.push(Setting { source: Source::Default, key: "port", value, secret: None, place: "default".into() });
    }
    all.extend(secrets.iter().filter_map(secret));
    all
}

/// A secret's row: its text stays apart, and a source that gives none says why.
fn secret(candidate: &Candidate) -> Option<Setting> {
    let credential = &candidate.credential;
    let key = match (candidate.origin, credential.slot?) {
        (Origin::Remote, Slot::Token) => "remote-token",
        (Origin::Remote, Slot::Password) => "remote-password",
        (_, Slot::Token) => "token",
        (_, Slot::Password) => "password",
    };
    let value = if credential.state == CredentialState::Present { String::new() } else { credential.state.to_string() };
    Some(Setting {
        source: credential.source?,
        key,
        value,
        secret: credential.secret.clone(),
        place: credential.place.clone().unwrap_or_default(),
    })
}

/// An address without user information, query and fragment.
fn address(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if text.contains("://") => {
            url.set_query(None);
            url.set_fragment(None);
            // Neither fails where the URL has a host; where it has none there is nothing to remove.
            let _ = (url.set_username(""), url.set_password(None));
            url.into()
        }
        _ => Given::flag("", text).shown(),
    }
}
