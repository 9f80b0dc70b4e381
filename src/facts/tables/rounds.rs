//! The same request by two paths in turn: what the one adds to the other.

use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};

/// One row per path that this one was compared with.
pub static ROUNDS: Table =
    table("rounds", Scope::Path, "The health route asked by this path and by another in turn, one socket at a time: A, B, B, A.")
        .keys(ROUNDS_KEYS)
        .fields(ROUNDS_FIELDS);
const ROUNDS_KEYS: &[Key] = &[key("beside", Type::Vantage, "The path it was compared with: the direct one, or one further in.")];
const ROUNDS_FIELDS: &[Field] = &[
    field("n", Type::Int, "Pairs of answers that were compared.").print(Print::Omit),
    field("failed", Type::Int, "Requests that the gateway did not answer, on either path.").print(Print::Omit),
    field("min", Type::Duration, "Shortest time from the written request to the first byte, on a connection that stands."),
    field("p50", Type::Duration, "Median of these times."),
    field("p95", Type::Duration, "The time that 95 of 100 requests do not exceed."),
    field("max", Type::Duration, "Longest of these times."),
    field("connect-p50", Type::Duration, "Median time to connect, before any TLS."),
    field("tls-p50", Type::Duration, "Median time of the TLS handshake; absent on plain text."),
    field("beside-min", Type::Duration, "Shortest time to the first byte on the other path."),
    field("beside-p50", Type::Duration, "Median time to the first byte on the other path."),
    field("beside-p95", Type::Duration, "The time that 95 of 100 requests on the other path do not exceed."),
    field("beside-max", Type::Duration, "Longest time to the first byte on the other path."),
    field("beside-connect-p50", Type::Duration, "Median time to connect on the other path, before any TLS."),
    field("beside-tls-p50", Type::Duration, "Median time of the TLS handshake on the other path; absent on plain text."),
    field("added", Type::Duration, "Median of what this path takes more than the other, over rounds of two pairs each."),
    field("spread", Type::Duration, "Distance between the quartiles of that difference."),
];
