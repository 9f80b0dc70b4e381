//! Plain HTTP requests.

use super::words;
use crate::facts::schema::{Field, Key, Print, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// What was asked for.
    pub enum Ask {
        Health = "health": "The health route: `/health` unless set otherwise.",
        Startup = "startup": "The startup route: `/startupz`.",
        Ready = "ready": "The readiness route: `/readyz`.",
        Dashboard = "dashboard": "The Control UI page, under its base path.",
        ClaimLocal = "claim-local": "The readiness route, with a claim (`X-Forwarded-For`) to come from 127.0.0.1.",
        ClaimRemote = "claim-remote": "The readiness route, with a claim (`X-Forwarded-For`) to come from a public address.",
        ViaProxy = "via-proxy": "The health route, through the proxy that the environment names.",
        Otherwise = "otherwise": "The health route once more, by what the port may speak instead: see `by`. Only where no gateway answered by what the path says.",
    }
}

labels! {
    /// What was tried in the place of what the path says.
    pub enum By {
        OtherScheme = "other-scheme": "TLS in the place of plain text, or plain text in the place of TLS.",
        Http2 = "http2": "HTTP/2 without TLS, with prior knowledge (RFC 9113, section 3.3).",
    }
}

labels! {
    /// How a request ended.
    pub enum Exchange {
        Answered = "answered": "A whole response came.",
        Cut = "cut": "The response ended early.",
        ClosedEmpty = "closed-empty": "The peer closed without a byte.",
        Reset = "reset": "The peer reset the connection.",
        Silent = "silent": "No byte within the probe's own deadline.",
        Garbage = "garbage": "What came is not HTTP.",
    }
}

labels! {
    /// What is wrong with an answer beside its content.
    pub enum Flaw {
        NotHttp = "not-http": "What came does not begin as HTTP.",
        Http2 = "http2": "HTTP/2 frames, to a request by HTTP/1.1: the peer speaks nothing else.",
        BadHead = "bad-head": "The head begins as HTTP's and does not go on as one.",
        EndlessHead = "endless-head": "The head went beyond 16 KiB or 100 lines.",
        OnlyHints = "only-hints": "Interim answers (1xx) came, and no answer.",
        EndedEarly = "ended-early": "The connection ended before the answer did.",
        Trickled = "trickled": "Bytes were still coming when time was up.",
        Stalled = "stalled": "Bytes came and then none, and the answer was not whole when time was up.",
        LongBody = "long-body": "The body went beyond the 64 KiB that are read.",
        DeepJson = "deep-json": "JSON nested deeper than the 127 levels that are read.",
        Loop = "leads-to-itself": "A redirect to the very URL that was asked.",
    }
}

labels! {
    /// What a body is, judged by its shape and not by the status.
    pub enum Body {
        Live = "live": "The gateway's health object: ok, and status live.",
        Started = "started": "The gateway's startup object: started.",
        Starting = "starting": "The gateway's startup object: starting.",
        Draining = "draining": "The gateway's startup object: draining.",
        Ready = "ready": "The gateway's readiness object: ready.",
        NotReady = "not-ready": "The gateway's readiness object: not ready.",
        ControlUi = "control-ui": "The gateway's Control UI page.",
        GatewayError = "gateway-error": "The gateway's error object.",
        Login = "login": "A login or challenge page.",
        Json = "json": "Other JSON.",
        Html = "html": "Other HTML.",
        Text = "text": "Other text.",
        Empty = "empty": "Nothing.",
    }
}

labels! {
    /// Who wrote an answer.
    pub enum Author {
        Gateway = "gateway": "The gateway.",
        Edge = "edge": "A proxy, load balancer or tunnel.",
        IdentityProxy = "identity-proxy": "Something that asks people to log in.",
        Other = "other": "Something else.",
    }
}

labels! {
    /// The product that shows itself in an answer.
    pub enum Product {
        Nginx = "nginx": "nginx.",
        Caddy = "caddy": "Caddy.",
        Haproxy = "haproxy": "HAProxy.",
        Apache = "apache": "Apache httpd.",
        Envoy = "envoy": "Envoy.",
        Traefik = "traefik": "Traefik.",
        Lighttpd = "lighttpd": "lighttpd.",
        Varnish = "varnish": "Varnish.",
        Cloudflare = "cloudflare": "Cloudflare.",
        Unknown = "unknown": "Another product that names itself.",
    }
}

labels! {
    /// The scheme of a WebSocket address that a page names outright.
    pub enum PageSocket {
        Plain = "ws": "One in plain text, of a host that is not the browser's own machine.",
        Secure = "wss": "One by TLS.",
    }
}

/// One row per request; on `local` the other loopback family is asked for health and readiness too.
pub static HTTP: Table = table("http", Scope::Path, "Requests to the gateway's HTTP routes.").keys(HTTP_KEYS).fields(HTTP_FIELDS);
const HTTP_KEYS: &[Key] = &[
    key("probe", Type::Label(Ask::ALL), "What was asked for."),
    key("address", Type::Address, "The address asked, `named` for the one the path names.").or("named").address(),
];
const HTTP_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Exchange::ALL), "How the request ended."),
    field("by", Type::Label(By::ALL), "What was tried in the place of what the path says; absent when nothing was."),
    field("flaw", Type::Label(Flaw::ALL), "What is wrong with the answer beside its content; absent when nothing is."),
    field("status", Type::Int, "HTTP status, also of a head that is not whole or does not parse."),
    field("body", Type::Label(Body::ALL), "What the body is, by its shape."),
    field("author", Type::Label(Author::ALL), "Who wrote the answer."),
    field("product", Type::Label(Product::ALL), "The edge product that shows itself; absent when none does."),
    field("server", Type::Text, "The `Server` header.").named(),
    field("content-type", Type::Text, "The `Content-Type` header.").words(words::MEDIA_TYPES),
    field("location", Type::Address, "The host a redirect points to.").address(),
    field("retry-after", Type::Duration, "The `Retry-After` header."),
    field("error-type", Type::Text, "`error.type` of the gateway's error object.").words(words::ERROR_TYPES),
    field("detail", Type::Bool, "Whether the gateway gave the detail it keeps for local callers."),
    field("uptime", Type::Duration, "The gateway's uptime, where told.").print(Print::Omit),
    field("version", Type::Text, "The gateway's version, where told.").words(words::RELEASES),
    field("failing", Type::Text, "What the readiness object lists as failing, joined by a blank.").words(words::FAILING),
    field("allow-origin", Type::Text, "The `Access-Control-Allow-Origin` header; the gateway itself sends none here.")
        .words(words::ORIGINS),
    field(
        "alt-svc",
        Type::Text,
        "The `Alt-Svc` header: what else is offered, such as HTTP/3. It is told as seen, and not measured.",
    )
    .words(words::ALT_SVC),
    field("edges", Type::Int, "How many edge products show themselves in `Server`, `Via` and headers of their own."),
    field("says-plain", Type::Bool, "Whether the answer says that plain text came to a port that speaks TLS."),
    field(
        "page-socket",
        Type::Label(PageSocket::ALL),
        "The scheme of the WebSocket address that a page names; absent when it names none.",
    ),
    field("path", Type::Text, "The path asked for, without query.").named(),
    field("after", Type::Duration, "Time to the first byte."),
    field("bytes", Type::Bytes, "Size of the body, as far as it was read."),
];

/// Summary of the series of answers; all of it is derived.
pub static PACE: Table =
    table("pace", Scope::Path, "How fast the path answered, over every request that was answered on it.").fields(PACE_FIELDS);
const PACE_FIELDS: &[Field] = &[
    field("n", Type::Int, "Answers.").derived().print(Print::Omit),
    field("min", Type::Duration, "The fastest first byte.").derived(),
    field("p50", Type::Duration, "The median first byte.").derived(),
    field("p95", Type::Duration, "The first byte that 95 of 100 answers do not exceed.").derived(),
    field("max", Type::Duration, "The slowest first byte.").derived(),
    field("longest-gap", Type::Duration, "The longest time between two answers.").derived(),
];
