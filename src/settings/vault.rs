//! Every secret that was read, for the redactor.

use serde_json::Value;

use super::env::Env;
use crate::secret::Secret;

/// A piece of a header or cookie shorter than this is more likely a word (`Bearer`, `path`) than a secret.
const SHORTEST_PIECE: usize = 8;

/// Parts of names under which configurations and environments keep secrets.
const TELLTALE: &[&str] =
    &["token", "password", "passwd", "secret", "apikey", "api_key", "credential", "privatekey", "private_key"];

/// Prefixes of the variables that the gateway's parts read, under all the names the product has had.
const PREFIXES: &[&str] = &["OPENCLAW_", "CLAWDBOT_", "MOLTBOT_", "CF_ACCESS_"];

/// Collects secrets, each once.
#[derive(Debug, Clone, Default)]
pub struct Vault(Vec<Secret>);

impl Vault {
    /// Keeps a secret and hands it back.
    pub fn keep(&mut self, text: &str) -> Secret {
        let secret = Secret::new(text);
        if !secret.is_empty() && !self.0.contains(&secret) {
            self.0.push(secret.clone());
        }
        secret
    }

    /// Keeps a header's value, and the pieces of it that can be secrets: what follows `Bearer`, each cookie's value.
    pub fn keep_header(&mut self, value: &str) -> Secret {
        for piece in value.split([' ', ';', ',']).filter_map(|p| p.split_once('=').map(|(_, v)| v).or(Some(p))) {
            if piece.len() >= SHORTEST_PIECE {
                self.keep(piece.trim_matches('"'));
            }
        }
        self.keep(value)
    }

    /// Keeps user information, query and fragment of a URL.
    pub fn keep_url(&mut self, text: &str) {
        let Ok(url) = url::Url::parse(text) else { return };
        for part in [url.username(), url.password().unwrap_or_default()] {
            self.keep(&url::form_urlencoded::parse(part.as_bytes()).next().map(|(k, _)| k.into_owned()).unwrap_or_default());
            self.keep(part);
        }
        for part in [url.query(), url.fragment()].into_iter().flatten() {
            self.keep(part);
            for (_, value) in url::form_urlencoded::parse(part.as_bytes()) {
                self.keep(&value);
            }
        }
    }

    /// Keeps every text of a configuration that stands under a telltale name, however deep. The gateway's own credentials, which
    /// may be short, are kept where they are read.
    pub fn keep_document(&mut self, value: &Value) {
        self.walk(value, false);
    }

    fn walk(&mut self, value: &Value, secret: bool) {
        match value {
            // `tokenLimit: "auto"` is no secret, and blotting out every `auto` would spoil reports.
            Value::String(text) if secret => drop((text.len() >= SHORTEST_PIECE).then(|| self.keep(text))),
            Value::String(text) if text.contains("://") => self.keep_url(text),
            Value::Array(all) => all.iter().for_each(|v| self.walk(v, secret)),
            // A reference to a secret (`{source, provider, id}`) names where it stands: not a secret itself.
            Value::Object(map) if map.contains_key("source") && map.contains_key("id") => {}
            Value::Object(map) => map.iter().for_each(|(key, v)| self.walk(v, secret || telltale(key) || key == "edgeAuth")),
            _ => {}
        }
    }

    /// Keeps the secrets that the gateway's parts would take from the environment.
    pub fn keep_environment(&mut self, env: &Env) {
        for (name, value) in env.iter() {
            if PREFIXES.iter().any(|p| name.starts_with(p)) && telltale(name) {
                self.keep(value);
            } else if value.contains("://") && PREFIXES.iter().any(|p| name.starts_with(p)) {
                self.keep_url(value);
            }
        }
    }

    /// All of them.
    pub fn into_secrets(self) -> Vec<Secret> {
        self.0
    }
}

fn telltale(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLTALE.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(fill: impl FnOnce(&mut Vault)) -> Vec<String> {
        let mut vault = Vault::default();
        fill(&mut vault);
        vault.into_secrets().iter().map(|s| s.reveal().to_owned()).collect()
    }

    #[test]
    fn secrets_are_found_wherever_they_are_usual() {
        assert_eq!(
            kept(|v| v.keep_url("wss://op:p%40w@gw/?token=a%2Bb&x=1#t=9")),
            ["op", "p@w", "p%40w", "token=a%2Bb&x=1", "a+b", "1", "t=9", "9"]
        );
        assert_eq!(
            kept(|v| drop(v.keep_header("CF_Authorization=abcdefgh; x=1"))),
            ["abcdefgh", "CF_Authorization=abcdefgh; x=1"]
        );
        assert_eq!(kept(|v| drop(v.keep_header("Bearer abcdefghi"))), ["abcdefghi", "Bearer abcdefghi"]);
        let doc = serde_json::json!({"gateway": {"auth": {"token": "secret-t1", "mode": "token", "password": {"source": "env", "id": "X"}},
            "remote": {"url": "ws://gw/?k=t2", "edgeAuth": {"headers": {"apiToken": "secret-t3"}}}}, "models": [{"apiKey": ["secret-t4", "auto"]}]});
        assert_eq!(kept(|v| v.keep_document(&doc)), ["secret-t1", "k=t2", "t2", "secret-t3", "secret-t4"]);
        let env: Env =
            [("OPENCLAW_GATEWAY_TOKEN", "e1"), ("OPENCLAW_GATEWAY_URL", "ws://gw/?a=e2"), ("PATH", "x")].into_iter().collect();
        assert_eq!(kept(|v| v.keep_environment(&env)), ["e1", "a=e2", "e2"]);
    }
}
