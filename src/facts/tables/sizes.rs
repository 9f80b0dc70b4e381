//! What sizes get through.

use crate::facts::schema::{Field, Key, Scope, Table, Type, field, key, table};
use crate::facts::tables::connect::Death;
use crate::facts::tables::http::Author;
use crate::labels;

labels! {
    /// What was made larger and larger.
    pub enum Of {
        Head = "head": "The head of a request: what cookies and an identity proxy's headers grow to.",
        Body = "body": "The body of a request.",
        Message = "message": "A WebSocket message, after login.",
    }
}

labels! {
    /// How far it went.
    pub enum Ladder {
        Passed = "passed": "Every size that was tried got through.",
        Limited = "limited": "A size failed twice that is twice what got through.",
        Unsteady = "unsteady": "A size failed, and then got through on a connection of its own: no limit of size.",
        Upstream = "upstream": "A size failed, and the edge says of its upstream that it failed (502, 504): one that answers before it has read everything, and closes, looks so. It tells of no limit.",
        Unwelcome = "unwelcome": "Not even the smallest got through, for another reason than its size.",
    }
}

/// One row per kind of size.
pub static SIZES: Table =
    table("sizes", Scope::Path, "Sizes that get through, each twice the one before, all below what the gateway takes.")
        .keys(SIZES_KEYS)
        .fields(SIZES_FIELDS);
const SIZES_KEYS: &[Key] = &[key("of", Type::Label(Of::ALL), "What was made larger.")];
const SIZES_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Ladder::ALL), "How far it went; not measured where time or a limit of requests ended it."),
    field("passed", Type::Bytes, "The largest size that got through, beside what every request has."),
    field("failed", Type::Bytes, "The smallest size that did not; absent when all did."),
    field("status", Type::Int, "The HTTP status that refused it; absent when nothing was answered."),
    field("author", Type::Label(Author::ALL), "Who wrote that answer."),
    field("death", Type::Label(Death::ALL), "How the WebSocket ended that carried it."),
    field("close-code", Type::Int, "The code of the close frame, if one came."),
];
