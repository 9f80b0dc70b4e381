//! From a URL, `HOST[:PORT]` or `unix:PATH` to an [`Endpoint`], with a complaint that underlines the wrong part.

use std::net::IpAddr;
use std::ops::Range;

use super::given::Given;
use crate::complaint::{Complaint, meant};
use crate::facts::tables::path::Scheme;
use crate::secret::Secret;
use crate::target::{DEFAULT_PORT, Endpoint};

/// The schemes a URL may have, what they mean, and the port meant when it names none (RFC 9110 4.2, RFC 6455 3).
const SCHEMES: &[(&str, Scheme, u16)] =
    &[("ws", Scheme::Ws, 80), ("wss", Scheme::Wss, 443), ("http", Scheme::Ws, 80), ("https", Scheme::Wss, 443)];

/// The longest path of a Unix socket, in bytes. Source: `sun_path` in sys/un.h holds 108 on Linux and 104 on the BSDs and
/// macOS, the closing zero included.
const LONGEST_SOCKET: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Whether `HOST[:PORT]` without a scheme will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    /// It means `ws://` with the gateway's port unless another is given.
    Allowed,
    /// A scheme has to be written, because plain text and TLS are both likely.
    Refused,
}

/// Reads the value from byte `from` on.
///
/// # Errors
/// A complaint about an unknown scheme, user information, a bad host or a bad port.
pub fn read(given: &Given<'_>, from: usize, bare: Bare) -> Result<Endpoint, Complaint> {
    let text = &given.text[from..];
    let file = text.strip_prefix("unix:");
    // A file may be named with blanks; what would tear a line of a report apart it may not.
    if let Some(bad) = text.find(|c: char| c.is_whitespace() && (file.is_none() || c != ' ') || c.is_control()) {
        let end = bad + text[bad..].chars().next().map_or(0, char::len_utf8);
        return Err(given.wrong("a blank within the address", from + bad..from + end, "write it without"));
    }
    if let Some(path) = file {
        return unix(given, from + "unix:".len(), path);
    }
    // What stands before `://` may be a query that holds a URL: only a word is a scheme.
    match text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, _)) => url(given, from, scheme),
        None if bare == Bare::Allowed => host_and_port(given, from),
        None => Err(given
            .wrong(format!("`{}` lacks a scheme", given.shown()), from..given.text.len(), "no scheme")
            .help(format!("write https://{} (or http://, ws://, wss://, unix:)", &given.shown()[from..]))),
    }
}

/// A scheme as RFC 3986, section 3.1, writes it; an empty one is a scheme that is missing.
fn is_scheme(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn unix(given: &Given<'_>, from: usize, path: &str) -> Result<Endpoint, Complaint> {
    if !path.starts_with('/') {
        return Err(given.wrong("a Unix socket needs an absolute path", from..given.text.len(), "as in unix:/run/gateway.sock"));
    }
    if path.len() > LONGEST_SOCKET {
        let span = from..given.text.len();
        return Err(given
            .wrong(
                "the path of a Unix socket is too long",
                span,
                format!("{} bytes; the system takes {LONGEST_SOCKET}", path.len()),
            )
            .help("make a link with a short path to its folder"));
    }
    Ok(Endpoint { scheme: Scheme::Unix, host: path.into(), port: 0, path: "/".into(), query: None })
}

fn url(given: &Given<'_>, from: usize, scheme: &str) -> Result<Endpoint, Complaint> {
    let known = SCHEMES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(scheme));
    let Some(&(name, scheme, default)) = known else {
        let label = meant(scheme, SCHEMES.iter().map(|(name, ..)| *name), "use ws, wss, http or https");
        return Err(given.wrong(format!("unknown scheme `{scheme}`"), from..from + scheme.len(), label));
    };
    let start = from + name.len() + "://".len();
    let rest = &given.text[start..];
    let end = start + rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let port = authority(given, start..end)?.1.unwrap_or(default);
    // The parts were checked one by one to point at them; the URL standard has the last word on the host.
    let parsed = url::Url::parse(&given.text[from..])
        .map_err(|why| given.wrong(format!("this is no URL: {why}"), start..end.max(start + 1), "here"))?;
    let host = parsed.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Endpoint {
        scheme,
        host,
        port,
        path: parsed.path().to_owned(),
        query: parsed.query().filter(|q| !q.is_empty()).map(Secret::new),
    })
}

fn host_and_port(given: &Given<'_>, from: usize) -> Result<Endpoint, Complaint> {
    let all = from..given.text.len();
    if let Ok(ip) = given.text[from..].parse::<IpAddr>() {
        return Ok(plain(ip.to_string(), DEFAULT_PORT));
    }
    let (host, port) = authority(given, all.clone())?;
    let host = url::Host::parse(&given.text[host.clone()])
        .map_err(|why| given.wrong(format!("this is no host: {why}"), host, "here").help("write HOST, HOST:PORT or a URL"))?;
    let host = host.to_string().trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(plain(host, port.unwrap_or(DEFAULT_PORT)))
}

fn plain(host: String, port: u16) -> Endpoint {
    Endpoint { scheme: Scheme::Ws, host, port, path: "/".into(), query: None }
}

/// Where the host stands (brackets included), and the port.
fn authority(given: &Given<'_>, span: Range<usize>) -> Result<(Range<usize>, Option<u16>), Complaint> {
    let text = &given.text[span.clone()];
    if let Some(at) = text.rfind('@') {
        return Err(given
            .wrong("user information does not belong into an address", span.start..span.start + at, "remove this")
            .help("credentials come from --token-file, --password-file or --header-file"));
    }
    let close = text.find(']');
    if text.starts_with('[') != close.is_some() {
        return Err(given.wrong("the brackets around the IPv6 address do not match", span, "as in [::1]:18789"));
    }
    let split = match close {
        Some(close) => close + 1,
        None => text.find(':').unwrap_or(text.len()),
    };
    if split == 0 || text == "[]" {
        return Err(given.wrong("the host is empty", span.start..span.end.max(span.start + 1), "a host is missing here"));
    }
    if text[..split].starts_with(|c: char| !c.is_alphanumeric() && c != '[' && c != '_') {
        return Err(given.wrong("this is no host", span.start..span.start + split, "not a name or an address"));
    }
    let host = span.start..span.start + split;
    match &text[split..] {
        "" => Ok((host, None)),
        rest => Ok((host, Some(port(given, span.start + split..span.end, rest)?))),
    }
}

/// Reads `:PORT`.
fn port(given: &Given<'_>, span: Range<usize>, text: &str) -> Result<u16, Complaint> {
    let digits = text.strip_prefix(':').filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let here = span.start + usize::from(text.len() > 1 && text.starts_with(':'))..span.end;
    match digits.map(str::parse::<u16>) {
        Some(Ok(port)) if port > 0 => Ok(port),
        Some(_) => Err(given.wrong("the port is out of range", here, "1 to 65535")),
        None => {
            let more = if text.matches(':').count() > 1 {
                "put an IPv6 address in brackets, as in [::1]:18789"
            } else {
                "a port is a number from 1 to 65535"
            };
            Err(given.wrong("this is no port", here, "not a number").help(more))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(text: &str) -> Endpoint {
        read(&Given::flag("--gateway", text), 0, Bare::Allowed).unwrap_or_else(|c| panic!("{c}"))
    }

    #[test]
    fn every_spelling_of_an_address() {
        for (text, shown) in [
            ("127.0.0.1", "ws://127.0.0.1:18789"),
            ("::1", "ws://[::1]:18789"),
            ("[::1]:7", "ws://[::1]:7"),
            ("gw.lab0.ts.net:80", "ws://gw.lab0.ts.net:80"),
            ("http://127.0.0.1:18789", "ws://127.0.0.1:18789"),
            ("https://Gw.Example/claw/", "wss://gw.example:443/claw/"),
            ("ws://gw", "ws://gw:80"),
            ("WSS://gw", "wss://gw:443"),
            ("http://[fd7a:115c:a1e0::1]:80/", "ws://[fd7a:115c:a1e0::1]:80"),
            ("unix:/run/gw.sock", "unix:/run/gw.sock"),
            ("unix:/my dir/ü gw.sock", "unix:/my dir/ü gw.sock"),
        ] {
            assert_eq!(ok(text).to_string(), shown, "{text}");
        }
        assert_eq!(ok("wss://gw/?token=abc#x").query, Some(Secret::new("token=abc")));
    }

    #[test]
    fn every_bad_address_is_underlined_where_it_is_bad() {
        for (text, title, marked) in [
            ("ftp://gw", "unknown scheme `ftp`", "ftp"),
            ("htp://gw", "unknown scheme `htp`", "htp"),
            ("ws://gw:0", "the port is out of range", "0"),
            ("ws://gw:65536", "the port is out of range", "65536"),
            ("gw:99999", "the port is out of range", "99999"),
            ("gw:http", "this is no port", "http"),
            ("ws://", "the host is empty", ""),
            ("", "the host is empty", ""),
            ("ws://:80", "the host is empty", ":80"),
            ("http://[::1:80/", "the brackets", "[::1:80"),
            ("http://::1]:80", "the brackets", "::1]:80"),
            ("::1:18789:zz", "the host is empty", "::1:18789:zz"),
            ("http://fe80::1:80", "this is no port", ":1:80"),
            ("https://op:pw@gw", "user information", "op:pw"),
            ("ws://g w", "a blank", " "),
            ("unix:run/x", "a Unix socket", "run/x"),
            ("unix:/run/a\tb", "a blank", "\t"),
            ("ws://999.1.1.1", "this is no URL", "999.1.1.1"),
            ("ws://a^b", "this is no URL", "a^b"),
            ("-x", "this is no host", "-x"),
        ] {
            let given = Given::flag("--gateway", text);
            let complaint = read(&given, 0, Bare::Allowed).unwrap_err();
            let place = complaint.place.clone().unwrap();
            assert!(complaint.title.starts_with(title), "{text}: {}", complaint.title);
            let from = place.span.start - "--gateway ".len();
            assert_eq!(text.get(from..from + marked.len()), Some(marked), "{text}: {complaint}");
            assert!(place.span.len() >= marked.len(), "{text}: {complaint}");
            let _ = complaint.to_string();
        }
        let leaky = read(&Given::flag("--gateway", "gw?token=swordfish&to=http://x"), 0, Bare::Allowed).unwrap_err();
        assert!(!leaky.to_string().contains("swordfish"), "{leaky}");
        let long = format!("unix:/{}", "x".repeat(200));
        assert!(read(&Given::flag("--gateway", &long), 0, Bare::Allowed).unwrap_err().title.contains("too long"));
        assert!(read(&Given::flag("--edge", "gw"), 0, Bare::Refused).unwrap_err().help.unwrap().contains("https://gw"));
    }
}
