//! Whom the gateway takes a peer for. Source: `dist/ingress-attribution-*` of 2026.9.6, every case tried.

use std::net::IpAddr;

use super::release::Local;
use crate::reference::head::Head;

/// Header names that no client sends by itself, in lower case. A name that ends in `-` stands for all that begin with it.
const PROXY_SHAPED: &[&str] = &[
    "forwarded",
    "x-real-ip",
    "x-forwarded-",
    "tailscale-funnel-request",
    "tailscale-headers-info",
    "tailscale-user-login",
    "tailscale-user-name",
    "tailscale-user-profile-pic",
];

/// Whom a peer counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address that limits are counted by; a Unix socket has none.
    pub address: Option<IpAddr>,
    /// Whether it sits on the gateway's own host, and nothing in between.
    pub local: bool,
}

/// The client behind a request; `None` if it came by a proxy that cannot be attributed.
pub fn behind(peer: Option<IpAddr>, head: &Head, trusted: &[IpAddr], rule: Local) -> Option<Client> {
    let proxied = peer.is_some_and(|ip| trusted.contains(&ip));
    if !head.lines.iter().any(|(name, _)| proxy_shaped(name)) {
        let near = peer.is_none_or(|ip| ip.is_loopback());
        let local = match rule {
            Local::Peer => near,
            Local::PeerAndHost => near && !proxied && asks_loopback(head),
            Local::OldPeerAndHost => near && asks_loopback(head),
        };
        return Some(Client { address: peer, local });
    }
    if proxied && rule == Local::OldPeerAndHost && head.get("x-forwarded-for").and_then(hop).is_some_and(|ip| ip.is_loopback()) {
        return Some(Client { address: peer, local: true });
    }
    if proxied || peer.is_none() { forwarded(head, trusted) } else { None }
}

/// Whether the host asked for is this one.
fn asks_loopback(head: &Head) -> bool {
    let host = head.get("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    name == "localhost" || hop(name).is_some_and(|ip| ip.is_loopback())
}

/// The rightmost hop that is neither trusted nor on loopback.
fn forwarded(head: &Head, trusted: &[IpAddr]) -> Option<Client> {
    let lines = head.lines.iter().filter(|(name, _)| name.eq_ignore_ascii_case("x-forwarded-for"));
    let hops: Vec<IpAddr> = lines.flat_map(|(_, value)| value.split(',')).filter_map(hop).collect();
    let address = hops.into_iter().rev().find(|ip| !ip.is_loopback() && !trusted.contains(ip))?;
    Some(Client { address: Some(address), local: false })
}

/// One hop of `X-Forwarded-For`: an address, with or without brackets and port.
pub(super) fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    let ip = plain.parse().ok().or_else(|| text.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()))?;
    Some(IpAddr::to_canonical(&ip))
}

/// Whether a header tells of a proxy.
pub(super) fn proxy_shaped(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PROXY_SHAPED.iter().any(|shape| if shape.ends_with('-') { name.starts_with(shape) } else { name == *shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn who(peer: &str, lines: &[(&str, &str)], trusted: &[IpAddr]) -> Option<(String, bool)> {
        let lines = lines.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
        let head = Head { first: "GET / HTTP/1.1".into(), lines, rest: Vec::new() };
        let client = behind(Some(peer.parse().unwrap()), &head, trusted, Local::Peer)?;
        Some((client.address.unwrap().to_string(), client.local))
    }

    #[test]
    fn without_proxy_headers_the_peer_is_the_client() {
        assert_eq!(who("127.0.0.1", &[("Host", "a.example")], &[LOOPBACK]), Some(("127.0.0.1".into(), true)));
        assert_eq!(who("192.0.2.1", &[], &[]), Some(("192.0.2.1".into(), false)));
    }

    #[test]
    fn old_releases_look_at_the_host_asked_for() {
        let local = |rule, host: &str, trusted: &[IpAddr]| {
            let lines = vec![("Host".to_owned(), host.to_owned())];
            let head = Head { first: "GET / HTTP/1.1".into(), lines, rest: Vec::new() };
            behind(Some(LOOPBACK), &head, trusted, rule).unwrap().local
        };
        assert!(local(Local::Peer, "gw.example", &[LOOPBACK]));
        for host in ["127.0.0.1:18789", "localhost", "[::1]:1"] {
            assert!(local(Local::PeerAndHost, host, &[]), "{host}");
        }
        assert!(!local(Local::PeerAndHost, "gw.example:80", &[]));
        assert!(!local(Local::PeerAndHost, "127.0.0.1", &[LOOPBACK]));
        assert!(local(Local::OldPeerAndHost, "127.0.0.1", &[LOOPBACK]));
        let lines = vec![("X-Forwarded-For".to_owned(), "127.0.0.1".to_owned())];
        let head = Head { first: "GET / HTTP/1.1".into(), lines, rest: Vec::new() };
        assert!(behind(Some(LOOPBACK), &head, &[LOOPBACK], Local::OldPeerAndHost).unwrap().local);
        assert_eq!(behind(Some(LOOPBACK), &head, &[LOOPBACK], Local::Peer), None);
    }

    #[test]
    fn an_untrusted_proxy_is_not_attributed() {
        for name in ["X-Forwarded-For", "Forwarded", "X-REAL-IP", "x-forwarded-proto", "Tailscale-User-Login"] {
            assert_eq!(who("127.0.0.1", &[(name, "192.0.2.9")], &[]), None, "{name}");
        }
    }

    #[test]
    fn a_trusted_proxy_tells_the_rightmost_stranger() {
        let told = |value: &str| who("127.0.0.1", &[("X-Forwarded-For", value)], &[LOOPBACK]);
        assert_eq!(told("6.6.6.6, 192.0.2.9"), Some(("192.0.2.9".into(), false)));
        assert_eq!(told("192.0.2.9, 127.0.0.1"), Some(("192.0.2.9".into(), false)));
        assert_eq!(told("[2001:db8::1]:443"), Some(("2001:db8::1".into(), false)));
        assert_eq!(told("127.0.0.1"), None);
        assert_eq!(who("127.0.0.1", &[("X-Real-IP", "192.0.2.9")], &[LOOPBACK]), None);
    }
}
