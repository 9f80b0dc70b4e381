//! What the plan says of a path.

use super::deployment::Pattern;
use super::site::Source;
use crate::facts::schema::{Field, Print, Scope, Table, Type, field, table};
use crate::labels;
use crate::path::{Class, Kind};

labels! {
    /// The scheme a path is asked by.
    pub enum Scheme {
        Ws = "ws": "Plain text.",
        Wss = "wss": "TLS.",
        Unix = "unix": "A Unix socket.",
    }
}

labels! {
    /// To which network an address belongs.
    pub enum AddressClass {
        Loopback = "loopback": "127.0.0.0/8 and ::1.",
        Tailnet = "tailnet": "100.64.0.0/10 and fd7a:115c:a1e0::/48.",
        FakeIp = "fake-ip": "198.18.0.0/15: a local proxy's stand-in address.",
        LinkLocal = "link-local": "169.254.0.0/16 and fe80::/10.",
        Private = "private": "RFC 1918 and fc00::/7.",
        Public = "public": "Any other address.",
        Name = "name": "A host name, not an address.",
    }
}

impl AddressClass {
    /// The class of an address.
    ///
    /// Ranges: RFC 6890 for loopback, link-local and private; RFC 6598 (100.64/10) and Tailscale's ULA prefix
    /// fd7a:115c:a1e0::/48 for the tailnet; RFC 2544 (198.18/15) for fake-ip proxies.
    pub fn of(address: std::net::IpAddr) -> Self {
        use std::net::IpAddr;
        match address.to_canonical() {
            IpAddr::V4(a) => {
                let [first, second, ..] = a.octets();
                match (first, second) {
                    _ if a.is_loopback() => Self::Loopback,
                    (100, 64..=127) => Self::Tailnet,
                    (198, 18 | 19) => Self::FakeIp,
                    _ if a.is_link_local() => Self::LinkLocal,
                    _ if a.is_private() => Self::Private,
                    _ => Self::Public,
                }
            }
            IpAddr::V6(a) => match a.segments() {
                _ if a.is_loopback() => Self::Loopback,
                [0xfd7a, 0x115c, 0xa1e0, ..] => Self::Tailnet,
                [first, ..] if first & 0xffc0 == 0xfe80 => Self::LinkLocal,
                [first, ..] if first & 0xfe00 == 0xfc00 => Self::Private,
                _ => Self::Public,
            },
        }
    }
}

/// A path of the plan.
pub static PATH: Table = table("path", Scope::Path, "A way to the gateway, as planned.").fields(PATH_FIELDS);
const PATH_FIELDS: &[Field] = &[
    field("kind", Type::Label(Kind::ALL), "How a request reaches the gateway."),
    field("name", Type::Text, "The path's name, as in `edge:corp`."),
    field("class", Type::Label(Class::ALL), "Direct, or through an edge.").derived(),
    field("scheme", Type::Label(Scheme::ALL), "Plain text, TLS or a Unix socket."),
    field("host", Type::Address, "The host that is dialled, as named; of a Unix socket its file.").address(),
    field("port", Type::Int, "The port that is dialled; absent for a Unix socket."),
    field("dialled", Type::Address, "What is dialled, as people write it: HOST:PORT, or unix:FILE.")
        .address()
        .print(Print::Omit)
        .derived(),
    field(
        "usual-url",
        Type::Address,
        "The host as a URL at the port that https has by itself: https://HOST; absent for a Unix socket.",
    )
    .address()
    .print(Print::Omit)
    .derived(),
    field("url", Type::Address, "The same as a URL for curl: http://HOST:PORT or https://HOST:PORT; absent for a Unix socket.")
        .address()
        .print(Print::Omit)
        .derived(),
    field("below", Type::Text, "The path of the edge's URL under which the gateway's routes are asked for; absent without one.")
        .named(),
    field("address-class", Type::Label(AddressClass::ALL), "To which network the named host belongs; absent for a Unix socket."),
    field("origin", Type::Label(Source::ALL), "Where the path came from."),
    field("pattern", Type::Label(Pattern::ALL), "The way in which it reaches the gateway, as far as facts tell.").derived(),
    field("place", Type::Text, "The flag, variable or key that names it.").print(Print::Omit),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_fall_into_their_ranges() {
        for (address, class) in [
            ("127.8.8.8", AddressClass::Loopback),
            ("::1", AddressClass::Loopback),
            ("::ffff:127.0.0.1", AddressClass::Loopback),
            ("100.64.0.1", AddressClass::Tailnet),
            ("100.128.0.1", AddressClass::Public),
            ("fd7a:115c:a1e0::1", AddressClass::Tailnet),
            ("198.18.0.9", AddressClass::FakeIp),
            ("169.254.1.1", AddressClass::LinkLocal),
            ("10.1.2.3", AddressClass::Private),
            ("fd00::1", AddressClass::Private),
            ("fe80::1", AddressClass::LinkLocal),
            ("203.0.113.5", AddressClass::Public),
        ] {
            assert_eq!(AddressClass::of(address.parse().unwrap()), class, "{address}");
        }
    }
}
