//! TCP connection attempts.

use super::listener::Family;
use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// How a connection attempt ended, seen from the socket.
    pub enum Connected {
        Accepted = "accepted": "The peer accepted.",
        Refused = "refused": "The peer answered the SYN with a reset.",
        Reset = "reset": "The connection was reset while it was made.",
        Silent = "silent": "No answer within the probe's own deadline.",
        Unreachable = "unreachable": "The network or this host said that there is no way.",
    }
}

labels! {
    /// How a connection attempt ended, the first exchange on it included.
    pub enum Manner {
        Accepted = "accepted": "The peer accepted, and did not close before it was asked.",
        Refused = "refused": "The peer answered the SYN with a reset.",
        Reset = "reset": "The connection was reset while it was made.",
        Silent = "silent": "No answer within the probe's own deadline.",
        Unreachable = "unreachable": "The network or this host said that there is no way.",
        ClosedEmpty = "closed-empty": "The peer accepted and closed without a single byte.",
    }
}

labels! {
    /// Which clients end with an address, when they are given every address of the name.
    pub enum Taken {
        Clients = "clients": "Every client: Node's (the gateway's own command line and apps) and browsers.",
        Node = "node": "Node's clients; browsers take another address, or wait for none.",
        Browsers = "browsers": "Browsers; Node's clients take another address, or none.",
        Nobody = "nobody": "No client.",
    }
}

/// One row per address dialled: those the path names, and on `local` the other loopback family.
pub static TCP: Table = table("tcp", Scope::Path, "Connection attempts, one per address.").keys(TCP_KEYS).fields(TCP_FIELDS);
const TCP_KEYS: &[Key] =
    &[key("address", Type::Address, "The address dialled.").address(), key("port", Type::Int, "The port dialled.")];
const TCP_FIELDS: &[Field] = &[
    field(
        "named",
        Type::Bool,
        "Whether the path names this address (or a name that resolves to it); else it is the other loopback family.",
    ),
    field(
        "place",
        Type::Int,
        "Place of the address, from 1, in the order in which the system hands the name's addresses to a client (getaddrinfo); absent if it does not hand it out.",
    )
    .print(Print::Omit),
    field("family", Type::Label(Family::ALL), "Address family."),
    field("own", Type::Bool, "Whether the address belongs to this machine."),
    field("connected", Type::Label(Connected::ALL), "How the attempt ended."),
    field("manner", Type::Label(Manner::ALL), "How the attempt ended, the first exchange on the path included.").derived(),
    field(
        "taken",
        Type::Label(Taken::ALL),
        "Which clients end with this address: Node gives each but the last 250 ms, browsers let them race (RFC 8305).",
    )
    .derived()
    .print(Print::Omit),
    field("after", Type::Duration, "Time until the attempt ended."),
    field("rtt", Type::Duration, "The kernel's smoothed round-trip time."),
    field("retransmits", Type::Int, "Segments sent again while connecting and right after.").print(Print::Omit),
    field("source", Type::Address, "The address dialled from.").address().print(Print::Omit),
    field("error", Type::Text, "The system's words for a failure.").named(),
];
