//! What follows from how a path is named, and from where it really led. All of it is derived.

use super::path::AddressClass;
use crate::facts::schema::{Field, Scope, Table, Type, field, table};
use crate::labels;
use crate::path::Kind;

labels! {
    /// What the product's own client makes of an address, before it sends a packet.
    pub enum Client {
        Takes = "takes": "Every release takes it: TLS, a Unix socket, or loopback.",
        TakesLately = "takes-lately": "Plain text to a private, tailnet, `.local` or `.ts.net` host: 2026.7.1 takes it, 2026.5.7 does not.",
        ToldTo = "told-to": "Plain text to a name, which `OPENCLAW_ALLOW_INSECURE_PRIVATE_WS=1` in the environment lets through.",
        Refuses = "refuses": "Plain text to anything else: no release since 2026.2.19 takes it unless told to.",
    }
}

/// One row for each path.
pub static ROUTE: Table =
    table("route", Scope::Path, "What follows from how a path is named, and from where it really led.").fields(FIELDS);
const FIELDS: &[Field] = &[
    field("client", Type::Label(Client::ALL), "What the product's own client makes of the address.").derived(),
    field("dialled-class", Type::Label(AddressClass::ALL), "To which network the first address belongs that was dialled for it.")
        .derived(),
    field("tailnet-name", Type::Bool, "Whether the host is a name of the tailnet (`.ts.net`).").derived(),
    field("gateway-port", Type::Bool, "Whether the port is the gateway's own: the one its file gives, or 18789.").derived(),
    field(
        "elsewhere",
        Type::Label(Kind::ALL),
        "The kind of another path of the run by which the gateway answers at another port of the same host; absent if none does.",
    )
    .derived(),
];
