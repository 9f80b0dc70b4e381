//! Connections held open: what becomes of quiet ones and of busy ones, and the gateway's own beat on them.

use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// Who says something on a connection that is held open.
    pub enum Pattern {
        Silent = "silent": "Nobody, as far as we can help it; the gateway's pings are answered.",
        Pings = "pings": "We alone: unsolicited pongs (RFC 6455, 5.5.3), which nobody answers.",
        Server = "server": "The gateway alone, as often as it does; its pings stay unanswered.",
        Both = "both": "Both: we ping, and the gateway answers.",
    }
}

labels! {
    /// What became of a connection that was held open.
    pub enum Fate {
        Survived = "survived": "It was alive when we ended it: a ping was answered.",
        CloseFrame = "close-frame": "A WebSocket close frame came.",
        Fin = "fin": "TCP ended in order, without a close frame.",
        Reset = "reset": "TCP was reset while nobody said anything.",
        ResetOnWrite = "reset-on-write": "TCP was reset as soon as we said something after a silence.",
        NoPong = "no-pong": "It did not end, and a ping was not answered.",
        Unreadable = "unreadable": "A frame came that we do not take: too long, not UTF-8, or against RFC 6455.",
        NotOpened = "not-opened": "It did not come to a challenge, or to a hello where one was wanted.",
    }
}

/// One row per connection.
pub static HOLD: Table =
    table("hold", Scope::Path, "Connections held open, and what became of each.").keys(HOLD_KEYS).fields(HOLD_FIELDS);
const HOLD_KEYS: &[Key] = &[
    key("pattern", Type::Label(Pattern::ALL), "Who says something on it."),
    key("n", Type::Int, "Which of this pattern, from 1 on."),
];
const HOLD_FIELDS: &[Field] = &[
    field("fate", Type::Label(Fate::ALL), "What became of it."),
    field("let-in", Type::Bool, "Whether the gateway had let it in (hello-ok)."),
    field("close-code", Type::Int, "Close code, when a close frame came."),
    field("close-reason", Type::Text, "Close reason, when a close frame came.").named(),
    field(
        "own-end",
        Type::Bool,
        "Whether code and reason are such that only the gateway ends with; absent without a close frame.",
    ),
    field("begun", Type::Duration, "From the probe's beginning to the switch of this connection.").print(Print::Omit),
    field("age", Type::Duration, "From the switch to the end, or to the ping that nobody answered."),
    field("idle", Type::Duration, "From the last byte either way to the same moment."),
    field("idle-client", Type::Duration, "From our last byte to the same moment."),
    field("idle-server", Type::Duration, "From the peer's last byte to the same moment."),
    field("silence", Type::Duration, "The longest time without a byte either way that it survived."),
    field("silence-client", Type::Duration, "The longest time without a byte of ours that it survived."),
    field("silence-server", Type::Duration, "The longest time without a byte of the peer's that it survived."),
    field("keepalive", Type::Bool, "Whether our end sends TCP keepalive, which would keep a flow from being forgotten."),
];

/// The gateway's own beat, and how evenly it arrives.
pub static BEAT: Table =
    table("beat", Scope::Path, "What the gateway says by itself on open connections, and how evenly it arrives.")
        .fields(BEAT_FIELDS);
const BEAT_FIELDS: &[Field] = &[
    field("pings", Type::Int, "Pings of the gateway.").print(Print::Omit),
    field("ping-every", Type::Duration, "Time between the gateway's pings on one connection; the first counts from the hello."),
    field("ticks", Type::Int, "Ticks of the gateway.").print(Print::Omit),
    field("tick-every", Type::Duration, "Time between two ticks."),
    field("tick-promised", Type::Duration, "`policy.tickIntervalMs`.").print(Print::Exact),
    field("tick-late", Type::Duration, "How much later than the promptest the latest event came, by the gateway's own `ts`."),
    field("longest-gap", Type::Duration, "The longest time without a frame of the gateway on an admitted connection."),
    field("pong-after", Type::Duration, "The shortest time from a ping of ours to its pong."),
    field("pong-late", Type::Duration, "How much longer than that the longest took."),
    field("own-late", Type::Duration, "How late a timer of our own was served at most: how busy this machine was.")
        .print(Print::Omit),
    field("burst", Type::Int, "The most pongs or ticks that came together, though they were sent apart.").print(Print::Omit),
];
