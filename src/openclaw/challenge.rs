//! `connect.challenge`: the event every release sends on open, before anything is asked. Source:
//! `docs/gateway/protocol/handshake.md`.

use serde_json::Value;

use super::frame::Frame;

/// The event's name.
pub const EVENT: &str = "connect.challenge";

/// A challenge: what a device signs, and the gateway's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// To be signed by a device. Never a fact.
    pub nonce: String,
    /// The gateway's clock, milliseconds since the Unix epoch; a negative or broken one counts as missing, as the documentation
    /// demands a non-negative integer.
    pub ts: Option<i64>,
}

impl Challenge {
    /// The challenge, if the frame is one. A challenge without a nonce is none.
    pub fn of(frame: &Frame) -> Option<Self> {
        let Frame::Event { event, payload } = frame else { return None };
        if event != EVENT {
            return None;
        }
        let nonce = payload.get("nonce")?.as_str().filter(|n| !n.is_empty())?.to_owned();
        Some(Self { nonce, ts: payload.get("ts").and_then(Value::as_i64).filter(|ts| *ts >= 0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Challenge> {
        Challenge::of(&Frame::read(text).ok()?)
    }

    #[test]
    fn the_challenge_of_2026_9_6_reads() {
        let text = r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"a148f038","ts":1795253940517,"capabilities":["model-catalog-snapshot"]}}"#;
        assert_eq!(of(text), Some(Challenge { nonce: "a148f038".into(), ts: Some(1_795_253_940_517) }));
    }

    #[test]
    fn a_broken_clock_is_missing_and_a_missing_nonce_is_no_challenge() {
        let with = |payload: &str| of(&format!(r#"{{"type":"event","event":"connect.challenge","payload":{payload}}}"#));
        assert_eq!(with(r#"{"nonce":"n","ts":-1}"#).and_then(|c| c.ts), None);
        assert_eq!(with(r#"{"nonce":"n","ts":"now"}"#).and_then(|c| c.ts), None);
        assert_eq!(with(r#"{"ts":1}"#), None);
        assert_eq!(with("null"), None);
        assert_eq!(of(r#"{"type":"event","event":"tick","payload":{"nonce":"n"}}"#), None);
    }
}
