//! What a page tells a browser to ask.

use super::body;
use crate::facts::tables::http::PageSocket;
use crate::facts::tables::path::AddressClass;
use crate::probe::exchange::Reply;

/// The scheme of the first WebSocket address that a page names outright and that is not the browser's own machine. The gateway's
/// own page names none: it asks where it came from.
pub fn socket(reply: &Reply) -> Option<PageSocket> {
    let html = reply.header("content-type").is_some_and(|kind| kind.contains("html"));
    let text = body::start(reply);
    if !html {
        return None;
    }
    let quoted = text.split(['"', '\'', '`']).filter(|part| part.starts_with("ws://") || part.starts_with("wss://"));
    let url = quoted.filter_map(|part| url::Url::parse(part).ok()).find(|url| !is_own(url))?;
    Some(if url.scheme() == "wss" { PageSocket::Secure } else { PageSocket::Plain })
}

/// Whether a browser finds the host on its own machine, where plain text is no mixed content.
fn is_own(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => AddressClass::of(ip.into()) == AddressClass::Loopback,
        Some(url::Host::Ipv6(ip)) => AddressClass::of(ip.into()) == AddressClass::Loopback,
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => true,
    }
}
