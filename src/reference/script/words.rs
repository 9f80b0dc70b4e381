//! The words of a script. A word that nobody knows is refused: played as another, it would be another fault.

use std::fmt;
use std::str::FromStr;

use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::complaint::did_you_mean;
use crate::labels;
use crate::labels::Label;

labels! {
    /// How a connection ends.
    pub enum End {
        Close = "close": "In order.",
        Reset = "reset": "With a TCP reset.",
        Silence = "silence": "Not until the client ends it.",
    }
}

labels! {
    /// What is answered that is no path.
    pub enum Asked {
        Upgrade = "upgrade": "A request for an upgrade, whatever its path.",
        Accept = "accept": "The connection itself, before a byte is read.",
        Any = "*": "Every request.",
    }
}

labels! {
    /// What is done after the switch to WebSocket.
    pub enum Deed {
        Challenge = "challenge": "The event a gateway sends first.",
        Await = "await": "Wait for a text message, whose id is answered.",
        Hello = "hello": "The answer that lets the client in.",
        Error = "error": "A refusal with this JSON, `error:JSON`.",
        Text = "text": "These words, `text:TEXT`.",
        Close = "close": "A close frame, `close:CODE:REASON`; one without a code, `close:`.",
        Fin = "fin": "End in order, without a close frame.",
        Reset = "reset": "End with a TCP reset.",
        Silence = "silence": "Nothing more, until the client ends.",
    }
}

/// Whom an answer is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum To {
    /// No path.
    Asked(Asked),
    /// Requests for this path.
    Path(String),
}

/// Status and reason, as in `502 Bad Gateway`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Status {
    /// The number.
    pub code: u16,
    line: String,
}

/// One line of an answer's head, as in `Retry-After: 5`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HeaderLine {
    /// The name, in the case it is sent in.
    pub name: String,
    /// What stands behind the colon.
    pub value: String,
}

/// One thing that is done after the switch, and what with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Step {
    /// What.
    pub deed: Deed,
    /// What stands behind the colon.
    pub with: String,
}

impl To {
    /// Whether it is for this.
    pub fn is(&self, asked: Asked) -> bool {
        *self == Self::Asked(asked)
    }
}

impl TryFrom<String> for To {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse() {
            Ok(asked) => Ok(Self::Asked(asked)),
            Err(_) if text.starts_with('/') => Ok(Self::Path(text)),
            Err(why) => Err(near(&text, Asked::ALL, format!("{why}, and no path: a path begins with /"))),
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let code = text.split(' ').next().filter(|code| code.len() == 3).and_then(|code| code.parse().ok());
        let code = code.filter(|code| (100..=999).contains(code) && !text.contains(char::is_control));
        let code = code.ok_or_else(|| format!("`{text}` is no status: number and reason are, as in `502 Bad Gateway`"))?;
        Ok(Self { code, line: text.to_owned() })
    }
}

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl TryFrom<String> for HeaderLine {
    type Error = String;

    /// A line that breaks the head is written whole, with `raw`: there it is meant.
    fn try_from(text: String) -> Result<Self, String> {
        let no_line = |why: &str| Err(format!("`{}` is no header line: {why}", text.escape_debug()));
        let Some((name, value)) = text.split_once(':') else {
            return no_line("name and value are, as in `Retry-After: 5`");
        };
        match () {
            () if HeaderName::from_bytes(name.as_bytes()).is_err() => no_line("no name stands before the colon"),
            () if HeaderValue::from_str(value).is_err() => no_line("its value holds a control character"),
            () => Ok(Self { name: name.to_owned(), value: value.trim().to_owned() }),
        }
    }
}

impl TryFrom<String> for Step {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (word, with) = text.split_once(':').map_or((text.as_str(), None), |(word, with)| (word, Some(with)));
        let deed = word.parse().map_err(|why| near(word, Deed::ALL, why))?;
        let fits = match (deed, with) {
            (Deed::Error, Some(json)) => serde_json::from_str::<IgnoredAny>(json).is_ok(),
            (Deed::Text, Some(_)) => true,
            (Deed::Close, Some(with)) => {
                with.split(':').next().is_some_and(|code| code.is_empty() || code.parse::<u16>().is_ok())
            }
            (Deed::Error | Deed::Text | Deed::Close, None) => false,
            (_, with) => with.is_none(),
        };
        let doc = Deed::ALL.iter().find(|label| label.name == word).map_or("", |label| label.doc);
        if fits {
            Ok(Self { deed, with: with.unwrap_or_default().to_owned() })
        } else {
            Err(format!("`{text}` is no `{word}`. {doc}"))
        }
    }
}

/// The complaint about a word, with the one that was meant.
fn near(typed: &str, known: &[Label], why: String) -> String {
    match did_you_mean(typed, known.iter().map(|label| label.name)) {
        Some(meant) => format!("{why}; did you mean `{meant}`?"),
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<Step, String> {
        Step::try_from(text.to_owned())
    }

    #[test]
    fn every_word_is_known_or_refused() {
        for right in
            ["challenge", "await", "hello", "error:{}", "text:", "close:", "close:1000:", "close:1012:a:b", "fin", "reset"]
        {
            assert!(step(right).is_ok(), "{right}: {:?}", step(right));
        }
        for wrong in ["chalenge", "", "challenge:now", "error", "error:{", "text", "close", "close:abc", "rest"] {
            assert!(step(wrong).is_err(), "{wrong}");
        }
        assert!(step("chalenge").unwrap_err().ends_with("did you mean `challenge`?"));
        for (text, right) in
            [("502 Bad Gateway", true), ("200", true), ("OK 200", false), ("2000 x", false), ("", false), ("099 x", false)]
        {
            assert_eq!(text.parse::<Status>().is_ok(), right, "{text}");
        }
        let to = |text: &str| To::try_from(text.to_owned());
        assert!(to("*").is_ok() && to("/health").is_ok() && to("upgarde").unwrap_err().contains("did you mean `upgrade`?"));
        assert!(to("").is_err() && to("health").is_err());
    }
}
