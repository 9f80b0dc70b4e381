//! What the gateway makes of the client behind a request, and what to set so that it is right.

use std::net::IpAddr;

use serde::Serialize;

use super::{CLAIMED, Fate, fate, joined};
use crate::labels;
use crate::reference::gateway::client::{self, hop, proxy_shaped};
use crate::reference::gateway::release::Local;
use crate::reference::head::Head;

labels! {
    /// Whom the gateway takes the client for, once its settings are as advised.
    pub enum Verdict {
        Right = "right": "A remote client at the address that the edge tells.",
        Local = "local": "A client on the gateway's own host: the edge tells nothing.",
        Unnamed = "unnamed": "A remote client at the edge's own address: the edge tells nothing.",
        Believed = "believed": "A remote client at the address that it claims itself.",
        NoAddress = "no-address": "Nobody: headers tell of a proxy, and `X-Forwarded-For` is not among them.",
        Loopback = "loopback": "Nobody: `X-Forwarded-For` names loopback addresses alone.",
    }
}

/// The verdict, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trust {
    /// In one word.
    pub verdict: Verdict,
    /// The client's address, as the gateway would have it.
    pub client: Option<IpAddr>,
    /// What `gateway.trustedProxies` must hold for this edge; empty as long as the edge must be corrected first.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether the stand-in was told all of them.
    pub known: bool,
    /// What to do, in a sentence.
    pub advice: String,
}

impl Trust {
    /// Judges a request as if its client had claimed nothing, as most do; `claims` tells that this one claims everything.
    pub fn of(head: &Head, peer: Option<IpAddr>, claims: bool, trusted: &[IpAddr]) -> Self {
        let believed = claims && joined(head, "x-forwarded-for").parse() == Ok(CLAIMED);
        let mut head = head.clone();
        if claims && !believed {
            let passed = |name: &str, value: &str| fate(name, value) == Fate::Passed;
            head.lines.retain(|(name, value)| !passed(name, value) || name.eq_ignore_ascii_case("x-forwarded-for"));
        }
        let head = &head;
        let hops: Vec<IpAddr> = joined(head, "x-forwarded-for").split(',').filter_map(hop).collect();
        let told = match hops.iter().rposition(|ip| claims && *ip == CLAIMED) {
            Some(at) => &hops[at + 1..],
            None => &hops[..],
        };
        // The first address after the claim is the client as the outermost proxy sees it; every other is a proxy.
        let mut proxies: Vec<IpAddr> = peer.into_iter().chain(told.iter().skip(1).copied()).collect();
        proxies.sort_unstable();
        proxies.dedup();
        let shaped = head.lines.iter().any(|(name, _)| proxy_shaped(name));
        let seen = client::behind(peer, head, &proxies, Local::Peer);
        let verdict = match seen {
            Some(client) if !shaped => {
                if client.local {
                    Verdict::Local
                } else {
                    Verdict::Unnamed
                }
            }
            _ if believed => Verdict::Believed,
            Some(_) => Verdict::Right,
            None if hops.is_empty() => Verdict::NoAddress,
            None => Verdict::Loopback,
        };
        let needed = if verdict == Verdict::Right { proxies } else { Vec::new() };
        Self {
            verdict,
            client: seen.and_then(|client| client.address),
            known: needed.iter().all(|proxy| trusted.contains(proxy)),
            advice: advice(verdict, &needed),
            trusted_proxies: needed,
        }
    }
}

/// What to set where an edge does not tell who asks.
const OVERWRITE: &str =
    "let the outermost proxy overwrite X-Forwarded-For with its client's address, and every inner one append to it";

fn advice(verdict: Verdict, needed: &[IpAddr]) -> String {
    match verdict {
        Verdict::Right => {
            let list: Vec<String> = needed.iter().map(|proxy| format!("\"{proxy}\"")).collect();
            format!("gateway.trustedProxies: [{}]", list.join(", "))
        }
        Verdict::Local => format!("everybody on the far side of this edge would be local (AUTH-10): {OVERWRITE}"),
        Verdict::Unnamed => format!("all clients of this edge would be one: {OVERWRITE}"),
        Verdict::Believed => format!("clients could claim any address (AUTH-10): {OVERWRITE}"),
        Verdict::NoAddress => format!("everybody would be refused (AUTH-09), X-Real-IP does not count: {OVERWRITE}"),
        Verdict::Loopback => format!(
            "everybody would be refused (AUTH-09): {OVERWRITE}; if this request was sent on the edge's own host, send it from elsewhere, or by curl --interface ADDRESS"
        ),
    }
}
