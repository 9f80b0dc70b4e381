//! Which pages may speak to the gateway. Source: `dist/origin-check-*` of 2026.9.6, without a configured list.

use std::net::IpAddr;

use serde_json::json;
use url::{Host, Url};

use super::refused::Refused;

/// The clients that are pages, and so have an origin.
const PAGES: &[&str] = &["openclaw-control-ui", "webchat", "webchat-ui"];

/// What a request says of where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// `Host`.
    pub host: String,
    /// `Origin`.
    pub origin: Option<String>,
}

impl Place {
    /// Refuses a page from elsewhere. Clients that are no pages and send no origin are not asked.
    ///
    /// # Errors
    /// The refusal.
    pub fn check(&self, client: &str, local: bool) -> Result<(), Refused> {
        let origin = match &self.origin {
            None if !PAGES.contains(&client) => return Ok(()),
            origin => origin.as_deref().unwrap_or_default(),
        };
        let Some(url) = page(origin) else { return Err(refused("origin missing or invalid")) };
        let name = url.host();
        let same = authority(&url) == self.host.to_lowercase();
        let private = match &name {
            Some(host) if is_loopback(host) => local,
            Some(Host::Ipv4(ip)) => ip.is_private() || ip.is_link_local(),
            Some(Host::Ipv6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
            Some(Host::Domain(name)) => name.ends_with(".local") || name.ends_with(".ts.net"),
            None => false,
        };
        let beside = local && name.as_ref().is_some_and(is_loopback);
        if same && private || beside { Ok(()) } else { Err(refused("origin not allowed")) }
    }
}

fn page(origin: &str) -> Option<Url> {
    let url = Url::parse(origin.trim()).ok()?;
    (url.has_host() && url.path() == "/" && url.username().is_empty()).then_some(url)
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn is_loopback<S: AsRef<str>>(host: &Host<S>) -> bool {
    match host {
        Host::Domain(name) => name.as_ref() == "localhost",
        Host::Ipv4(ip) => IpAddr::from(*ip).is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

fn refused(reason: &str) -> Refused {
    let message =
        "origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)";
    Refused::policy("INVALID_REQUEST", message).details(json!({"code": "CONTROL_UI_ORIGIN_NOT_ALLOWED", "reason": reason}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(host: &str, origin: Option<&str>, client: &str, local: bool) -> Option<String> {
        let place = Place { host: host.into(), origin: origin.map(str::to_owned) };
        let error = place.check(client, local).err()?.error?;
        error["details"]["reason"].as_str().map(str::to_owned)
    }

    #[test]
    fn only_pages_must_have_an_origin() {
        assert_eq!(reason("gw.example", None, "cli", false), None);
        assert_eq!(reason("127.0.0.1:1", None, "webchat", true).unwrap(), "origin missing or invalid");
        assert_eq!(reason("127.0.0.1:1", Some("null"), "cli", true).unwrap(), "origin missing or invalid");
    }

    #[test]
    fn a_page_may_come_from_the_gateway_itself_if_that_is_private() {
        assert_eq!(reason("127.0.0.1:18789", Some("http://127.0.0.1:18789"), "cli", true), None);
        assert_eq!(reason("127.0.0.1:18789", Some("http://localhost:5173"), "cli", true), None);
        assert_eq!(reason("192.168.1.5", Some("http://192.168.1.5"), "cli", false), None);
        assert_eq!(reason("gw.tail.ts.net", Some("https://gw.tail.ts.net"), "cli", false), None);
        assert_eq!(reason("gw.example", Some("https://gw.example"), "cli", false).unwrap(), "origin not allowed");
        assert_eq!(reason("127.0.0.1:1", Some("https://evil.example"), "cli", true).unwrap(), "origin not allowed");
    }
}
