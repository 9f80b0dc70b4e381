//! The ways somebody named: their names, kinds and order.

use super::Flags;
use super::config::Config;
use super::credential::Whom;
use super::endpoint::{self, Bare};
use super::env::Env;
use super::given::Given;
use crate::complaint::Complaint;
use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::tables::site::Source;
use crate::own::is_own;
use crate::path::Kind;
use crate::target::{Endpoint, Way};

/// A name for a path or a resolver: `[a-z][a-z0-9-]*`.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Endings of names that only a local network resolves: RFC 6762 (`local`), RFC 8375 (`home.arpa`), ICANN's `internal`, and
/// what home routers hand out.
const LAN_SUFFIXES: &[&str] = &[".local", ".lan", ".home.arpa", ".internal"];

/// The kind of a path that was named without one: it follows the dialled address.
pub fn kind_of(endpoint: &Endpoint) -> Kind {
    if endpoint.scheme == Scheme::Unix {
        return Kind::Local;
    }
    let host = endpoint.host.trim_end_matches('.').to_ascii_lowercase();
    match (endpoint.class(), endpoint.ip()) {
        (AddressClass::Loopback, _) => Kind::Local,
        (_, Some(ip)) if ip.is_unspecified() => Kind::Local,
        (AddressClass::Tailnet, _) => Kind::Tailnet,
        (AddressClass::Private | AddressClass::LinkLocal, _) => Kind::Lan,
        (_, Some(ip)) if is_own(ip) => Kind::Lan,
        (AddressClass::Name, _) if host.ends_with(".ts.net") => Kind::Tailnet,
        (AddressClass::Name, _) if !host.contains('.') || LAN_SUFFIXES.iter().any(|s| host.ends_with(s)) => Kind::Lan,
        _ => Kind::Public,
    }
}

/// The key that names a gateway on another machine.
pub const REMOTE_URL: &str = "gateway.remote.url";

/// The variable that names the port of the gateway on this machine.
const PORT_VARIABLE: &str = "OPENCLAW_GATEWAY_PORT";

/// All ways, innermost kind first: those the flags name, or else the one that environment, configuration or default give.
///
/// # Errors
/// A complaint about an address, or about a remote mode that names no gateway.
pub fn all(flags: &Flags, env: &Env, config: &Config) -> Result<Vec<Way>, Complaint> {
    let mut ways = Vec::new();
    if let Some(url) = &flags.gateway {
        ways.push(direct(&Given::flag("--gateway", url), Source::Flag)?);
    }
    of_flag("--tailnet", Kind::Tailnet, &flags.tailnet, &mut ways)?;
    of_flag("--tunnel", Kind::Tunnel, &flags.tunnel, &mut ways)?;
    of_flag("--edge", Kind::Edge, &flags.edge, &mut ways)?;
    of_flag("--public", Kind::Public, &flags.public, &mut ways)?;
    if ways.is_empty() {
        ways.push(unnamed(env, config)?);
    }
    ways.sort_by_key(|w| w.kind);
    Ok(ways)
}

/// The way when no flag names any.
fn unnamed(env: &Env, config: &Config) -> Result<Way, Complaint> {
    if let Some(url) = env.get("OPENCLAW_GATEWAY_URL") {
        return direct(&Given::variable("OPENCLAW_GATEWAY_URL", url.trim()), Source::Environment);
    }
    if config.is_remote() {
        let file = config.file.file.display().to_string();
        return match config.text(REMOTE_URL) {
            Some(url) => direct(&Given::key(file, REMOTE_URL, url), Source::File),
            None => Err(Complaint::new(format!("{file} is in remote mode and names no gateway: {REMOTE_URL} is missing"))
                .help("name the gateway with --gateway URL")),
        };
    }
    let (port, origin, place) = local_port(env, config);
    let scheme = if config.file.tls { Scheme::Wss } else { Scheme::Ws };
    let endpoint = Endpoint { scheme, host: "127.0.0.1".into(), port, path: "/".into(), query: None };
    Ok(Way { name: Kind::Local.to_string(), kind: Kind::Local, endpoint, origin, place: place.into(), vouches: false })
}

/// The port that `OPENCLAW_GATEWAY_PORT` gives, as PORT or HOST:PORT.
///
/// # Errors
/// A complaint about anything else. The gateway's own client passes over it in silence, and then asks a port nobody meant.
pub fn port_variable(env: &Env) -> Result<Option<u16>, Complaint> {
    let Some(text) = env.get(PORT_VARIABLE) else { return Ok(None) };
    match text.trim().rsplit(':').next().and_then(|port| port.parse().ok()).filter(|port| *port > 0) {
        Some(port) => Ok(Some(port)),
        None => Err(Given::variable(PORT_VARIABLE, text)
            .wrong_all(format!("{PORT_VARIABLE} is no port"), "expected PORT or HOST:PORT, the port from 1 to 65535")
            .help("correct the variable or unset it")),
    }
}

/// The port of the gateway on this machine, and where it came from.
fn local_port(env: &Env, config: &Config) -> (u16, Source, &'static str) {
    // What is no port was complained about before any way was made.
    match (port_variable(env).ok().flatten(), config.port) {
        (Some(port), _) => (port, Source::Environment, PORT_VARIABLE),
        (None, Some(port)) => (port, Source::File, "gateway.port"),
        (None, None) => (config.file.port, Source::Default, "default"),
    }
}

/// Whose secret is to be tried. The configuration's own goes only to the gateway it speaks for: an address of this machine at
/// the port it gives, a Unix socket, or what `gateway.remote.url` names. Whoever names another address gives the secret by flag or variable.
pub fn whom(ways: &[Way], env: &Env, config: &Config) -> Whom {
    if ways.iter().any(|w| w.place == REMOTE_URL) {
        return Whom::Remote;
    }
    let port = local_port(env, config).0;
    let ours = |way: &Way| {
        let here = matches!(way.kind, Kind::Local | Kind::Lan | Kind::Tailnet | Kind::Public)
            && (way.endpoint.class() == AddressClass::Loopback
                || way.endpoint.ip().is_some_and(|ip| ip.is_unspecified() || is_own(ip)));
        here && way.endpoint.port == port || way.kind == Kind::Local && way.endpoint.scheme == Scheme::Unix
    };
    if !config.is_remote() && ways.iter().any(ours) { Whom::Configured } else { Whom::Named }
}

/// Reads `--gateway`, `OPENCLAW_GATEWAY_URL` or `gateway.remote.url`: the direct path, named after its kind.
///
/// # Errors
/// A complaint about the address.
pub fn direct(given: &Given<'_>, origin: Source) -> Result<Way, Complaint> {
    let endpoint = endpoint::read(given, 0, Bare::Allowed)?;
    let kind = kind_of(&endpoint);
    Ok(Way { name: kind.to_string(), kind, endpoint, origin, place: given.place.to_owned(), vouches: false })
}

/// Reads the values of one repeatable flag: `[NAME=]URL`, for the tailnet also `[NAME=]HOST[:PORT]`.
///
/// # Errors
/// A complaint about a name or an address.
pub fn of_flag(flag: &str, kind: Kind, values: &[String], ways: &mut Vec<Way>) -> Result<(), Complaint> {
    for value in values {
        let given = Given::flag(flag, value);
        let from = name_length(&given)?;
        let bare = if kind == Kind::Tailnet { Bare::Allowed } else { Bare::Refused };
        let endpoint = endpoint::read(&given, from, bare)?;
        let name = match from {
            0 => next_name(kind, ways),
            _ => format!("{kind}:{}", &value[..from - 1]),
        };
        if ways.iter().any(|w| w.name == name) {
            return Err(given.wrong(format!("two paths are named {name}"), 0..from, "choose another name"));
        }
        ways.push(Way { name, kind, endpoint, origin: Source::Flag, place: flag.to_owned(), vouches: false });
    }
    Ok(())
}

/// How many bytes `NAME=` takes at the start of a value; 0 without a name.
fn name_length(given: &Given<'_>) -> Result<usize, Complaint> {
    let Some((name, _)) = given.text.split_once('=') else { return Ok(0) };
    if is_name(name) {
        return Ok(name.len() + 1);
    }
    // `https://gw/?a=b` has an equals sign of its own; a word that was meant as a name has nothing of a URL in it.
    if name.contains([':', '/', '?', '[', '#', '@']) {
        return Ok(0);
    }
    Err(given.wrong(format!("`{name}` cannot name a path"), 0..name.len(), "a lower-case letter, then letters, digits, hyphens"))
}

/// `edge`, then `edge:2`, `edge:3`.
fn next_name(kind: Kind, ways: &[Way]) -> String {
    let name = |n: usize| if n == 1 { kind.to_string() } else { format!("{kind}:{n}") };
    let mut n = 1;
    while ways.iter().any(|w| w.name == name(n)) {
        n += 1;
    }
    name(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flag: &str, kind: Kind, values: &[&str]) -> Result<Vec<String>, Complaint> {
        let mut ways = Vec::new();
        let values: Vec<String> = values.iter().map(|s| s.to_string()).collect();
        of_flag(flag, kind, &values, &mut ways)?;
        Ok(ways.iter().map(|w| format!("{} {}", w.name, w.endpoint)).collect())
    }

    #[test]
    fn paths_are_named_or_numbered() {
        let got = read("--edge", Kind::Edge, &["https://a", "corp=https://b", "https://c/?x=1"]).unwrap();
        assert_eq!(got, ["edge wss://a:443", "edge:corp wss://b:443", "edge:2 wss://c:443"]);
        assert_eq!(read("--tailnet", Kind::Tailnet, &["gw=100.64.0.1"]).unwrap(), ["tailnet:gw ws://100.64.0.1:18789"]);
    }

    #[test]
    fn bad_and_double_names_are_refused() {
        let title = |values| read("--edge", Kind::Edge, values).unwrap_err().title;
        assert_eq!(title(&["Corp=https://a"]), "`Corp` cannot name a path");
        assert_eq!(title(&["=https://a"]), "`` cannot name a path");
        assert_eq!(title(&["a=https://a", "a=https://b"]), "two paths are named edge:a");
        assert!(title(&["gw.example"]).contains("lacks a scheme"));
        assert!(!title(&["swordfish@gw=x"]).contains("swordfish"), "user information is no name");
    }

    #[test]
    fn the_kind_follows_the_address() {
        for (text, kind) in [
            ("127.0.0.1", Kind::Local),
            ("ws://localhost:1", Kind::Local),
            ("ws://[::1]:1", Kind::Local),
            ("0.0.0.0", Kind::Local),
            ("unix:/x", Kind::Local),
            ("192.168.1.9", Kind::Lan),
            ("ws://gw.local", Kind::Lan),
            ("gw", Kind::Lan),
            ("100.100.1.1", Kind::Tailnet),
            ("https://gw.lab0.ts.net", Kind::Tailnet),
            ("fd7a:115c:a1e0::5", Kind::Tailnet),
            ("203.0.113.9", Kind::Public),
            ("wss://gw.example", Kind::Public),
        ] {
            assert_eq!(direct(&Given::flag("--gateway", text), Source::Flag).unwrap().kind, kind, "{text}");
        }
    }
}
