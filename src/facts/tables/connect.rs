//! The handshake that a credential takes part in.

use super::site::Slot;
use super::upgrade::FrameFlaw;
use super::words;
use crate::facts::schema::{Field, Print, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// How the handshake ended.
    pub enum Entry {
        Accepted = "accepted": "hello-ok.",
        Refused = "refused": "An error response.",
        Closed = "closed": "The connection ended without a response.",
        Silent = "silent": "Nothing within the probe's own deadline.",
    }
}

labels! {
    /// How the connection ended.
    pub enum Death {
        CloseFrame = "close-frame": "A WebSocket close frame.",
        Fin = "fin": "TCP ended in order, without a close frame.",
        Reset = "reset": "TCP was reset.",
        Ours = "ours": "We closed it.",
    }
}

/// One handshake, at most one per path.
pub static CONNECT: Table = table("connect", Scope::Path, "One `connect` request and what came of it.").fields(CONNECT_FIELDS);
const CONNECT_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Entry::ALL), "How the handshake ended."),
    field(
        "flaw",
        Type::Label(FrameFlaw::ALL),
        "What is wrong with what came in the place of a response; absent when nothing is.",
    ),
    field("slot", Type::Label(Slot::ALL), "Where our credential came from: token or password."),
    field(
        "server-mode",
        Type::Label(Slot::ALL),
        "What the gateway asks for, as its refusal or hello reveals; absent when it does not.",
    ),
    field("error-code", Type::Text, "`error.code` of a refusal.").words(words::ERROR_CODES),
    field("detail-code", Type::Text, "`error.details.code` of a refusal.").words(words::DETAIL_CODES),
    field("reason", Type::Text, "`error.details.reason` of a refusal.").words(words::REASONS),
    field("message", Type::Text, "`error.message` of a refusal.").named(),
    field("next-step", Type::Text, "`error.details.recommendedNextStep` of a refusal.").words(words::NEXT_STEPS),
    field("retryable", Type::Bool, "Whether the gateway says that trying again may help."),
    field("retry-after", Type::Duration, "How long the gateway asks us to wait."),
    field("expected-protocol", Type::Int, "The protocol a protocol mismatch asks for."),
    field("close-code", Type::Int, "Close code, when a close frame came."),
    field("close-reason", Type::Text, "Close reason, when a close frame came.").named(),
    field("death", Type::Label(Death::ALL), "How the connection ended."),
    field("elapsed", Type::Duration, "Time from the upgrade to the end of the connection, or to hello-ok."),
    field("after", Type::Duration, "Time from the request to the response."),
    field("protocol", Type::Int, "The protocol agreed on."),
    field("version", Type::Text, "`server.version`.").words(words::RELEASES),
    field("scopes", Type::Text, "Scopes granted, joined by a blank.").words(words::SCOPES),
    field("auth-method", Type::Text, "`auth.method` of hello-ok.").words(words::AUTH_METHODS),
    field("tick-interval", Type::Duration, "`policy.tickIntervalMs`.").print(Print::Exact),
    field("max-payload", Type::Bytes, "`policy.maxPayload`.").print(Print::Exact),
    field("boot-id", Type::Text, "`server.bootId`: one per start of the gateway.").named().print(Print::Omit),
    field("uptime", Type::Duration, "`snapshot.uptimeMs`.").print(Print::Omit),
];
