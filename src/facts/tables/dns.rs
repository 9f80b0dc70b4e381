//! What resolvers answer.

use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// The record type asked for.
    pub enum Record {
        A = "A": "IPv4 addresses.",
        Aaaa = "AAAA": "IPv6 addresses.",
    }
}

labels! {
    /// To which network an answer points, or why there is none.
    pub enum Answer {
        Loopback = "loopback": "127.0.0.0/8 or ::1.",
        Tailnet = "tailnet": "100.64.0.0/10 or fd7a:115c:a1e0::/48.",
        FakeIp = "fake-ip": "198.18.0.0/15: a local proxy's stand-in address.",
        LinkLocal = "link-local": "169.254.0.0/16 or fe80::/10.",
        Private = "private": "RFC 1918 or fc00::/7.",
        Public = "public": "Any other address.",
        None = "none": "The name or the record does not exist.",
        Refused = "refused": "The resolver refused, or nothing listens at its address.",
        Failed = "failed": "The resolver failed (SERVFAIL) or answered nonsense.",
        Silent = "silent": "No answer within the probe's own deadline.",
    }
}

/// One row per answer; a query without answer has one row numbered 0.
pub static DNS: Table =
    table("dns", Scope::Site, "Answers of the system's and of named resolvers.").keys(DNS_KEYS).fields(DNS_FIELDS);
const DNS_KEYS: &[Key] = &[
    key("resolver", Type::Text, "The resolver's name; `system` is the system's own."),
    key("name", Type::Address, "The name asked for.").address(),
    key("type", Type::Label(Record::ALL), "The record type."),
    key("answer", Type::Int, "Number of the answer, from 1; 0 when there is none."),
];
const DNS_FIELDS: &[Field] = &[
    field("address", Type::Address, "The address; absent when there is none.").address(),
    field("class", Type::Label(Answer::ALL), "To which network it points, or why there is none."),
    field("after", Type::Duration, "Time to the answer."),
    field("ttl", Type::Duration, "Time to live of the record.").print(Print::Omit),
    field("rcode", Type::Text, "The response code, such as NOERROR or NXDOMAIN."),
    field("server", Type::Address, "The resolver's address.").address(),
];
