//! TLS handshakes.

use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// Why a handshake was made.
    pub enum Purpose {
        Use = "use": "The path is asked by TLS.",
        CrossCheck = "cross-check": "The path is asked in plain text, and the peer answered as if it wanted TLS.",
    }
}

labels! {
    /// How a handshake ended.
    pub enum Handshake {
        Established = "established": "The handshake came to its end.",
        PlainText = "plain-text": "The peer answered the hello in plain text: no TLS there.",
        Alert = "alert": "The peer sent a TLS alert.",
        ClosedEmpty = "closed-empty": "The peer closed without a byte.",
        Reset = "reset": "The peer reset the connection.",
        Silent = "silent": "No answer within the probe's own deadline.",
        Stalled = "stalled": "The handshake began, and did not come to its end.",
        TooLong = "too-long": "A message of the handshake, such as the certificate, is longer than TLS libraries take.",
        Broken = "broken": "What came was neither TLS nor text.",
    }
}

labels! {
    /// Whether the certificate convinces.
    pub enum Trust {
        Trusted = "trusted": "A known issuer vouches for the name, now.",
        Pinned = "pinned": "The fingerprint is the pinned one.",
        PinMismatch = "pin-mismatch": "The fingerprint is not the pinned one.",
        SelfSigned = "self-signed": "The certificate vouches for itself.",
        UnknownIssuer = "unknown-issuer": "No known issuer vouches for it, or the chain is not whole.",
        WrongName = "wrong-name": "It is for another name.",
        Expired = "expired": "Its time has passed.",
        NotYetValid = "not-yet-valid": "Its time has not come, or a clock is wrong.",
        NoRoots = "no-roots": "This machine has no trusted roots at all.",
        Invalid = "invalid": "It cannot be verified for another reason.",
    }
}

labels! {
    /// What became of a demand for the client's certificate.
    pub enum Identified {
        NotAsked = "not-asked": "The peer asked for none, as far as the handshake came.",
        Withheld = "withheld": "The peer asked for one, and there was none to show.",
        Shown = "shown": "The peer asked for one, and got it.",
    }
}

labels! {
    /// What an alert says, as far as rows go by it (RFC 8446, section 6).
    pub enum Refusal {
        UnrecognizedName = "unrecognized-name": "The peer serves no such name.",
        InternalError = "internal-error": "What Go's servers (Caddy) say where they have no certificate for the name.",
        HandshakeFailure = "handshake-failure": "Nothing acceptable was offered: HAProxy and others without a certificate for the name.",
        AccessDenied = "access-denied": "The peer lets this client not in.",
        Other = "other": "Another alert.",
    }
}

impl Refusal {
    /// The word for an alert as the standard spells it, such as `unrecognized_name`.
    pub fn of(alert: &str) -> Self {
        alert.replace('_', "-").parse().unwrap_or(Self::Other)
    }
}

/// One row per handshake made.
pub static TLS: Table = table("tls", Scope::Path, "TLS handshakes and the certificate shown.").keys(TLS_KEYS).fields(TLS_FIELDS);
const TLS_KEYS: &[Key] = &[key("purpose", Type::Label(Purpose::ALL), "Why the handshake was made.").or("use")];
const TLS_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Handshake::ALL), "How the handshake ended."),
    field("trust", Type::Label(Trust::ALL), "Whether the certificate convinces; absent without certificate."),
    field("pin", Type::Text, "The fingerprint that was expected; absent when none is pinned.").named(),
    field("fingerprint", Type::Text, "SHA-256 of the leaf certificate, 64 lower-case hex digits.").named(),
    field("version", Type::Text, "TLS version."),
    field("alpn", Type::Text, "Application protocol chosen; absent when none was."),
    field("subject", Type::Text, "Subject of the leaf.").named(),
    field("issuer", Type::Text, "Issuer of the leaf.").named(),
    field("names", Type::Text, "Subject alternative names, joined by a blank.").named(),
    field("expires-in", Type::Duration, "Time left; negative when expired.").print(Print::Omit),
    field("chain", Type::Int, "Number of certificates shown."),
    field(
        "client-certificate",
        Type::Label(Identified::ALL),
        "Whether the peer asked for the client's own certificate, and got it.",
    ),
    field("after", Type::Duration, "Time of the handshake."),
    field("refusal", Type::Label(Refusal::ALL), "What the alert says, as far as rows go by it; absent without an alert."),
    field("alert", Type::Text, "The alert, or the first words of a plain-text answer.").named(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_no_row_goes_by_is_another() {
        assert_eq!(Refusal::of("unrecognized_name"), Refusal::UnrecognizedName);
        assert_eq!(Refusal::of("handshake_failure"), Refusal::HandshakeFailure);
        assert_eq!(Refusal::of("protocol_version"), Refusal::Other);
    }
}
