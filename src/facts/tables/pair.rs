//! What two paths tell together. All of it is derived.

use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// Whether two ways lead to one gateway.
    pub enum SameGateway {
        Proven = "proven": "Boot id, or uptime within a second, agree.",
        Assumed = "assumed": "Nothing tells.",
        Refuted = "refuted": "Boot id, uptime or version differ.",
    }
}

labels! {
    /// How the same upgrade fared on two paths.
    pub enum Fared {
        Both = "both": "Both switched.",
        OnlyA = "only-a": "It switched on a, and not on b.",
        OnlyB = "only-b": "It switched on b, and not on a.",
        Neither = "neither": "Neither switched.",
    }
}

/// Two paths of the plan, each ordered pair.
pub static PAIR: Table = table("pair", Scope::Between, "Two paths compared.").keys(PAIR_KEYS).fields(PAIR_FIELDS);
const PAIR_KEYS: &[Key] = &[key("a", Type::Vantage, "One path."), key("b", Type::Vantage, "The other path.")];
const PAIR_FIELDS: &[Field] = &[
    field("same-gateway", Type::Label(SameGateway::ALL), "Whether both lead to one gateway.").derived(),
    field("outcome", Type::Label(Fared::ALL), "How the upgrade fared on both; absent for paths that lead to two gateways.")
        .derived(),
    field("lag", Type::Duration, "Time to the challenge on a minus that on b.").derived().print(Print::Omit),
    field(
        "added",
        Type::Duration,
        "What a adds to b in the median of interleaved rounds; absent for paths that lead to two gateways.",
    )
    .derived()
    .print(Print::Omit),
    field("spread", Type::Duration, "Distance between the quartiles of that difference.").derived().print(Print::Omit),
    field("pairs", Type::Int, "Pairs of answers that were compared.").derived().print(Print::Omit),
];

/// The two loopback families of one path.
pub static FAMILIES: Table =
    table("families", Scope::Path, "The two loopback families of a path compared.").fields(FAMILIES_FIELDS);
const FAMILIES_FIELDS: &[Field] =
    &[field("same-gateway", Type::Label(SameGateway::ALL), "Whether both families lead to one gateway.").derived()];
