//! Which edge product shows itself in an answer.

use super::body;
use crate::facts::tables::http::Product;
use crate::probe::exchange::Reply;

/// The `Server` header; Caddy adds its own beside an inner one, so there may be several.
pub fn server(reply: &Reply) -> Option<String> {
    let all: Vec<&str> = reply.headers.get_all("server").iter().filter_map(|v| v.to_str().ok()).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Beginnings of `Server` values, in lower case; the outer product first where one adds itself to an inner one.
const SERVERS: &[(&str, Product)] = &[
    ("cloudflare", Product::Cloudflare),
    ("caddy", Product::Caddy),
    ("nginx", Product::Nginx),
    // Two well-known builds of nginx.
    ("openresty", Product::Nginx),
    ("tengine", Product::Nginx),
    ("envoy", Product::Envoy),
    ("istio-envoy", Product::Envoy),
    ("apache", Product::Apache),
    ("haproxy", Product::Haproxy),
    ("traefik", Product::Traefik),
    ("lighttpd", Product::Lighttpd),
    ("varnish", Product::Varnish),
];

/// Header names that only one product adds.
const HEADERS: &[(&str, Product)] = &[
    ("cf-ray", Product::Cloudflare),
    ("x-envoy-upstream-service-time", Product::Envoy),
    ("x-envoy-decorator-operation", Product::Envoy),
    ("x-varnish", Product::Varnish),
];

/// Words of error pages that only one product writes.
const BODIES: &[(&str, Product)] = &[
    ("<center>nginx", Product::Nginx),
    ("<center>openresty", Product::Nginx),
    ("upstream connect error or disconnect/reset before headers", Product::Envoy),
    ("upstream request timeout", Product::Envoy),
    ("No server is available to handle this request.", Product::Haproxy),
    ("Request forbidden by administrative rules.", Product::Haproxy),
    ("The server didn't respond in time.", Product::Haproxy),
    ("The server returned an invalid or incomplete response.", Product::Haproxy),
    ("<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">", Product::Apache),
    // Since 2.4.58 or so; others break the line within the declaration or after it.
    (
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n<title>",
        Product::Apache,
    ),
    ("<address>Apache", Product::Apache),
    ("Guru Meditation", Product::Varnish),
    ("cloudflare", Product::Cloudflare),
];

/// Whole bodies of Traefik, which has no other mark.
const TRAEFIK: &[&str] = &["Bad Gateway", "Gateway Timeout", "no available server"];

/// The product that shows itself, the outermost if there are several; `Unknown` for another `Server`.
///
/// `gateway` tells that the gateway wrote the answer: its pages are then not searched for other products' words.
pub fn shown(reply: &Reply, gateway: bool) -> Option<Product> {
    by_server(reply)
        .filter(|p| *p != Product::Unknown)
        .or_else(|| HEADERS.iter().find(|(name, _)| reply.headers.contains_key(*name)).map(|(_, p)| *p))
        .or_else(|| by_via(reply))
        .or_else(|| if gateway { by_case(reply) } else { by_body(reply) })
        .or_else(|| by_server(reply))
}

/// How many products show themselves, however each does it. Two of one kind look like one.
pub fn many(reply: &Reply) -> i64 {
    let header = |name: &str| {
        let all = reply.headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        all.flat_map(|line| line.split(',')).map(|one| one.trim().to_ascii_lowercase()).collect::<Vec<_>>()
    };
    let servers = header("server");
    let mut all: Vec<Product> =
        SERVERS.iter().filter(|(start, _)| servers.iter().any(|one| one.starts_with(start))).map(|(_, p)| *p).collect();
    all.extend(HEADERS.iter().filter(|(name, _)| reply.headers.contains_key(*name)).map(|(_, p)| *p));
    // Each hop that uses `Via` adds one of its own (RFC 9110, section 7.6.3).
    let vias = header("via");
    all.extend(SERVERS.iter().filter(|(name, _)| vias.iter().any(|via| via.contains(name))).map(|(_, p)| *p));
    all.sort_unstable();
    all.dedup();
    i64::try_from(all.len().max(vias.len())).unwrap_or(i64::MAX)
}

fn by_server(reply: &Reply) -> Option<Product> {
    let server = server(reply)?.to_ascii_lowercase();
    let named = |start: &str| server.split(", ").any(|one| one.starts_with(start));
    Some(SERVERS.iter().find(|(start, _)| named(start)).map_or(Product::Unknown, |(_, p)| *p))
}

fn by_via(reply: &Reply) -> Option<Product> {
    let via = reply.header("via")?.to_ascii_lowercase();
    SERVERS.iter().find(|(name, _)| via.contains(name)).map(|(_, p)| *p)
}

fn by_body(reply: &Reply) -> Option<Product> {
    let text = body::start(reply);
    let traefik = TRAEFIK.contains(&text.trim()).then_some(Product::Traefik);
    traefik.or_else(|| BODIES.iter().find(|(mark, _)| text.contains(mark)).map(|(_, p)| *p))
}

/// HAProxy passes everything on unchanged but for the case of the names: all lower, which the gateway never sends.
fn by_case(reply: &Reply) -> Option<Product> {
    let lower = !reply.names.is_empty() && reply.names.iter().all(|n| !n.bytes().any(|b| b.is_ascii_uppercase()));
    (lower && !reply.http2 && !reply.headers.contains_key("server")).then_some(Product::Haproxy)
}
