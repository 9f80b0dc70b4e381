//! What becomes of a request's path, host and TLS on the way through an edge. All of it is derived.

use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;

labels! {
    /// What becomes of the path under which an edge serves the gateway.
    pub enum Prefix {
        Stripped = "stripped": "The edge takes it away: the gateway is asked for its routes where they are.",
        Kept = "kept": "The edge hands it on, and the gateway answers with its page, as it does to any path it does not know.",
    }
}

labels! {
    /// Whether the name that is asked for decides where an edge leads.
    pub enum Names {
        Decide = "decide": "By one name the gateway answers, and by another at the same address something else does.",
        DoNotMatter = "do-not-matter": "The gateway answers by each name that was asked for at the same address.",
    }
}

labels! {
    /// Where TLS ends on the way.
    pub enum TlsEnds {
        AtEdge = "at-edge": "At the edge; the gateway speaks plain text.",
        Twice = "twice": "At the edge, and again at the gateway: each shows a certificate of its own.",
        OneCertificate = "one-certificate": "The edge's address and the gateway's show the same certificate: TLS passes through, or both have it.",
        BehindOnly = "behind-only": "At the gateway alone: the edge is asked in plain text and speaks TLS itself.",
        Nowhere = "nowhere": "There is none, neither at the edge nor at the gateway.",
    }
}

/// One row for each path through an edge.
pub static PASSAGE: Table = table(
    "passage",
    Scope::Path,
    "What becomes of a request's path, host and TLS on the way through the edge; not measured on direct paths.",
)
.fields(FIELDS);
const FIELDS: &[Field] = &[
    field(
        "prefix",
        Type::Label(Prefix::ALL),
        "What becomes of the path under which the gateway is asked for; absent without one, or if the answer does not tell.",
    )
    .derived(),
    field("names", Type::Label(Names::ALL), "Whether the name that is asked for decides where the edge leads.").derived(),
    field("tls", Type::Label(TlsEnds::ALL), "Where TLS ends; absent where a handshake failed.").derived(),
    field("http3", Type::Bool, "Whether HTTP/3 is offered (`Alt-Svc`): told as seen, and not measured.").derived(),
];
