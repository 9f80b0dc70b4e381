//! Who listens.

use super::path::AddressClass;
use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// From where a listening socket can be reached.
    pub enum Reach {
        Loopback = "loopback": "Only from this machine.",
        Wildcard = "wildcard": "On every address of this machine.",
        Address = "address": "On one address that is not loopback.",
    }
}

labels! {
    /// Address family.
    pub enum Family {
        V4 = "v4": "IPv4.",
        V6 = "v6": "IPv6.",
    }
}

labels! {
    /// What kind of program owns a socket, read off its command line.
    pub enum Owner {
        Gateway = "gateway": "An OpenClaw Gateway, also under its former names.",
        Ssh = "ssh": "An SSH client or server that forwards.",
        DockerProxy = "docker-proxy": "Docker's userland proxy or another container port forwarder.",
        WslRelay = "wsl-relay": "The WSL relay.",
        Other = "other": "Another program.",
    }
}

/// Listening sockets on the gateway's ports, and of any gateway.
pub static LISTENER: Table =
    table("listener", Scope::Site, "Listening TCP sockets on the dialled and configured ports, and of any gateway process.")
        .keys(LISTENER_KEYS)
        .fields(LISTENER_FIELDS);
const LISTENER_KEYS: &[Key] =
    &[key("address", Type::Address, "The bound address.").address(), key("port", Type::Int, "The bound port.")];
const LISTENER_FIELDS: &[Field] = &[
    field("dialled", Type::Bool, "Whether a path of the plan dials this port on this machine."),
    field("configured", Type::Bool, "Whether the configuration file gives this port."),
    field("family", Type::Label(Family::ALL), "Address family."),
    field("v6-only", Type::Bool, "Whether an IPv6 socket refuses IPv4; absent for IPv4 sockets."),
    field("reach", Type::Label(Reach::ALL), "From where it can be reached."),
    field("class", Type::Label(AddressClass::ALL), "To which network the bound address belongs; absent for a wildcard."),
    field("owner", Type::Label(Owner::ALL), "What kind of program owns it."),
    field("command", Type::Text, "The owner's command.").named(),
    field("pid", Type::Int, "The owner's process id.").print(Print::Omit),
    field("user", Type::Text, "The owner's user.").named(),
    field("queue", Type::Int, "Connections waiting to be accepted.").print(Print::Omit),
];
