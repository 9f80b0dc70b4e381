//! A connect that is refused: the error object, and the close that follows it.

use serde_json::{Value, json};

/// The most bytes of a close reason. Source: `truncateCloseReason` of 2026.9.6.
const LONGEST_REASON: usize = 120;

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The error object; without one the socket is closed without an answer.
    pub error: Option<Value>,
    /// The close code.
    pub code: u16,
    /// The close reason, cut to what the gateway sends.
    pub reason: String,
    /// Whether it ends without waiting for the client.
    pub abrupt: bool,
}

impl Refused {
    /// Refused by policy, the reason being the message.
    pub fn policy(code: &str, message: &str) -> Self {
        Self::new(code, message, 1008, message)
    }

    /// A refusal.
    pub fn new(code: &str, message: &str, close: u16, reason: &str) -> Self {
        Self { error: Some(json!({"code": code, "message": message})), ..Self::silent(close, reason) }
    }

    /// A close without an answer.
    pub fn silent(code: u16, reason: &str) -> Self {
        let end = reason.floor_char_boundary(LONGEST_REASON);
        Self { error: None, code, reason: reason[..end].to_owned(), abrupt: false }
    }

    /// The end of whoever broke the protocol: a close frame without a reason, and no waiting.
    pub fn abrupt(code: u16) -> Self {
        Self { abrupt: true, ..Self::silent(code, "") }
    }

    /// With `retryable` and `retryAfterMs`.
    pub fn retry(mut self, after_ms: u64) -> Self {
        if let Some(error) = &mut self.error {
            error["retryable"] = true.into();
            error["retryAfterMs"] = after_ms.into();
        }
        self
    }

    /// With details.
    pub fn details(mut self, details: Value) -> Self {
        if let Some(error) = &mut self.error {
            error["details"] = details;
        }
        self
    }

    /// Without details, as up to 2026.1.29.
    pub fn plain(mut self) -> Self {
        if let Some(error) = self.error.as_mut().and_then(Value::as_object_mut) {
            error.shift_remove("details");
        }
        self
    }

    /// The answer to the request of this id.
    pub fn frame(&self, id: &str) -> Option<String> {
        let error = self.error.as_ref()?;
        Some(json!({"type": "res", "id": id, "ok": false, "error": error}).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_letters() {
        assert_eq!(Refused::silent(1008, &"é".repeat(70)).reason.len(), 120);
        assert_eq!(Refused::silent(1008, &format!("x{}", "é".repeat(70))).reason.len(), 119);
    }
}
