//! What is wrong with an answer, as far as its bytes alone show it.

use super::{Reply, looks_like_http};
use crate::clock::{self, Instant};
use crate::facts::tables::http::{Exchange, Flaw};
use crate::probe::tap::Log;

/// What was wrong; `error` is what ended it, unless time did.
pub fn of(outcome: Exchange, log: &Log, reply: Option<&Reply>, error: Option<&hyper::Error>, begun: Instant) -> Option<Flaw> {
    match outcome {
        Exchange::Answered => reply.is_some_and(|reply| reply.longer).then_some(Flaw::LongBody),
        Exchange::Garbage if speaks_http2(&log.head) => Some(Flaw::Http2),
        Exchange::Garbage if !looks_like_http(&log.head) => Some(Flaw::NotHttp),
        Exchange::Garbage if error.is_some_and(hyper::Error::is_parse_too_large) => Some(Flaw::EndlessHead),
        Exchange::Garbage => Some(Flaw::BadHead),
        Exchange::Cut if reply.is_none() && status(&log.head).is_some_and(|s| s < 200) => Some(Flaw::OnlyHints),
        Exchange::Cut if error.is_some() => Some(Flaw::EndedEarly),
        Exchange::Cut if flows(log, begun) => Some(Flaw::Trickled),
        Exchange::Cut => Some(Flaw::Stalled),
        Exchange::ClosedEmpty | Exchange::Reset | Exchange::Silent => None,
    }
}

/// Whether it begins as a server of HTTP/2 must: with a SETTINGS frame of whole settings, on no stream (RFC 9113, 3.4 and 6.5).
fn speaks_http2(head: &[u8]) -> bool {
    let [high, middle, low, kind, flags, stream @ ..] = head else { return false };
    let length = u32::from_be_bytes([0, *high, *middle, *low]);
    (*kind, *flags) == (4, 0) && stream.starts_with(&[0; 4]) && length.is_multiple_of(6)
}

/// Whether bytes are still coming: the last came in the second half of the time that has passed.
fn flows(log: &Log, begun: Instant) -> bool {
    let now = clock::now();
    log.last.is_some_and(|last| now.saturating_duration_since(last) < now.saturating_duration_since(begun) / 2)
}

/// The status in the first line of a head, whatever follows it.
pub fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let (digits, after) = (rest.get(2..5)?, rest.get(5)?);
    let told = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (rest[1] == b' ' && after.is_ascii_whitespace() && (100..=999).contains(&told)).then_some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_2_is_known_by_its_first_frame() {
        // nginx 1.22 with `listen ... http2` in plain text, and settings of nobody's choice.
        assert!(speaks_http2(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80"));
        assert!(speaks_http2(b"\0\0\0\x04\0\0\0\0\0"));
        for other in [
            &b"\0\0\0\x04\0\0\0\0"[..],
            b"\0\0\x05\x04\0\0\0\0\0",
            b"\0\0\0\x04\x01\0\0\0\0",
            b"\0\0\0\x06\0\0\0\0\0",
            b"\0\0\0\x04\0\0\0\0\x01",
            b"SSH-2.0-x\r\n",
            b"",
        ] {
            assert!(!speaks_http2(other), "{other:?}");
        }
    }

    #[test]
    fn a_status_is_read_from_whatever_begins_as_http() {
        assert_eq!(status(b"HTTP/1.1 502 Bad Gate"), Some(502));
        assert_eq!(status(b"HTTP/1.0 200\r\nbroken head"), Some(200));
        for text in ["HTTP/1.1 2", "HTTP/1.1 200", "HTTP/1.1 2000 x", "HTTP/1.1 000 x", "HTTP/2 200 x", "SSH-2.0-x", ""] {
            assert_eq!(status(text.as_bytes()), None, "{text}");
        }
    }
}
