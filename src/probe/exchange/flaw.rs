//! What is wrong with an answer, as far as its bytes alone show it.

use super::{Reply, looks_like_http};
use crate::clock::{self, Instant};
use crate::facts::tables::http::{Exchange, Flaw};
use crate::probe::tap::Log;

/// What was wrong; `error` is what ended it, unless time did.
pub fn of(outcome: Exchange, log: &Log, reply: Option<&Reply>, error: Option<&hyper::Error>, begun: Instant) -> Option<Flaw> {
    match outcome {
        Exchange::Answered => reply.is_some_and(|reply| reply.longer).then_some(Flaw::LongBody),
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
    fn a_status_is_read_from_whatever_begins_as_http() {
        assert_eq!(status(b"HTTP/1.1 502 Bad Gate"), Some(502));
        assert_eq!(status(b"HTTP/1.0 200\r\nbroken head"), Some(200));
        for text in ["HTTP/1.1 2", "HTTP/1.1 200", "HTTP/1.1 2000 x", "HTTP/1.1 000 x", "HTTP/2 200 x", "SSH-2.0-x", ""] {
            assert_eq!(status(text.as_bytes()), None, "{text}");
        }
    }
}
