//! The head of a request or of an answer, read byte for byte as it came: names keep their spelling, lines their order.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// The most header lines a head may have. Node's default, which the gateway keeps: `maxHeadersCount`.
const LINES: usize = 2_000;

/// A first line, header lines, and the bytes that came after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `GET / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub first: String,
    /// Header lines in order, as spelt.
    pub lines: Vec<(String, String)>,
    /// What was read beyond the head.
    pub rest: Vec<u8>,
}

/// Why there is no head.
#[derive(Debug)]
pub enum NoHead {
    /// The peer ended first, or the connection broke.
    Ended,
    /// What came is no HTTP/1; the bytes so far.
    Junk(Vec<u8>),
    /// It is longer than allowed.
    TooLong,
}

impl Head {
    /// Reads a request's head of at most `limit` bytes; `before` is what was read already.
    ///
    /// # Errors
    /// See [`NoHead`].
    pub async fn request(stream: &mut (impl AsyncRead + Unpin), before: Vec<u8>, limit: usize) -> Result<Self, NoHead> {
        Self::read(stream, before, limit, |bytes| {
            let mut lines = [httparse::EMPTY_HEADER; LINES];
            let mut request = httparse::Request::new(&mut lines);
            match request.parse(bytes)? {
                httparse::Status::Partial => Ok(None),
                httparse::Status::Complete(length) => {
                    let first = format!(
                        "{} {} HTTP/1.{}",
                        request.method.unwrap_or_default(),
                        request.path.unwrap_or_default(),
                        request.version.unwrap_or_default()
                    );
                    Ok(Some((first, own(request.headers), length)))
                }
            }
        })
        .await
    }

    /// Reads an answer's head of at most `limit` bytes.
    ///
    /// # Errors
    /// See [`NoHead`].
    pub async fn answer(stream: &mut (impl AsyncRead + Unpin), limit: usize) -> Result<Self, NoHead> {
        Self::read(stream, Vec::new(), limit, |bytes| {
            let mut lines = [httparse::EMPTY_HEADER; LINES];
            let mut answer = httparse::Response::new(&mut lines);
            match answer.parse(bytes)? {
                httparse::Status::Partial => Ok(None),
                httparse::Status::Complete(length) => {
                    let first = format!(
                        "HTTP/1.{} {} {}",
                        answer.version.unwrap_or_default(),
                        answer.code.unwrap_or_default(),
                        answer.reason.unwrap_or_default()
                    );
                    Ok(Some((first, own(answer.headers), length)))
                }
            }
        })
        .await
    }

    async fn read(
        stream: &mut (impl AsyncRead + Unpin),
        before: Vec<u8>,
        limit: usize,
        parse: impl Fn(&[u8]) -> Result<Option<(String, Vec<(String, String)>, usize)>, httparse::Error>,
    ) -> Result<Self, NoHead> {
        let mut bytes = before;
        loop {
            match parse(&bytes) {
                Ok(Some((.., length))) if length > limit => return Err(NoHead::TooLong),
                Ok(Some((first, lines, length))) => return Ok(Self { first, lines, rest: bytes.split_off(length) }),
                Ok(None) if bytes.len() > limit => return Err(NoHead::TooLong),
                Ok(None) => {}
                Err(_) => return Err(NoHead::Junk(bytes)),
            }
            if stream.read_buf(&mut bytes).await.map_err(|_: io::Error| NoHead::Ended)? == 0 {
                return Err(NoHead::Ended);
            }
        }
    }

    /// The method of a request.
    pub fn method(&self) -> &str {
        self.first.split(' ').next().unwrap_or_default()
    }

    /// The target of a request, query included.
    pub fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or_default()
    }

    /// The path of a request, without its query.
    pub fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// The status of an answer.
    pub fn status(&self) -> Option<u16> {
        self.first.split(' ').nth(1)?.parse().ok()
    }

    /// The first line of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether one of the comma-separated words of a header is this one.
    pub fn has_word(&self, name: &str, word: &str) -> bool {
        let of =
            |(n, value): &&(String, String)| n.eq_ignore_ascii_case(name) && words(value).any(|w| w.eq_ignore_ascii_case(word));
        self.lines.iter().find(of).is_some()
    }

    /// Whether a request asks for the switch to WebSocket.
    pub fn upgrades(&self) -> bool {
        self.has_word("connection", "upgrade") && self.has_word("upgrade", "websocket")
    }

    /// Takes every line of a name away.
    pub fn remove(&mut self, name: &str) {
        self.lines.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
    }

    /// Puts a line in the place of all others of its name, at the end.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.remove(name);
        self.lines.push((name.to_owned(), value.into()));
    }

    /// The head as bytes for the wire, its empty line included; not what came after.
    pub fn bytes(&self) -> Vec<u8> {
        let lines: String = self.lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{lines}\r\n", self.first).into_bytes()
    }
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}

fn own(headers: &[httparse::Header<'_>]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_owned(), String::from_utf8_lossy(h.value).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn request(mut text: &[u8]) -> Result<Head, NoHead> {
        Head::request(&mut text, Vec::new(), 1_000).await
    }

    #[tokio::test]
    async fn a_head_reads_and_writes_byte_for_byte() {
        let text = b"GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nupGrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\r\n";
        let mut more = text.to_vec();
        more.extend(b"rest");
        let head = request(&more).await.unwrap();
        assert_eq!((head.method(), head.path(), head.rest.as_slice()), ("GET", "/ws", &b"rest"[..]));
        assert!(head.upgrades());
        assert_eq!(head.bytes(), text);
    }

    #[tokio::test]
    async fn junk_length_and_end_are_told_apart() {
        assert!(matches!(request(b"\x16\x03\x01junk").await, Err(NoHead::Junk(bytes)) if bytes.len() == 7));
        assert!(matches!(request(b"GET / HTTP/1.1\r\n").await, Err(NoHead::Ended)));
        let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(2_000));
        assert!(matches!(request(long.as_bytes()).await, Err(NoHead::TooLong)));
        let whole = format!("{long}\r\n\r\n");
        assert!(matches!(request(whole.as_bytes()).await, Err(NoHead::TooLong)), "also when all of it is there");
    }

    #[tokio::test]
    async fn an_answer_reads() {
        let mut text: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00";
        let head = Head::answer(&mut text, 1_000).await.unwrap();
        assert_eq!((head.status(), head.rest.len()), (Some(101), 2));
    }
}
