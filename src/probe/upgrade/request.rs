//! The requests that ask for an upgrade.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Version, ext::Protocol};

use crate::facts::tables::path::Scheme;
use crate::facts::tables::upgrade::As;
use crate::facts::{Because, Reason};
use crate::probe::http::host;
use crate::target::Way;

/// A request without a body, as all of ours are.
pub type Bare = Request<Empty<Bytes>>;

/// A user agent that firewalls know: those of Firefox keep this shape and change the numbers.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// The HTTP/1.1 upgrade.
///
/// Order and choice of the headers are those of the product's own client (2026.9.6, captured), which sends neither Origin nor
/// user agent; it also offers `permessage-deflate`, which no release has ever taken up and which we could not read.
pub fn plain(to: &Way, client: As, key: &str, extra: &[(String, String)]) -> Result<Bare, Because> {
    let request = Request::get(to.endpoint.request_target())
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", key)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("host", host(to));
    finish(request, to, client, extra)
}

/// The HTTP/2 upgrade of RFC 8441: an extended CONNECT.
pub fn extended(to: &Way, client: As, extra: &[(String, String)]) -> Result<Bare, Because> {
    let request = Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(format!("https://{}{}", host(to), to.endpoint.request_target()))
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    finish(request, to, client, extra)
}

/// A small request whose answer cannot come before the peer's HTTP/2 settings: a browser has loaded a page by then.
pub fn settling(to: &Way, path: &str) -> Result<Bare, Because> {
    let request = Request::head(format!("https://{}{path}", host(to))).version(Version::HTTP_2);
    request.body(Empty::new()).map_err(|_| unsendable("The health path"))
}

fn finish(request: hyper::http::request::Builder, to: &Way, client: As, extra: &[(String, String)]) -> Result<Bare, Because> {
    let mut request = request.body(Empty::new()).map_err(|_| unsendable("The URL"))?;
    let headers = request.headers_mut();
    if client == As::Browser {
        headers.insert("user-agent", HeaderValue::from_static(BROWSER));
        let origin = HeaderValue::from_str(&origin(to)).map_err(|_| unsendable("The host"))?;
        headers.insert("origin", origin);
    }
    add(headers, extra)?;
    Ok(request)
}

fn add(headers: &mut HeaderMap, extra: &[(String, String)]) -> Result<(), Because> {
    for (name, value) in extra {
        let name = HeaderName::try_from(name.as_str());
        let value = HeaderValue::from_str(value);
        let (Ok(name), Ok(mut value)) = (name, value) else { return Err(unsendable("A header of the header file")) };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(())
}

fn unsendable(what: &str) -> Because {
    Because::new(Reason::Unsupported, format!("{what} cannot be sent in an HTTP request."))
}

fn origin(to: &Way) -> String {
    let scheme = if to.endpoint.scheme == Scheme::Wss { "https" } else { "http" };
    format!("{scheme}://{}", host(to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tables::site::Source;
    use crate::path::Kind;
    use crate::secret::Secret;
    use crate::target::Endpoint;

    fn way(scheme: Scheme, host: &str, port: u16) -> Way {
        let endpoint = Endpoint { scheme, host: host.into(), port, path: "/ws".into(), query: Some(Secret::new("token=q")) };
        Way { name: "edge".into(), kind: Kind::Edge, endpoint, origin: Source::Flag, place: "--edge".into(), vouches: false }
    }

    #[test]
    fn the_origin_is_what_a_browser_calls_the_host() {
        assert_eq!(origin(&way(Scheme::Ws, "::1", 18789)), "http://[::1]:18789");
        assert_eq!(origin(&way(Scheme::Wss, "::1", 443)), "https://[::1]");
    }

    #[test]
    fn a_plain_upgrade_has_neither_origin_nor_user_agent() {
        let to = way(Scheme::Ws, "127.0.0.1", 18789);
        let request = plain(&to, As::Plain, "k", &[]).unwrap();
        let names: Vec<_> = request.headers().keys().map(|n| n.as_str()).collect();
        assert_eq!(names, ["sec-websocket-version", "sec-websocket-key", "connection", "upgrade", "host"]);
        assert_eq!(request.uri(), "/ws?token=q");
        let browser = plain(&to, As::Browser, "k", &[]).unwrap();
        assert_eq!(browser.headers()["origin"], "http://127.0.0.1:18789");
        assert!(browser.headers().contains_key("user-agent"));
    }

    #[test]
    fn an_edge_header_is_sent_as_given_and_a_broken_one_is_refused() {
        let to = way(Scheme::Wss, "gw.example", 443);
        let extra = [("CF-Access-Client-Id".to_owned(), "abc".to_owned())];
        let request = plain(&to, As::Plain, "k", &extra).unwrap();
        assert_eq!(request.headers()["cf-access-client-id"], "abc");
        assert!(request.headers()["cf-access-client-id"].is_sensitive());
        let broken = [("X".to_owned(), "a\r\nUpgrade: no".to_owned())];
        assert_eq!(plain(&to, As::Plain, "k", &broken).unwrap_err().reason, Reason::Unsupported);
    }

    #[test]
    fn the_extended_connect_names_its_protocol() {
        let request = extended(&way(Scheme::Wss, "gw.example", 443), As::Browser, &[]).unwrap();
        assert_eq!((request.method(), request.uri().path()), (&Method::CONNECT, "/ws"));
        assert_eq!(request.extensions().get::<Protocol>().unwrap().as_str(), "websocket");
    }
}
