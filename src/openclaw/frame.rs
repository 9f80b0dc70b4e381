//! Frames: text messages that each hold one JSON object. Source: `docs/gateway/protocol/transport.md`.
//!
//! What a peer sent is read leniently: unknown members are passed over and a member of the wrong type counts as missing, because
//! releases differ and because the peer may be no gateway at all.

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{self, Unread};
use super::refusal::Refusal;
use crate::facts::tables::upgrade::FrameFlaw;

/// A request as we send it.
#[derive(Debug, Serialize)]
pub struct Request<P> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    method: &'static str,
    params: P,
}

impl<P: Serialize> Request<P> {
    /// A request; the answer carries the same `id`.
    pub fn new(id: impl Into<String>, method: &'static str, params: P) -> Self {
        Self { kind: "req", id: id.into(), method, params }
    }
}

/// The id and the text of a `health` request with this many bytes of padding. The gateway answers it whatever it holds, and
/// nothing is written by it; without the scope for it the answer is a refusal.
pub fn sized(number: u64, bytes: u64) -> (String, String) {
    let id = format!("size-{number}");
    let padding = "x".repeat(usize::try_from(bytes).unwrap_or(usize::MAX));
    let request = Request::new(id.clone(), HEALTH, serde_json::json!({ "padding": padding }));
    (id, serde_json::to_string(&request).unwrap_or_default())
}

/// The method that answers without writing anything.
pub const HEALTH: &str = "health";

/// A frame as the gateway sends it.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// `{type: "event", event, payload?}`.
    Event {
        /// The event's name.
        event: String,
        /// Its payload, `null` if there was none.
        payload: Value,
    },
    /// `{type: "res", id, ok: true, payload}`.
    Answer {
        /// The request's id.
        id: String,
        /// The result.
        payload: Value,
    },
    /// `{type: "res", id, ok: false, error}`.
    Refusal {
        /// The request's id; `invalid` when the gateway could not read the request's own.
        id: String,
        /// The error object.
        refusal: Refusal,
    },
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// What is wrong with a text that is not one of the three shapes.
    pub fn read(text: &str) -> Result<Self, FrameFlaw> {
        match json::read(text.as_bytes()) {
            Ok(Value::Object(frame)) => Self::of(frame).ok_or(FrameFlaw::Foreign),
            Ok(_) => Err(FrameFlaw::Foreign),
            Err(Unread::TooDeep) => Err(FrameFlaw::DeepJson),
            Err(Unread::NotJson) => Err(FrameFlaw::NotJson),
        }
    }

    fn of(mut frame: Map<String, Value>) -> Option<Self> {
        match frame.get("type")?.as_str()? {
            "event" => {
                let event = frame.get("event")?.as_str()?.to_owned();
                Some(Self::Event { event, payload: frame.remove("payload").unwrap_or_default() })
            }
            "res" => {
                let id = frame.get("id")?.as_str()?.to_owned();
                if frame.get("ok")?.as_bool()? {
                    Some(Self::Answer { id, payload: frame.remove("payload").unwrap_or_default() })
                } else {
                    Some(Self::Refusal { id, refusal: Refusal::read(frame.get("error").unwrap_or(&Value::Null)) })
                }
            }
            _ => None,
        }
    }
}

/// The text at a path of members, if it is a text.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

/// The number of milliseconds at a path of members, if it is one: neither negative nor longer than [`LONGEST_MS`].
pub(super) fn ms(value: &Value, pointer: &str) -> Option<std::time::Duration> {
    let ms = value.pointer(pointer)?.as_f64()?;
    (0.0..=LONGEST_MS).contains(&ms).then(|| std::time::Duration::from_secs_f64(ms / 1_000.0))
}

/// A hundred years: what a peer may claim at most, so that a hostile number cannot overflow a duration.
const LONGEST_MS: f64 = 100.0 * 365.0 * 86_400_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_shapes_are_told_apart_and_unknown_members_are_passed_over() {
        let event = Frame::read(r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":7,"new":[1]}"#);
        assert!(matches!(event, Ok(Frame::Event { event, .. }) if event == "tick"));
        let answer = Frame::read(r#"{"type":"res","id":"1","ok":true,"payload":{"a":1}}"#);
        assert!(matches!(answer, Ok(Frame::Answer { id, payload }) if id == "1" && payload["a"] == 1));
        let refusal = Frame::read(r#"{"type":"res","id":"1","ok":false}"#);
        assert!(matches!(refusal, Ok(Frame::Refusal { refusal, .. }) if refusal == Refusal::default()));
    }

    #[test]
    fn anything_else_is_no_frame() {
        let deep = "[".repeat(100_000);
        for text in ["", "null", "7", "[]", "{}", r#"{"type":"hello"}"#, r#"{"type":"event","event":7}"#, &deep] {
            assert!(Frame::read(text).is_err(), "{}", &text[..text.len().min(40)]);
        }
        let flaws = ["", "{}", "7", &deep].map(|text| Frame::read(text).unwrap_err());
        assert_eq!(flaws, [FrameFlaw::NotJson, FrameFlaw::Foreign, FrameFlaw::Foreign, FrameFlaw::DeepJson]);
    }

    #[test]
    fn a_hostile_number_is_no_duration() {
        for text in [r#"{"n":1e300}"#, r#"{"n":-1}"#, r#"{"n":"5"}"#, "{}"] {
            assert_eq!(ms(&serde_json::from_str(text).unwrap(), "/n"), None, "{text}");
        }
    }
}
