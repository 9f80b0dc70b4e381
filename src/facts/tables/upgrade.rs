//! The WebSocket upgrade, and the first frame after it.

use super::http::{Author, Body, Flaw, Product};
use super::words;
use crate::facts::schema::{Field, Key, Scope, Table, Type, field, key, table};
use crate::labels;

labels! {
    /// The protocol offered.
    pub enum Offer {
        Http1 = "http1": "HTTP/1.1 only.",
        H2 = "h2": "HTTP/2 first, HTTP/1.1 as well; only over TLS.",
    }
}

labels! {
    /// As whom the upgrade is sent.
    pub enum As {
        Plain = "plain": "As the command line client sends it: no Origin, no user agent.",
        Browser = "browser": "As a browser sends it: user agent, Origin and the configured edge headers.",
    }
}

labels! {
    /// How the upgrade was answered.
    pub enum Switch {
        Switched = "switched": "101 with the right accept key.",
        BadAccept = "bad-accept": "101 with a wrong or missing accept key.",
        PlainAnswer = "plain-answer": "A 2xx: answered as if no upgrade had been asked for.",
        BadRequest = "bad-request": "400 or 405: something found the upgrade malformed.",
        Redirected = "redirected": "A 3xx.",
        Refused = "refused": "Another 4xx or a 5xx.",
        Silent = "silent": "No answer within the probe's own deadline.",
        Closed = "closed": "The connection ended without an HTTP answer, or what came is not HTTP.",
    }
}

labels! {
    /// Whether the upgrade reached the gateway.
    pub enum Arrived {
        Yes = "yes": "The answer can only come from the gateway's upgrade path.",
        No = "no": "The gateway answered a plain request, so something dropped the upgrade.",
        Unknown = "unknown": "The answer does not tell.",
    }
}

labels! {
    /// What came of HTTP/2 once it was chosen.
    pub enum Http2 {
        Offered = "offered": "The peer's settings allow WebSocket over it (RFC 8441), so that a browser asks that way.",
        NotOffered = "not-offered": "The settings do not, so that a browser asks again by HTTP/1.1.",
        Broken = "broken": "Not even a plain request is answered over it.",
    }
}

labels! {
    /// What came of HTTP/1.1, offered alone, after HTTP/2 without RFC 8441.
    pub enum Fallback {
        Spoken = "spoken": "HTTP/1.1 was answered, or the connection ended without telling.",
        Refused = "refused": "The handshake was refused, or what came is not HTTP/1.1: the peer speaks nothing but HTTP/2.",
    }
}

/// One row per offer and client.
pub static UPGRADE: Table =
    table("upgrade", Scope::Path, "WebSocket upgrades and how they were answered.").keys(UPGRADE_KEYS).fields(UPGRADE_FIELDS);
const UPGRADE_KEYS: &[Key] = &[
    key("offer", Type::Label(Offer::ALL), "The protocol offered.").or("http1"),
    key("as", Type::Label(As::ALL), "As whom it was sent.").or("plain"),
];
const UPGRADE_FIELDS: &[Field] = &[
    field("outcome", Type::Label(Switch::ALL), "How it was answered."),
    field("flaw", Type::Label(Flaw::ALL), "What is wrong with the answer beside its content; absent when nothing is."),
    field("status", Type::Int, "HTTP status."),
    field("arrived", Type::Label(Arrived::ALL), "Whether it reached the gateway."),
    field("author", Type::Label(Author::ALL), "Who wrote the answer."),
    field("product", Type::Label(Product::ALL), "The edge product that shows itself; absent when none does."),
    field("server", Type::Text, "The `Server` header.").named(),
    field("body", Type::Label(Body::ALL), "What the body of a refusal is, by its shape."),
    field("content-type", Type::Text, "The `Content-Type` header.").words(words::MEDIA_TYPES),
    field("location", Type::Address, "The host a redirect points to.").address(),
    field("retry-after", Type::Duration, "The `Retry-After` header."),
    field("error-type", Type::Text, "`error.type` of the gateway's error object.").words(words::ERROR_TYPES),
    field("text", Type::Text, "The body of a short plain refusal, at most 120 characters.").named(),
    field("headers", Type::Text, "Names of the answer's headers in order, joined by a blank.").words(words::HEADERS),
    field("address", Type::Address, "Address and port that were asked.").address(),
    field("alpn", Type::Text, "Application protocol chosen by TLS; absent on plain text."),
    field("http2", Type::Label(Http2::ALL), "What came of HTTP/2; absent where it was not chosen, or not offered."),
    field(
        "fallback",
        Type::Label(Fallback::ALL),
        "What came of HTTP/1.1 offered alone, after HTTP/2 had been chosen or could have been; absent where that was not tried, or does not tell.",
    ),
    field("after", Type::Duration, "Time to the answer's head."),
];

labels! {
    /// What came first after the switch.
    pub enum First {
        Received = "received": "The gateway's `connect.challenge`.",
        OtherFrame = "other-frame": "Another frame: not an OpenClaw Gateway.",
        Closed = "closed": "The connection ended first.",
        Silent = "silent": "Nothing within the probe's own deadline.",
    }
}

labels! {
    /// What is wrong with what came as frames.
    pub enum FrameFlaw {
        TooLong = "too-long": "A frame or message longer than the 4 MiB that are taken.",
        Masked = "masked": "A frame is masked, as only a client's may be.",
        Compressed = "compressed": "Reserved bits are set, as for compression that nobody asked for.",
        BadOpcode = "bad-opcode": "A frame of a kind that does not exist.",
        BadControl = "bad-control": "A ping, pong or close that is too long, in fragments or malformed.",
        BadFragments = "bad-fragments": "Fragments in an order that makes no message.",
        NotUtf8 = "not-utf8": "A text that is no UTF-8.",
        NotJson = "not-json": "A message that is no JSON.",
        DeepJson = "deep-json": "JSON nested deeper than the 127 levels that are read.",
        Foreign = "foreign": "JSON that is not what a gateway says at this point.",
        OnlyPings = "only-pings": "Pings or pongs, and no message.",
        Unfinished = "unfinished": "Bytes came that make no whole message.",
        NoFrames = "no-frames": "What came is no WebSocket frame.",
    }
}

/// The gateway's first frame: the cheapest proof that it is alive, and it needs no credential.
pub static CHALLENGE: Table = table("challenge", Scope::Path, "The first frame after the switch.").fields(CHALLENGE_FIELDS);
const CHALLENGE_FIELDS: &[Field] = &[
    field("outcome", Type::Label(First::ALL), "What came first."),
    field("flaw", Type::Label(FrameFlaw::ALL), "What is wrong with what came; absent when nothing is."),
    field("after", Type::Duration, "Time from the switch to the first frame."),
    field("clock-offset", Type::Duration, "The gateway's clock minus ours, corrected by half the round trip."),
    field("close-code", Type::Int, "Close code, when a close frame came."),
    field("close-reason", Type::Text, "Close reason, when a close frame came.").named(),
];
