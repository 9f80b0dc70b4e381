//! Secrets, and how they are kept out of everything that is written.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A secret: no `Serialize`, no revealing `Debug`, no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: only for the wire.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The key of one run's placeholders: same secret, same placeholder, within one run and wherever its marker is reused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker(String);

impl Marker {
    /// A fresh marker of 16 hex digits.
    pub fn fresh() -> Self {
        let mut bytes = [0_u8; 8];
        // Without entropy the placeholders are still equal for equal secrets; only the key is then a known one.
        let _ = getrandom::fill(&mut bytes);
        Self(data_encoding::HEXLOWER.encode(&bytes))
    }

    /// A marker read from a recording.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The marker as a recording's head carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The placeholder of a secret: `secret:` and 8 hex digits of an HMAC-SHA-256 under this marker.
    pub fn placeholder(&self, secret: &str) -> String {
        self.stand_in("secret", secret)
    }

    /// What stands for a text that is not to be shown: a word for its kind, and 8 hex digits of the same HMAC.
    pub fn stand_in(&self, kind: &str, text: &str) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        format!("{kind}:{}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()[..4]))
    }
}

/// Replaces known secrets wherever they turn up in a text, and shortens and tames what a peer sent.
#[derive(Debug, Clone)]
pub struct Redactor {
    marker: Marker,
    known: Vec<Secret>,
}

/// A known secret shorter than this is not searched for in other texts: it would blot out ordinary words.
const SHORTEST_SEARCHED: usize = 4;

impl Redactor {
    /// A redactor that knows these secrets.
    pub fn new(marker: Marker, known: impl IntoIterator<Item = Secret>) -> Self {
        let mut known: Vec<Secret> = known.into_iter().filter(|s| s.reveal().len() >= SHORTEST_SEARCHED).collect();
        // A secret that contains another must go first, or its tail would stay.
        known.sort_by_key(|s| std::cmp::Reverse(s.reveal().len()));
        Self { marker, known }
    }

    /// The run's marker.
    pub fn marker(&self) -> &Marker {
        &self.marker
    }

    /// The text with every known secret, plain or percent-encoded, replaced by its placeholder.
    pub fn text(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in &self.known {
            let encoded: String = url::form_urlencoded::byte_serialize(secret.reveal().as_bytes()).collect();
            for spelling in [secret.reveal(), encoded.as_str()] {
                if out.contains(spelling) {
                    out = out.replace(spelling, &self.marker.placeholder(secret.reveal()));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(Secret)");
    }

    #[test]
    fn equal_secrets_have_equal_placeholders_under_one_marker_only() {
        let (a, b) = (Marker::from_text("a"), Marker::from_text("b"));
        assert_eq!(a.placeholder("x"), a.placeholder("x"));
        assert_ne!(a.placeholder("x"), a.placeholder("y"));
        assert_ne!(a.placeholder("x"), b.placeholder("x"));
    }

    #[test]
    fn known_secrets_vanish_longest_first() {
        let r = Redactor::new(Marker::from_text("m"), [Secret::new("abcd"), Secret::new("abcdefgh"), Secret::new("p&q=r")]);
        let out = r.text("x abcdefgh y p%26q%3Dr z p&q=r");
        assert!(!out.contains("abcd") && !out.contains("efgh") && !out.contains("p%26") && !out.contains("p&q"), "{out}");
    }
}
