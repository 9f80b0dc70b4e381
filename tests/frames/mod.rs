//! Frozen exchanges with a real gateway: what was asked, and what came back, as far as it does not vary.
//!
//! One file of `RELEASE/` is one exchange. `peers` plays every file to the real gateway, and writes down what came back where it
//! no longer fits; `house` plays the same files to the reference gateway. So both are held to one text.

pub mod compare;
mod device;
pub mod line;
pub mod play;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The release whose frames are frozen.
pub const RELEASE: &str = "2026.9.6";

/// An exchange: steps in order, of the client and of the gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// A sentence.
    pub about: String,
    /// The gateway's configuration, by its name in `tests/peers/gateway.rs`.
    pub gateway: String,
    /// What is the matter with the gateway; nothing without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<When>,
    /// What is done and seen.
    pub steps: Vec<Step>,
}

/// A state of the gateway other than ready and idle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// It listens, and is not ready.
    Starting,
    /// An operator has suspended it.
    Suspended,
    /// It is ready, and will be stopped by a step: it is nobody else's.
    ToBeStopped,
    /// As many sockets as may be of the client at this forwarded address wait for their handshake.
    Crowded(String),
    /// The client at this forwarded address has used up its attempts.
    LockedOut(String),
}

/// One step. Texts of the client may have holes, see [`play::Peer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Asks on a connection of its own: the lines of the head, and after an empty one the body.
    Ask(Vec<String>),
    /// Is answered.
    Answer(Answer),
    /// Opens a WebSocket with these header lines beside the usual ones, and awaits the challenge.
    Open(Vec<String>),
    /// Connects with the token as a client of this mode that asks for these scopes, and is let in.
    Enter(String, Vec<String>),
    /// Sends a connect of a device.
    Prove(Device),
    /// Sends a text frame: an object, or a text as it is.
    Say(Value),
    /// Receives a text frame.
    Frame(Value),
    /// Receives a ping, the payload as text.
    Ping(String),
    /// The connection ends: code and reason of the close frame, or without one.
    Close(Option<(u16, String)>),
    /// So many seconds pass. Real ones pass while the next step is awaited.
    Pass(u64),
    /// Something is done to the gateway.
    Do(Deed),
}

/// A device of ours and its connect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Which one; nobody else has its key.
    pub key: u8,
    /// `connect.params` without the device; `{device-token}` is the token of the last hello.
    pub params: Value,
    /// What is wrong with `params.device`.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub but: Value,
}

/// What is done to a gateway in the middle of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It is told to end.
    Stop,
}

/// An HTTP answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Status and reason.
    pub status: String,
    /// Header lines in order, as spelt.
    pub headers: Vec<(String, String)>,
    /// The body: JSON if it is declared so, otherwise text; nothing if it is empty.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub body: Value,
}

/// Every frozen exchange, by name.
pub fn all() -> Vec<Exchange> {
    let mut found: Vec<Exchange> = std::fs::read_dir(folder()).unwrap().map(|entry| read(&entry.unwrap().path())).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The frozen events, by name: one may come at any time.
pub fn events(all: &[Exchange]) -> play::Events {
    let frames = all.iter().flat_map(|e| &e.steps).filter_map(|step| match step {
        Step::Frame(frame) => play::event(frame).map(|name| (name.to_owned(), frame.clone())),
        _ => None,
    });
    frames.collect()
}

fn read(file: &Path) -> Exchange {
    let text = std::fs::read_to_string(file).unwrap();
    let exchange: Exchange = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    Exchange { name: file.file_stem().unwrap().to_string_lossy().into_owned(), ..exchange }
}

/// The folder of the frozen exchanges.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frames").join(RELEASE)
}
