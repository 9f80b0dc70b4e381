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

/// Two paths of the plan, each ordered pair.
pub static PAIR: Table = table("pair", Scope::Between, "Two paths compared.").keys(PAIR_KEYS).fields(PAIR_FIELDS);
const PAIR_KEYS: &[Key] = &[key("a", Type::Vantage, "One path."), key("b", Type::Vantage, "The other path.")];
const PAIR_FIELDS: &[Field] = &[
    field("same-gateway", Type::Label(SameGateway::ALL), "Whether both lead to one gateway.").derived(),
    field("lag", Type::Duration, "Time to the challenge on a minus that on b.").derived().print(Print::Omit),
];

/// The two loopback families of one path.
pub static FAMILIES: Table =
    table("families", Scope::Path, "The two loopback families of a path compared.").fields(FAMILIES_FIELDS);
const FAMILIES_FIELDS: &[Field] =
    &[field("same-gateway", Type::Label(SameGateway::ALL), "Whether both families lead to one gateway.").derived()];
