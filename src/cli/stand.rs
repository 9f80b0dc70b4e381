//! What `reference` is told, as a world: the built-in one with the flags laid over it, and the fault over these.

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use toml::{Table, Value};

use super::args::Reference as Flags;
use super::places;
use crate::complaint::{Complaint, meant};
use crate::reference::certificate::Kind;
use crate::reference::document::{Document, at};
use crate::reference::fault::{self, Fault};
use crate::reference::gateway::{Auth, release};
use crate::reference::world::merge;
use crate::settings::credential;

/// Where a gateway listens that is told nothing else.
const LOOPBACK: [&str; 2] = ["127.0.0.1", "::1"];

/// A world to raise, and the holes that are not to be made up.
pub struct Stand {
    /// The document.
    pub document: Document,
    /// The user's own secret.
    pub holes: BTreeMap<String, String>,
    /// What the gateway asks for in the end: a fault may have changed it.
    pub auth: Auth,
}

/// The world that the flags ask for.
///
/// # Errors
/// A complaint that underlines the flag: a place that is none or is taken, a file that holds no secret, a release nobody knows.
pub fn of(flags: &Flags, fault: Option<&Fault>) -> Result<Stand, Complaint> {
    release::named(&flags.release).map_err(|complaint| {
        complaint.flag("--as", &flags.release, meant(&flags.release, release::ALL.iter().map(|r| r.name), "not played"))
    })?;
    let listen = listen(flags)?;
    if let Some(place) = flags.listen.iter().find(|place| flags.tls.is_some() && place.starts_with("unix:")) {
        let complaint = Complaint::new("there is no TLS over a Unix socket").flag("--listen", place, "beside --tls");
        return Err(complaint.help("leave out --tls, or listen at an address"));
    }
    let holes = secret(flags)?;
    let edge = flags.with_edge || fault.is_some_and(|fault| names_edge(&fault.change));
    if let (true, None, Some(place)) = (edge, places::upstream(&listen), flags.listen.first()) {
        let complaint = Complaint::new("the edge does not lead to a Unix socket").flag("--listen", place, "no address");
        return Err(complaint.help("listen at an address too, as in --listen 127.0.0.1"));
    }
    let mut world = fault::world()?;
    if !edge {
        world.remove("edge");
    }
    merge(&mut world, &change(flags, &listen, holes.is_empty(), edge));
    let mut document = Document::from(world);
    if let Some(fault) = fault {
        document.lay(&fault.change, fault.written.clone());
    }
    let auth =
        document.table.get("gateway").and_then(|g| g.get("auth")).and_then(Value::as_str).and_then(|auth| auth.parse().ok());
    Ok(Stand { document, holes, auth: auth.unwrap_or(flags.auth) })
}

/// Whether a change is one of the built-in edge, leads to it, or leaves nobody else to be asked.
fn names_edge(change: &Table) -> bool {
    let alone = at(change, &["client", "gateway"]).and_then(Value::as_str) == Some("");
    alone || change.contains_key("edge") || change.to_string().contains("{edge.")
}

/// What the flags change in the built-in world.
fn change(flags: &Flags, listen: &[String], made_up: bool, edge: bool) -> Table {
    let upstream = places::upstream(listen).filter(|_| edge);
    let trusted: Vec<String> = match flags.trusted_proxy.as_slice() {
        // The edge comes from the address that it goes to.
        [] => LOOPBACK
            .map(String::from)
            .into_iter()
            .chain(upstream.filter(|ip| !ip.is_loopback()).map(|ip| ip.to_string()))
            .collect(),
        given => given.iter().map(IpAddr::to_string).collect(),
    };
    let mut gateway = Table::new();
    gateway.insert("listen".into(), listen.to_vec().into());
    gateway.insert("port".into(), i64::from(flags.port).into());
    gateway.insert("auth".into(), flags.auth.as_str().into());
    let secret = if flags.auth == Auth::None { String::new() } else { format!("{{{}}}", flags.auth) };
    gateway.insert("secret".into(), secret.into());
    gateway.insert("trusted-proxies".into(), trusted.clone().into());
    gateway.insert("release".into(), flags.release.as_str().into());
    let mut file = Table::new();
    file.insert("openclaw.json".into(), configuration(flags, listen, &trusted, made_up).into());
    let mut world =
        Table::from_iter([("client", client(flags, listen, edge)), ("file", file)].map(|(k, t)| (k.to_owned(), t.into())));
    if let Some(kind) = flags.tls {
        gateway.insert("tls".into(), kind.as_str().into());
    }
    if let Some(ip) = upstream {
        let to = ("upstream".to_owned(), Value::from(format!("{}:{{gateway.port}}", places::host(ip))));
        let tls = ("upstream-tls".to_owned(), Value::from(flags.tls.is_some()));
        world.insert("edge".into(), Table::from_iter([to, tls]).into());
    }
    world.insert("gateway".into(), gateway.into());
    world
}

/// What a client of this gateway is told.
fn client(flags: &Flags, listen: &[String], edge: bool) -> Table {
    let scheme = if flags.tls.is_some() { "wss" } else { "ws" };
    let first = listen.first().map_or(LOOPBACK[0], String::as_str);
    let gateway = match first.parse() {
        Ok(ip) => format!("{scheme}://{}:{{gateway.port}}", places::host(ip)),
        Err(_) => first.to_owned(),
    };
    let mut client = Table::from_iter([("gateway".to_owned(), Value::from(gateway))]);
    if !edge {
        client.insert("edge".into(), Value::Array(Vec::new()));
    }
    match flags.tls {
        Some(Kind::SelfSigned) => drop(client.insert("pin".into(), Value::Array(vec!["{gateway.pin}".into()]))),
        Some(_) => drop(client.insert("ca".into(), "{dir}/root.pem".into())),
        None => {}
    }
    if let Some(file) = token_file(flags) {
        let flag = if flags.auth == Auth::Password { "password-file" } else { "token-file" };
        client.insert(flag.into(), file.display().to_string().into());
    }
    client
}

/// The file of the user's own secret as it is named from anywhere; `-` stays what it is.
pub fn token_file(flags: &Flags) -> Option<PathBuf> {
    let file = flags.token_file.as_ref()?;
    let named = (file.as_os_str() != "-").then(|| std::path::absolute(file).ok()).flatten();
    Some(named.unwrap_or_else(|| file.clone()))
}

/// The gateway's configuration file. A secret of the user's own is not copied into it.
fn configuration(flags: &Flags, listen: &[String], trusted: &[String], made_up: bool) -> String {
    let auth = flags.auth.as_str();
    let mut gateway = json!({"mode": "local", "auth": {"mode": auth}, "trustedProxies": trusted});
    if made_up && flags.auth != Auth::None {
        gateway["auth"][auth] = format!("{{{auth}}}").into();
    }
    let ips: Vec<IpAddr> = listen.iter().filter_map(|place| place.parse().ok()).collect();
    if !ips.is_empty() {
        gateway["port"] = "{gateway.port}".into();
    }
    if ips.iter().all(IpAddr::is_loopback) {
        gateway["bind"] = "loopback".into();
    } else if ips.iter().any(IpAddr::is_unspecified) {
        gateway["bind"] = "lan".into();
    } else {
        gateway["bind"] = "custom".into();
        gateway["customBindHost"] = ips.iter().find(|ip| !ip.is_loopback()).map_or(Json::Null, |ip| ip.to_string().into());
    }
    if flags.tls.is_some() {
        gateway["tls"] = json!({"enabled": true});
    }
    json!({"gateway": gateway}).to_string().replace("\"{gateway.port}\"", "{gateway.port}")
}

/// The user's own secret, under the name of its hole.
fn secret(flags: &Flags) -> Result<BTreeMap<String, String>, Complaint> {
    let Some(file) = &flags.token_file else { return Ok(BTreeMap::new()) };
    if flags.auth == Auth::None {
        let typed = file.display().to_string();
        let complaint =
            Complaint::new("a gateway that asks for nothing has no token").flag("--token-file", &typed, "not asked for");
        return Err(complaint.help("leave out --token-file, or --auth none"));
    }
    let secret = credential::secret_file("--token-file", file, &mut std::io::stdin().lock())?;
    Ok(BTreeMap::from([(flags.auth.as_str().to_owned(), secret)]))
}

/// The places to listen at, each found free.
fn listen(flags: &Flags) -> Result<Vec<String>, Complaint> {
    if flags.listen.is_empty() {
        let places = LOOPBACK.map(String::from).to_vec();
        places.iter().try_for_each(|place| free(place, flags.port, false))?;
        return Ok(places);
    }
    let listen: Vec<String> = flags.listen.iter().map(|place| absolute(place)).collect();
    places::apart(&listen)?;
    flags.listen.iter().try_for_each(|place| match place.strip_prefix("unix:") {
        Some(file) => room(file, place),
        None => free(place, flags.port, true),
    })?;
    Ok(listen)
}

/// A place whose file is named from the root, as clients must name it.
fn absolute(place: &str) -> String {
    let file = place.strip_prefix("unix:").and_then(|file| std::path::absolute(file).ok());
    file.map_or_else(|| place.to_owned(), |file| format!("unix:{}", file.display()))
}

/// Whether a port can be had. The gateway binds it anew: what is found out here only makes for a better complaint.
fn free(place: &str, port: u16, typed: bool) -> Result<(), Complaint> {
    let listen = |title: String, label: &str| Complaint::new(title).flag("--listen", place, label);
    let Ok(ip) = place.parse::<IpAddr>() else {
        let complaint = listen(
            format!("`{place}` is neither an address nor unix:PATH"),
            "as in 127.0.0.1, ::1, 0.0.0.0 or unix:gateway.sock",
        );
        return Err(complaint.help("names are not resolved: literal addresses only"));
    };
    let Err(why) = TcpListener::bind((ip, port)) else { return Ok(()) };
    let complaint = |title: String, label: &str| Complaint::new(title).flag("--port", &port.to_string(), label);
    match why.kind() {
        std::io::ErrorKind::AddrInUse => Err(complaint(format!("port {port} of {ip} is in use"), "somebody listens there")
            .help("--port 0 finds a free one; `clawprobe run listen` tells who listens")),
        std::io::ErrorKind::PermissionDenied => {
            Err(complaint(format!("this user may not listen at port {port}"), "not permitted")
                .help("ports from 1024 on are for everybody"))
        }
        std::io::ErrorKind::AddrNotAvailable if typed => Err(listen(format!("{ip} is no address of this machine"), "not here")),
        // Whatever else it is, the gateway itself will be told; a family that is not there is no reason to fail.
        _ => Ok(()),
    }
}

/// Whether a Unix socket can be made at a path.
fn room(file: &str, place: &str) -> Result<(), Complaint> {
    let path = Path::new(file);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match () {
        () if file.is_empty() => Err(Complaint::new("unix: names no file").flag("--listen", place, "as in unix:gateway.sock")),
        () if path.symlink_metadata().is_ok() => Err(Complaint::new(format!("{file} is there already"))
            .flag("--listen", place, "this file exists")
            .help("remove it if nobody listens there, or name another")),
        () if folder.is_some_and(|folder| !folder.is_dir()) => {
            Err(Complaint::new(format!("there is no folder for {file}")).flag("--listen", place, "no such folder"))
        }
        () => Ok(()),
    }
}
