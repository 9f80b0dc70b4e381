//! Symptom codes and the fields every finding carries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::labels;

/// A symptom code such as `WS-01`; codes of a site's own rows start with `X-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

impl Code {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code's prefix in lower case, which is also its folder: `ws` for `WS-01`, `x-edge` for `X-EDGE-01`.
    pub fn family(&self) -> String {
        self.0.rsplit_once('-').map(|(prefix, _)| prefix).unwrap_or(&self.0).to_ascii_lowercase()
    }
}

impl FromStr for Code {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is not a code; a code looks like WS-01");
        let (prefix, number) = text.rsplit_once('-').ok_or_else(shape)?;
        let prefix_ok =
            !prefix.is_empty() && prefix.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_uppercase()));
        let number_ok = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
        if prefix_ok && number_ok { Ok(Self(text.to_owned())) } else { Err(shape()) }
    }
}

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

labels! {
    /// The walk from the inside out; the order of the variants is the order of the walk.
    pub enum Layer {
        Listener = "listener": "Who listens on the gateway's port.",
        Loopback = "loopback": "The gateway answers on its own host.",
        Tailnet = "tailnet": "Names and packets inside the tailnet.",
        Edge = "edge": "What stands in front of the gateway: proxy, tunnel, TLS.",
        Websocket = "websocket": "The upgrade and the frames after it.",
        Auth = "auth": "Who may enter.",
        Control = "control": "What the gateway says once somebody is in.",
        Execution = "execution": "Whether anything behind the gateway can act.",
    }
}

labels! {
    /// Whose business a symptom is.
    pub enum Plane {
        Access = "access": "Reaching the gateway.",
        Control = "control": "The gateway's own work.",
        Execution = "execution": "Nodes and tools behind the gateway.",
        Host = "host": "The machine the gateway runs on.",
        Config = "config": "Settings of the gateway.",
        Client = "client": "The side that asks.",
    }
}

labels! {
    /// How much a finding weighs; ordered, `error` is the heaviest.
    pub enum Severity {
        Notice = "notice": "Worth knowing; nothing is broken.",
        Warning = "warning": "Works, but will hurt.",
        Error = "error": "Broken.",
    }
}

labels! {
    /// How sure a finding is; ordered, `proven` is the surer.
    pub enum Certainty {
        Suspected = "suspected": "The lead holds; the full condition could not be decided.",
        Proven = "proven": "The full condition holds.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_a_family() {
        assert_eq!("WS-01".parse::<Code>().unwrap().family(), "ws");
        assert_eq!("X-EDGE-07".parse::<Code>().unwrap().family(), "x-edge");
    }

    #[test]
    fn what_is_no_code_is_refused_with_the_text() {
        for text in ["WS01", "ws-01", "WS-1", "-01", "WS-", "", "WS-001"] {
            assert!(text.parse::<Code>().unwrap_err().contains(&format!("`{text}`")));
        }
    }
}
