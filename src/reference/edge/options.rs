//! The switches of the fault edge.

use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use super::product::Brand;
use crate::labels;
use crate::reference::certificate::Kind;
use crate::reference::script::Answer;

labels! {
    /// What the edge understands of what it passes on.
    pub enum Mode {
        Http = "http": "Requests and answers.",
        Tcp = "tcp": "Nothing: bytes, as ssh -L, stunnel and TCP mode do.",
    }
}

labels! {
    /// What becomes of an upgrade.
    pub enum Upgrade {
        Passed = "passed": "It is handed on.",
        Dropped = "dropped": "Handed on as a plain request: neither `Upgrade` nor `Connection: upgrade`.",
        NoConnection = "no-connection": "Handed on without `Connection: upgrade`.",
        Held = "held": "Never answered.",
        BadAccept = "bad-accept": "Switched, with an accept key that belongs to no request.",
    }
}

labels! {
    /// What becomes of frames after the switch.
    pub enum Frames {
        Passed = "passed": "They are handed on.",
        Held = "held": "Kept: 101, then silence.",
        NoClose = "no-close": "Handed on, but for the gateway's close frame: its end comes without one.",
        Bursts = "bursts": "The gateway's are kept and let through together, no sooner than `burst_ms` after the last.",
    }
}

labels! {
    /// What the edge makes of `X-Forwarded-For`.
    pub enum Forwarded {
        Overwrite = "overwrite": "Its own client, whatever the client said: right for the outermost hop.",
        Append = "append": "Its own client after what the client said: right for an inner hop.",
        IfNone = "if-none": "Its own client unless the client said something.",
        Believe = "believe": "What the client said, beside a protocol and host of its own.",
        Pass = "pass": "What the client said; nothing is set and nothing taken away.",
        RealIp = "real-ip": "Nothing; its own client is named in `X-Real-IP` alone.",
        Forge = "forge": "A loopback address.",
        Strip = "strip": "Nothing, and what the client said is taken away.",
    }
}

labels! {
    /// How an idle or old connection dies.
    pub enum Death {
        Fin = "fin": "In order, on both sides.",
        Reset = "reset": "With a TCP reset.",
        CloseFrame = "close-frame": "With a WebSocket close frame, which has no reason.",
        Silence = "silence": "Unsaid: bytes are swallowed.",
        Forget = "forget": "Unsaid, and the client's next byte is answered with a reset: stateful load balancers.",
    }
}

labels! {
    /// Whose bytes keep a connection from being idle.
    pub enum Counts {
        Both = "both": "The client's as well as the gateway's: nginx, HAProxy, Apache, Envoy.",
        Each = "each": "It takes both of them: lighttpd.",
        Client = "client": "The client's alone.",
        Server = "server": "The gateway's alone: Caddy.",
    }
}

labels! {
    /// HTTP/2 in front: by choice under TLS; without, where HTTP/1.1 is `closed`, by those who begin with it.
    pub enum H2 {
        Off = "off": "Not offered.",
        On = "on": "Offered, without extended CONNECT.",
        Connect = "connect": "Offered with extended CONNECT (RFC 8441), handed on with a key of its own: HAProxy.",
        Deaf = "deaf": "Offered with extended CONNECT, which is never answered.",
        Keyless = "keyless": "Offered with extended CONNECT, handed on without a key: Envoy.",
        Broken = "broken": "Offered, and every stream is refused.",
    }
}

labels! {
    /// What becomes of HTTP/1.1 in front.
    pub enum Http1 {
        Served = "served": "It is spoken.",
        Refused = "refused": "The handshake is refused that offers nothing else, as RFC 7301 has it: rustls, with h2 alone among its protocols.",
        Frames = "frames": "It is answered with frames of HTTP/2: nginx before 1.25.1, `listen ... http2` in plain text.",
        Closed = "closed": "Its connection ends without a byte: HAProxy's `proto h2`, Envoy's `codec_type: HTTP2`.",
    }
}

labels! {
    /// What becomes of a client that has no certificate and was asked for one.
    pub enum Anonymous {
        Refused = "refused": "The handshake ends: HAProxy, Apache, Caddy, Envoy.",
        Told = "told": "It gets through the handshake, and is told 400 by HTTP: nginx.",
        Served = "served": "It is served all the same.",
    }
}

labels! {
    /// The PROXY line (haproxy.org, proxy-protocol.txt, version 1).
    pub enum Line {
        None = "none": "None.",
        Sent = "sent": "Sent to the gateway, which knows none.",
        Expected = "expected": "Expected from the client; without it the connection ends.",
    }
}

/// The options; the defaults are a right edge.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Options {
    /// Where it listens; see [`crate::reference::front::Front::bind`].
    pub listen: Vec<String>,
    /// Its port; 0 finds one.
    pub port: u16,
    /// Every connection is refused.
    pub stopped: bool,
    /// What it understands.
    pub mode: Mode,
    /// Where it leads: `ADDRESS:PORT`.
    pub upstream: String,
    /// Speak TLS to the upstream, whose certificate is not looked at.
    pub upstream_tls: bool,
    /// That TLS goes up to 1.2 only, which the gateway does not speak: nginx before 1.23, Envoy.
    pub upstream_old_tls: bool,
    /// The certificate of its TLS; plain text without.
    pub tls: Option<Kind>,
    /// Its port answers in plain text as well, and the gateway's site is there: by TLS there is none. Traefik, whose router has no
    /// `tls`.
    pub site_in_plain: bool,
    /// It takes its TLS off, and then expects TLS again.
    pub tls_twice: bool,
    /// Only clients with a certificate of the world's root are let in.
    pub client_certificate: bool,
    /// What becomes of clients without one.
    pub anonymous: Anonymous,
    /// The hosts it serves; every host without any.
    pub sites: Vec<String>,
    /// A TLS name that is none of the sites is refused in the handshake.
    pub strict_names: bool,
    /// HTTP/2 in front.
    pub h2: H2,
    /// HTTP/1.1 in front.
    pub http1: Http1,
    /// What becomes of upgrades.
    pub upgrade: Upgrade,
    /// What becomes of frames.
    pub frames: Frames,
    /// Whether answers are kept until they are whole; a 101 never is.
    pub buffers: bool,
    /// What it makes of `X-Forwarded-For`.
    pub forwarded: Forwarded,
    /// The client address it tells of a client on loopback, so that it plays an edge that strangers ask. An address for
    /// documentation (RFC 5737).
    pub stands_for: IpAddr,
    /// A path before the gateway's own, as in `/oc`.
    pub prefix: String,
    /// Hand the prefix on.
    pub keeps_prefix: bool,
    /// The PROXY line.
    pub line: Line,
    /// Ends an upgraded connection this long after the last byte, in milliseconds; 0 never.
    pub idle_ms: u64,
    /// Which bytes keep it alive.
    pub idle_counts: Counts,
    /// Ends an upgraded connection this old, in milliseconds; 0 never.
    pub lifetime_ms: u64,
    /// Ends every upgraded connection that is open this long after the edge began to serve, in milliseconds; 0 never.
    pub reload_ms: u64,
    /// It does not serve again after that.
    pub stays_down: bool,
    /// How it ends those.
    pub death: Death,
    /// The code of its close frames. Caddy sends 1001 at a reload.
    pub close_code: u16,
    /// How long it keeps frames back that it lets through in bursts, in milliseconds.
    pub burst_ms: u64,
    /// How much later than it came a client's request is handed on, and each of its bytes after a switch or where nothing is
    /// understood, in milliseconds.
    pub delay_ms: u64,
    /// How long it waits for a connection to the gateway, and for the head of its answer, in milliseconds; then it says 504.
    pub patience_ms: u64,
    /// The most bytes of a request's head; more is 431, or what the product says.
    pub head_limit: usize,
    /// The most bytes of a request's body; more is 413.
    pub body_limit: u64,
    /// The most bytes of a client's WebSocket frame. 0 sets no limit.
    pub message_limit: u64,
    /// How a connection ends on which more came; its close frame has the code 1009.
    pub message_death: Death,
    /// Whose signature its answers carry.
    pub product: Brand,
    /// Header lines that it adds to the gateway's answers: `Name: value`.
    pub adds: Vec<String>,
    /// Answers by script that go before what the gateway says. One that has a status and nothing else is the product's page.
    pub answer: Vec<Answer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: vec![String::from("127.0.0.1")],
            port: 0,
            stopped: false,
            mode: Mode::Http,
            upstream: String::new(),
            upstream_tls: false,
            upstream_old_tls: false,
            tls: None,
            site_in_plain: false,
            tls_twice: false,
            client_certificate: false,
            anonymous: Anonymous::Refused,
            sites: Vec::new(),
            strict_names: false,
            h2: H2::Off,
            http1: Http1::Served,
            upgrade: Upgrade::Passed,
            frames: Frames::Passed,
            buffers: false,
            forwarded: Forwarded::Overwrite,
            stands_for: Ipv4Addr::new(192, 0, 2, 10).into(),
            prefix: String::new(),
            keeps_prefix: false,
            line: Line::None,
            idle_ms: 0,
            idle_counts: Counts::Both,
            lifetime_ms: 0,
            reload_ms: 0,
            stays_down: false,
            death: Death::Fin,
            close_code: 1001,
            burst_ms: 3_000,
            delay_ms: 0,
            // nginx: `proxy_read_timeout`.
            patience_ms: 60_000,
            // nginx: `large_client_header_buffers`, four of 8 KiB.
            head_limit: 32 << 10,
            // nginx: `client_max_body_size`.
            body_limit: 1 << 20,
            message_limit: 0,
            message_death: Death::CloseFrame,
            product: Brand::Plain,
            adds: Vec::new(),
            answer: Vec::new(),
        }
    }
}
