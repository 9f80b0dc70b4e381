//! The list of all declared tables.

use super::schema::{Scope, Table};
use super::tables::{
    browser, connect, deployment, dns, forwarding, hold, http, listener, pair, passage, path, rounds, route, site, sizes, socket,
    tcp, timer, tls, upgrade,
};

/// Every table, in the order of the walk.
pub static TABLES: &[&Table] = &[
    &site::SITE,
    &path::PATH,
    &site::CONFIG,
    &site::SETTING,
    &site::CREDENTIAL,
    &site::PROXY_VARIABLE,
    &listener::LISTENER,
    &socket::SOCKET,
    &dns::DNS,
    &tcp::TCP,
    &tls::TLS,
    &http::HTTP,
    &http::PACE,
    &forwarding::FORWARDING,
    &route::ROUTE,
    &passage::PASSAGE,
    &browser::BROWSER,
    &upgrade::UPGRADE,
    &upgrade::CHALLENGE,
    &connect::CONNECT,
    &hold::HOLD,
    &hold::BEAT,
    &timer::TIMER,
    &rounds::ROUNDS,
    &sizes::SIZES,
    &pair::PAIR,
    &pair::FAMILIES,
    &deployment::DEPLOYMENT,
];

/// The table of a name.
pub fn table(name: &str) -> Option<&'static Table> {
    TABLES.iter().copied().find(|t| t.name == name)
}

/// A primitive and the tables it fills: what a probe file may name.
pub struct Primitive {
    /// Name as a probe file's `primitive` gives it.
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// Whether it asks a path or looks at the site.
    pub scope: Scope,
    /// The tables it fills. Parameters of a probe file are key columns of these.
    pub tables: &'static [&'static Table],
}

/// The tables a primitive fills; none for an unknown name.
pub fn filled_by(primitive: &str) -> &'static [&'static Table] {
    PRIMITIVES.iter().find(|p| p.name == primitive).map_or(&[], |p| p.tables)
}

/// Every primitive, in the order of the walk.
pub static PRIMITIVES: &[Primitive] = &[
    primitive(
        "site",
        Scope::Site,
        "Looks at the machine and at the settings found on it.",
        &[&site::SITE, &site::CONFIG, &site::SETTING, &site::CREDENTIAL, &site::PROXY_VARIABLE],
    ),
    primitive("listener", Scope::Site, "Reads the table of listening sockets and their owners.", &[&listener::LISTENER]),
    primitive("socket", Scope::Path, "Looks at the file of a Unix socket and connects to it.", &[&socket::SOCKET]),
    primitive("dns", Scope::Path, "Asks the system's and each named resolver for the path's host.", &[&dns::DNS]),
    primitive("tcp", Scope::Path, "Connects to every address of the path.", &[&tcp::TCP]),
    primitive("tls", Scope::Path, "Makes a TLS handshake and reads the certificate.", &[&tls::TLS]),
    primitive("http", Scope::Path, "Asks one HTTP route and judges the answer by its shape.", &[&http::HTTP]),
    primitive("upgrade", Scope::Path, "Asks for WebSocket and leaves the socket open for the challenge.", &[&upgrade::UPGRADE]),
    primitive("challenge", Scope::Path, "Waits for the gateway's first frame.", &[&upgrade::CHALLENGE]),
    primitive("connect", Scope::Path, "Sends one connect request.", &[&connect::CONNECT]),
    primitive("hold", Scope::Path, "Keeps connections open side by side until they end.", &[&hold::HOLD, &hold::BEAT]),
    primitive(
        "rounds",
        Scope::Path,
        "Asks the health route by this path and by one further in, in turn, and times both.",
        &[&rounds::ROUNDS],
    ),
    primitive("sizes", Scope::Path, "Makes a harmless request larger until it fails.", &[&sizes::SIZES]),
];

const fn primitive(name: &'static str, scope: Scope, doc: &'static str, tables: &'static [&'static Table]) -> Primitive {
    Primitive { name, doc, scope, tables }
}
