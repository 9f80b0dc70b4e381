//! What an edge tells the gateway of its clients, judged from outside by what the gateway answers. All of it is derived.

use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// Whom the gateway takes a client for.
    pub enum Taken {
        Local = "local": "A client on its own host.",
        Remote = "remote": "A client elsewhere.",
        Refused = "refused": "Nobody: who asks cannot be attributed (`proxy_attribution_required`).",
    }
}

labels! {
    /// What becomes of who asks, on the way through the edge.
    pub enum Habit {
        Names = "names": "The edge names its own client, whatever the client claims: it overwrites or appends.",
        IfNone = "if-none": "The edge names its own client only where the client claims nothing.",
        Believes = "believes": "The edge hands on what the client claims, and tells of a proxy without naming the client itself.",
        Passes = "passes": "The edge names nobody, and hands on what the client claims.",
        Strips = "strips": "The edge names nobody, and takes away what the client claims.",
        Unattributed = "unattributed": "The edge tells of a proxy, and the gateway accepts no client from it, whatever is claimed.",
        Unseen = "unseen": "No edge shows: the gateway takes its peer for a remote client and refuses claims.",
    }
}

/// One row for each path through an edge.
pub static FORWARDING: Table = table(
    "forwarding",
    Scope::Path,
    "What the edge tells of its clients, and what the gateway makes of them; not measured on direct paths and tunnels.",
)
.fields(FIELDS);
const FIELDS: &[Field] = &[
    field(
        "alone",
        Type::Label(Taken::ALL),
        "Whom the gateway takes a client for that claims nothing; absent if the answer does not tell.",
    )
    .derived(),
    field("claiming-local", Type::Label(Taken::ALL), "The same for a client that claims to come from 127.0.0.1.").derived(),
    field("claiming-remote", Type::Label(Taken::ALL), "The same for a client that claims to come from a public address.")
        .derived(),
    field("edge", Type::Label(Habit::ALL), "What the edge does; absent where the answers do not tell.").derived(),
    field(
        "believed",
        Type::Bool,
        "Whether the gateway believes an address that the client claims; absent where the release does not show it.",
    )
    .derived(),
];
