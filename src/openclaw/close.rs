//! WebSocket close codes and what the gateway means by them. Source: `dist/` of 2026.9.6, each code produced on loopback unless
//! the sentence says otherwise.

/// A close code and its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The code of the close frame.
    pub code: u16,
    /// A sentence.
    pub doc: &'static str,
}

/// The codes the gateway uses, in numeric order.
pub const CODES: &[Meaning] = &[
    Meaning {
        code: 1000,
        doc: "Before hello-ok: the handshake took too long, or the first frame is not JSON; the reason is empty.",
    },
    Meaning { code: 1001, doc: "The peer is going away; not used by the gateway itself." },
    Meaning { code: 1002, doc: "The protocol ranges do not meet: `protocol mismatch`." },
    Meaning {
        code: 1008,
        doc: "Refused by policy: invalid connect, auth, pairing, origin or a slow consumer; the reason tells which.",
    },
    Meaning { code: 1009, doc: "The frame is too large: over 64 KiB before hello-ok, over 25 MiB after it." },
    Meaning { code: 1011, doc: "The gateway's installation was replaced underneath, or its handler is unavailable; by reading." },
    Meaning { code: 1012, doc: "The gateway stops or restarts: `service restart`, after a `shutdown` event." },
    Meaning { code: 1013, doc: "Try again: `gateway starting`, a restart or a suspension in progress." },
    Meaning { code: 4000, doc: "The client saw neither tick nor other frame for two tick intervals; sent by clients only." },
    Meaning {
        code: 4001,
        doc: "A change of configuration or pairing ended the connection: `gateway auth changed` and the like.",
    },
];

/// What the gateway means by a code, if it uses it.
pub fn meaning(code: u16) -> Option<&'static str> {
    CODES.iter().find(|m| m.code == code).map(|m| m.doc)
}

/// The longest close reason: a close frame's payload is at most 125 bytes, two of them the code (RFC 6455, 5.5).
pub const LONGEST_REASON: usize = 123;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_once_and_in_order() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(meaning(1008).is_some_and(|m| m.contains("policy")));
        assert_eq!(meaning(1005), None);
    }
}
