//! A request as the edge hands it on: a function of the request, its client and the switches.

use std::net::IpAddr;

use super::options::{Forwarded, Options, Upgrade};
use crate::reference::head::Head;

/// What a client is told to be when the edge forges it.
const FORGED: &str = "127.0.0.1";

/// What edges tell of a client.
const NAMES: [&str; 3] = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"];

/// Whom the edge takes its client for.
pub fn client(options: &Options, peer: Option<IpAddr>) -> IpAddr {
    peer.filter(|ip| !ip.is_loopback()).unwrap_or(options.stands_for)
}

/// The request for the gateway; `None` for one that is not under the prefix. `secure` tells that the client came by TLS.
pub fn rewritten(options: &Options, mut head: Head, client: IpAddr, secure: bool) -> Option<Head> {
    let path = inner_path(options, head.target())?;
    head.first = format!("{} {path} HTTP/1.1", head.method());
    name_client(options, &mut head, client, secure);
    // One request a connection: who says `close` need not count bytes.
    let connection = match options.upgrade {
        Upgrade::Passed | Upgrade::Held | Upgrade::BadAccept if head.upgrades() => "upgrade",
        _ => "close",
    };
    if options.upgrade == Upgrade::Dropped {
        head.remove("Upgrade");
    }
    head.set("Connection", connection);
    Some(head)
}

/// Whether the edge has a site for this host; a port is no part of it.
pub fn serves(options: &Options, host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
    options.sites.is_empty() || options.sites.iter().any(|site| site.eq_ignore_ascii_case(name))
}

/// The target without the edge's prefix, or with it where that is kept; `None` for a target that is not under it.
fn inner_path(options: &Options, target: &str) -> Option<String> {
    let rest = target.strip_prefix(&options.prefix)?;
    let whole = options.prefix.is_empty() || rest.is_empty() || rest.starts_with(['/', '?']);
    let stripped = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let kept = options.keeps_prefix || options.prefix.is_empty();
    whole.then(|| if kept { target.to_owned() } else { stripped })
}

fn name_client(options: &Options, head: &mut Head, client: IpAddr, secure: bool) {
    let told = head.get(NAMES[0]).map(str::to_owned);
    let value = match (options.forwarded, told) {
        (Forwarded::Pass, _) => return,
        (Forwarded::Strip | Forwarded::RealIp, _) => {
            NAMES.iter().for_each(|name| head.remove(name));
            if options.forwarded == Forwarded::RealIp {
                head.set("X-Real-IP", client.to_string());
            }
            return;
        }
        (Forwarded::Append, Some(told)) => Some(format!("{told}, {client}")),
        (Forwarded::IfNone, Some(told)) => Some(told),
        (Forwarded::Believe, told) => told,
        (Forwarded::Forge, _) => Some(FORGED.to_owned()),
        (Forwarded::Overwrite | Forwarded::Append | Forwarded::IfNone, _) => Some(client.to_string()),
    };
    let host = head.get("host").unwrap_or_default().to_owned();
    if let Some(value) = value {
        head.set(NAMES[0], value);
    }
    head.set(NAMES[1], if secure { "https" } else { "http" });
    head.set(NAMES[2], host);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&str, &str)]) -> Head {
        let lines = lines.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        Head { first: "GET /oc/health?x HTTP/1.1".into(), lines, rest: Vec::new() }
    }

    /// `X-Forwarded-For`, `-Proto`, `X-Real-IP` as the gateway gets them.
    fn told(forwarded: Forwarded, said: Option<&str>) -> [String; 3] {
        let options = Options { forwarded, ..Options::default() };
        let lines: Vec<_> = said.map(|v| ("x-forwarded-for", v)).into_iter().collect();
        let head = rewritten(&options, head(&lines), "203.0.113.5".parse().unwrap(), true).unwrap();
        [NAMES[0], NAMES[1], "x-real-ip"].map(|name| head.get(name).unwrap_or("-").to_owned())
    }

    #[test]
    fn each_manner_of_naming_the_client() {
        for (forwarded, unsaid, said) in [
            (Forwarded::Overwrite, ["203.0.113.5", "https", "-"], ["203.0.113.5", "https", "-"]),
            (Forwarded::Append, ["203.0.113.5", "https", "-"], ["127.0.0.1, 203.0.113.5", "https", "-"]),
            (Forwarded::IfNone, ["203.0.113.5", "https", "-"], ["127.0.0.1", "https", "-"]),
            (Forwarded::Believe, ["-", "https", "-"], ["127.0.0.1", "https", "-"]),
            (Forwarded::Pass, ["-", "-", "-"], ["127.0.0.1", "-", "-"]),
            (Forwarded::RealIp, ["-", "-", "203.0.113.5"], ["-", "-", "203.0.113.5"]),
            (Forwarded::Forge, ["127.0.0.1", "https", "-"], ["127.0.0.1", "https", "-"]),
            (Forwarded::Strip, ["-", "-", "-"], ["-", "-", "-"]),
        ] {
            assert_eq!(told(forwarded, None), unsaid, "{forwarded}");
            assert_eq!(told(forwarded, Some("127.0.0.1")), said, "{forwarded}, said");
        }
    }

    #[test]
    fn a_client_on_loopback_is_told_as_a_stranger() {
        let options = Options::default();
        assert_eq!(client(&options, "127.0.0.1".parse().ok()), options.stands_for);
        assert_eq!(client(&options, None), options.stands_for);
        let stranger: IpAddr = "198.51.100.1".parse().unwrap();
        assert_eq!(client(&options, Some(stranger)), stranger);
    }

    #[test]
    fn a_prefix_is_stripped_or_kept_and_ends_at_a_slash() {
        for (prefix, keeps, target, inner) in [
            ("", false, "/health", Some("/health")),
            ("/oc", false, "/oc/health", Some("/health")),
            ("/oc", true, "/oc/health", Some("/oc/health")),
            ("/oc", false, "/oc", Some("/")),
            ("/oc", false, "/oc?token", Some("/?token")),
            ("/oc", true, "/oc", Some("/oc")),
            ("/oc", false, "/ocean", None),
            ("/oc", true, "/health", None),
        ] {
            let options = Options { prefix: prefix.into(), keeps_prefix: keeps, ..Options::default() };
            assert_eq!(inner_path(&options, target).as_deref(), inner, "{prefix} {target}");
        }
    }

    #[test]
    fn upgrades_lose_what_the_switch_says() {
        for (upgrade, connection, kept) in [
            (Upgrade::Passed, "upgrade", true),
            (Upgrade::BadAccept, "upgrade", true),
            (Upgrade::Dropped, "close", false),
            (Upgrade::NoConnection, "close", true),
        ] {
            let options = Options { upgrade, ..Options::default() };
            let asked = head(&[("Connection", "Upgrade"), ("Upgrade", "websocket")]);
            let handed = rewritten(&options, asked, options.stands_for, false).unwrap();
            assert_eq!((handed.get("connection"), handed.get("upgrade").is_some()), (Some(connection), kept), "{upgrade}");
        }
    }

    #[test]
    fn a_site_is_a_host_without_its_port() {
        let options = Options { sites: vec!["gw.example".into()], ..Options::default() };
        assert!(serves(&options, "GW.example:8443") && serves(&options, "gw.example"));
        assert!(!serves(&options, "127.0.0.1:8443") && !serves(&options, ""));
        assert!(serves(&Options::default(), "anything"));
    }
}
