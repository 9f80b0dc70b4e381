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

/// The code for whoever did not finish the handshake in time; nobody else gets it from the gateway.
pub const TOO_LATE: u16 = 1000;

/// With what the gateway itself ends a client that did nothing wrong. Proxies use some of these codes too, but not these words.
///
/// Source: `dist/` of 2026.9.6; those about a restart, a changed credential and a slow consumer are the same in 2026.5.7.
const OWN: &[(u16, &str)] = &[
    (1008, "slow consumer"),
    (1011, "gateway message handler unavailable"),
    (1012, "service restart"),
    (1012, "browser identity route changed"),
    (1012, "node capabilities changed"),
    (1013, "gateway restart in progress"),
    (1013, "gateway suspension in progress"),
    (4001, "device removed"),
    (4001, "gateway auth changed"),
    (4001, "gateway policy changed"),
];

/// Whether only the gateway ends a connection with this code and this reason.
pub fn is_gateways(code: u16, reason: &str) -> bool {
    OWN.contains(&(code, reason))
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

    #[test]
    fn a_code_alone_is_not_the_gateways() {
        assert!(is_gateways(1012, "service restart") && !is_gateways(1012, "") && !is_gateways(1008, "service restart"));
        assert!(OWN.iter().all(|(code, _)| meaning(*code).is_some()));
    }
}
