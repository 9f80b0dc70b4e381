//! A request as the edge hands it on: a function of the request, its client and the switches.

use std::net::IpAddr;

use super::options::{Forwarded, Options, Upgrade};
use crate::reference::head::Head;

/// What a client is told to be when the edge forges it.
const FORGED: &str = "127.0.0.1";

/// Whom the edge takes its client for.
pub fn client(options: &Options, peer: Option<IpAddr>) -> IpAddr {
    peer.filter(|ip| !ip.is_loopback()).unwrap_or(options.stands_for)
}

/// The request for the gateway. `secure` tells that the client came by TLS.
pub fn rewritten(options: &Options, mut head: Head, client: IpAddr, secure: bool) -> Head {
    if let Some(path) = inner_path(options, head.target()) {
        head.first = format!("{} {path} HTTP/1.1", head.method());
    }
    let upgrades = head.upgrades();
    name_client(options, &mut head, client, secure);
    match options.upgrade {
        Upgrade::NoConnection if upgrades => {
            head.set("Connection", "close");
        }
        Upgrade::Dropped => {
            head.remove("Upgrade");
            head.set("Connection", "close");
        }
        _ if upgrades => head.set("Connection", "upgrade"),
        _ => head.set("Connection", "close"),
    }
    head
}

/// The target without the edge's prefix, or with it where that is kept; `None` for a target that is not under it.
pub fn inner_path(options: &Options, target: &str) -> Option<String> {
    let rest = target.strip_prefix(&options.prefix)?;
    match rest.chars().next() {
        _ if options.prefix.is_empty() || options.keeps_prefix && rest.starts_with(['/', '?']) => Some(target.to_owned()),
        Some('/') => Some(rest.to_owned()),
        Some('?') | None => Some(format!("/{rest}")),
        Some(_) => None,
    }
}

fn name_client(options: &Options, head: &mut Head, client: IpAddr, secure: bool) {
    let told = head.get("x-forwarded-for").map(str::to_owned);
    let value = match (options.forwarded, told) {
        (Forwarded::Pass, _) => return,
        (Forwarded::Strip, _) => {
            ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"].iter().for_each(|name| head.remove(name));
            return;
        }
        (Forwarded::Append, Some(told)) => format!("{told}, {client}"),
        (Forwarded::IfNone, Some(told)) => told,
        (Forwarded::Forge, _) => FORGED.to_owned(),
        (Forwarded::Overwrite | Forwarded::Append | Forwarded::IfNone, _) => client.to_string(),
    };
    let host = head.get("host").unwrap_or_default().to_owned();
    head.set("X-Forwarded-For", value);
    head.set("X-Forwarded-Proto", if secure { "https" } else { "http" });
    head.set("X-Forwarded-Host", host);
}
