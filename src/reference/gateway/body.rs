//! The body of a request: what its head says of its length, and the way past it to the next request.
//!
//! Source: 2026.9.6, that is Node's parser, asked over loopback byte by byte.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::reference::head::Head;
use crate::reference::wire::Wire;

/// The longest line of a chunk's size, and the longest trailer.
const LONGEST_LINE: usize = 16 << 10;
/// The most lines of a trailer.
const TRAILER_LINES: usize = 64;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Length(u64),
    Chunked,
}

/// Whether a head, and what came with it, leave no doubt where the body ends. Any doubt is answered with 400: a request that hid
/// in a body would be answered in somebody else's name.
pub fn is_plain(head: &Head) -> bool {
    match of(head) {
        Some(Body::Chunked) => httparse::parse_chunk_size(&head.rest).is_ok(),
        other => other.is_some(),
    }
}

fn of(head: &Head) -> Option<Body> {
    let lengths: Vec<&str> = values(head, "content-length").collect();
    let codings: Vec<&str> = values(head, "transfer-encoding").flat_map(|value| value.split(',')).map(str::trim).collect();
    match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Some(Body::Length(0)),
        ([], [length]) if !length.is_empty() && length.bytes().all(|b| b.is_ascii_digit()) => {
            length.parse().ok().map(Body::Length)
        }
        ([before @ .., last], []) => {
            let chunked = |coding: &str| coding.eq_ignore_ascii_case("chunked");
            (chunked(last) && !before.iter().any(|coding| chunked(coding))).then_some(Body::Chunked)
        }
        _ => None,
    }
}

fn values<'a>(head: &'a Head, name: &'a str) -> impl Iterator<Item = &'a str> {
    head.lines.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Why there is no next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The client ended, or took longer than it may.
    Ended,
    /// What came is no body of the kind that was announced.
    Broken,
}

/// Reads past the body. The head keeps what was read beyond it.
pub async fn skip(wire: &mut Wire, head: &mut Head, patience: Duration) -> Result<(), Stop> {
    let body = of(head).ok_or(Stop::Broken)?;
    let mut reader = Reader { wire, rest: &mut head.rest, patience };
    match body {
        Body::Length(length) => reader.skip(length).await,
        Body::Chunked => reader.chunks().await,
    }
}

struct Reader<'a> {
    wire: &'a mut Wire,
    rest: &'a mut Vec<u8>,
    patience: Duration,
}

impl Reader<'_> {
    async fn skip(&mut self, mut length: u64) -> Result<(), Stop> {
        loop {
            let here = usize::try_from(length).unwrap_or(usize::MAX).min(self.rest.len());
            self.rest.drain(..here);
            length -= here as u64;
            if length == 0 {
                return Ok(());
            }
            self.more().await?;
        }
    }

    async fn chunks(&mut self) -> Result<(), Stop> {
        loop {
            let size = self.until(|bytes| httparse::parse_chunk_size(bytes).map_err(|_| Stop::Broken)).await?;
            if size == 0 {
                return self.trailer().await;
            }
            self.skip(size).await?;
            while self.rest.len() < LINE_END.len() {
                self.more().await?;
            }
            if !self.rest.starts_with(LINE_END) {
                return Err(Stop::Broken);
            }
            self.rest.drain(..LINE_END.len());
        }
    }

    async fn trailer(&mut self) -> Result<(), Stop> {
        let lines = |bytes: &[u8]| {
            let mut lines = [httparse::EMPTY_HEADER; TRAILER_LINES];
            let parsed = httparse::parse_headers(bytes, &mut lines).map_err(|_| Stop::Broken)?;
            Ok(match parsed {
                httparse::Status::Complete((length, _)) => httparse::Status::Complete((length, ())),
                httparse::Status::Partial => httparse::Status::Partial,
            })
        };
        self.until(lines).await
    }

    /// Reads until something is complete, takes its bytes away and gives what it says.
    async fn until<T>(&mut self, parse: impl Fn(&[u8]) -> Result<httparse::Status<(usize, T)>, Stop>) -> Result<T, Stop> {
        loop {
            match parse(self.rest)? {
                httparse::Status::Complete((length, said)) => {
                    self.rest.drain(..length);
                    return Ok(said);
                }
                httparse::Status::Partial if self.rest.len() < LONGEST_LINE => self.more().await?,
                httparse::Status::Partial => return Err(Stop::Broken),
            }
        }
    }

    async fn more(&mut self) -> Result<(), Stop> {
        match timeout(self.patience, self.wire.read_buf(self.rest)).await {
            Ok(Ok(1..)) => Ok(()),
            _ => Err(Stop::Ended),
        }
    }
}

const LINE_END: &[u8] = b"\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&str, &str)], rest: &str) -> Head {
        let lines = lines.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Head { first: "POST / HTTP/1.1".into(), lines, rest: rest.into() }
    }

    #[test]
    fn a_length_is_digits_once_and_not_beside_chunks() {
        let length = |values: &[&str]| of(&head(&values.iter().map(|v| ("Content-Length", *v)).collect::<Vec<_>>(), ""));
        assert_eq!(length(&[]), Some(Body::Length(0)));
        assert_eq!(length(&["005"]), Some(Body::Length(5)));
        assert_eq!(length(&["18446744073709551615"]), Some(Body::Length(u64::MAX)));
        for wrong in [&["-1"][..], &["+5"], &[""], &["5 5"], &["0x5"], &["5, 5"], &["5", "5"], &["18446744073709551616"]] {
            assert_eq!(length(wrong), None, "{wrong:?}");
        }
        assert_eq!(of(&head(&[("Content-Length", "5"), ("Transfer-Encoding", "chunked")], "")), None);
    }

    #[test]
    fn chunks_come_last_and_once() {
        let coded = |values: &[&str]| of(&head(&values.iter().map(|v| ("Transfer-Encoding", *v)).collect::<Vec<_>>(), ""));
        for right in [&["chunked"][..], &["gzip, Chunked"], &["gzip", "chunked"]] {
            assert_eq!(coded(right), Some(Body::Chunked), "{right:?}");
        }
        for wrong in
            [&["chunked, gzip"][..], &["identity"], &["gzip"], &["xchunked"], &[""], &["chunked", "gzip"], &["chunked, chunked"]]
        {
            assert_eq!(coded(wrong), None, "{wrong:?}");
        }
        assert!(!is_plain(&head(&[("Transfer-Encoding", "chunked")], "zz\r\n")));
        assert!(is_plain(&head(&[("Transfer-Encoding", "chunked")], "5\r\nhel")));
    }
}
