//! The error object of a refused request: `{code, message, details?, retryable?, retryAfterMs?}`. Source:
//! `docs/gateway/protocol/transport.md`; clients branch on `code` and `details.code`, never on the message.
//!
//! `details` came by and by: none in 2026.1.29, `code` from 2026.2.26, `recommendedNextStep` from 2026.3.13, the protocol range
//! of a `PROTOCOL_MISMATCH` from 2026.5.18.

use std::time::Duration;

use serde_json::Value;

use super::frame::{ms, text};

/// A refusal, as far as it was understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Refusal {
    /// `INVALID_REQUEST`, `NOT_PAIRED`, `FORBIDDEN`, `UNAVAILABLE` and the like.
    pub code: Option<String>,
    /// For people.
    pub message: Option<String>,
    /// `details.code`, see [`super::detail`].
    pub detail: Option<String>,
    /// `details.reason`.
    pub reason: Option<String>,
    /// `details.recommendedNextStep`.
    pub next_step: Option<String>,
    /// Whether the gateway says that trying again may help.
    pub retryable: Option<bool>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// `details.expectedProtocol` of a protocol mismatch.
    pub expected_protocol: Option<i64>,
}

impl Refusal {
    /// Reads an error object; whatever is missing or of the wrong type stays `None`.
    pub fn read(error: &Value) -> Self {
        Self {
            code: text(error, "/code"),
            message: text(error, "/message"),
            detail: text(error, "/details/code"),
            reason: text(error, "/details/reason"),
            next_step: text(error, "/details/recommendedNextStep"),
            retryable: error.get("retryable").and_then(Value::as_bool),
            retry_after: ms(error, "/retryAfterMs"),
            expected_protocol: error.pointer("/details/expectedProtocol").and_then(Value::as_i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_error_reads_and_a_bare_one_as_well() {
        let whole = serde_json::json!({"code": "UNAVAILABLE", "message": "gateway starting; retry shortly", "retryable": true,
            "retryAfterMs": 500, "details": {"reason": "startup-sidecars"}});
        let refusal = Refusal::read(&whole);
        assert_eq!(refusal.reason.as_deref(), Some("startup-sidecars"));
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(500)));
        assert_eq!(refusal.retryable, Some(true));
        let old = Refusal::read(&serde_json::json!({"code": "NOT_PAIRED", "message": "device identity required"}));
        assert_eq!((old.code.as_deref(), old.detail), (Some("NOT_PAIRED"), None));
    }

    #[test]
    fn wrong_types_are_missing_members() {
        let odd = serde_json::json!({"code": 7, "message": [], "details": "x", "retryable": "yes", "retryAfterMs": -4});
        assert_eq!(Refusal::read(&odd), Refusal::default());
        assert_eq!(Refusal::read(&Value::Null), Refusal::default());
    }
}
