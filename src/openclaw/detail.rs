//! `error.details.code` of a refused connect, and what it gives away about the gateway's own auth mode.
//!
//! Source: `ConnectErrorDetailCodes` and `resolveAuthConnectErrorDetailCode` of 2026.9.6. The gateway compares a shared secret
//! with the one its mode asks for, whichever of `auth.token` and `auth.password` it came in, and names its own mode in the
//! refusal: a password gateway answers a wrong token with `AUTH_PASSWORD_MISMATCH`.

use crate::facts::tables::site::Slot;

/// The codes of a gateway that asks for a token.
const TOKEN: &[&str] = &["AUTH_TOKEN_MISSING", "AUTH_TOKEN_MISMATCH", "AUTH_TOKEN_NOT_CONFIGURED"];

/// The codes of a gateway that asks for a password.
const PASSWORD: &[&str] = &["AUTH_PASSWORD_MISSING", "AUTH_PASSWORD_MISMATCH", "AUTH_PASSWORD_NOT_CONFIGURED"];

/// The refusal that a device-less connect without a secret gets, in every auth mode: proof of a gateway, and nothing else.
pub const DEVICE_IDENTITY_REQUIRED: &str = "DEVICE_IDENTITY_REQUIRED";

/// What the gateway asks for, if the code tells. Lock-outs (`AUTH_RATE_LIMITED`), device, bootstrap and proxy codes do not.
pub fn server_mode(detail: &str) -> Option<Slot> {
    if TOKEN.contains(&detail) {
        Some(Slot::Token)
    } else if PASSWORD.contains(&detail) {
        Some(Slot::Password)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shared_secret_codes_reveal_a_mode() {
        assert_eq!(server_mode("AUTH_TOKEN_MISMATCH"), Some(Slot::Token));
        assert_eq!(server_mode("AUTH_PASSWORD_MISSING"), Some(Slot::Password));
        for code in
            ["AUTH_RATE_LIMITED", "AUTH_DEVICE_TOKEN_MISMATCH", "AUTH_BOOTSTRAP_TOKEN_INVALID", DEVICE_IDENTITY_REQUIRED, ""]
        {
            assert_eq!(server_mode(code), None, "{code}");
        }
    }
}
