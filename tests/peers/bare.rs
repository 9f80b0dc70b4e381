//! A socket with nothing of clawprobe in it, which waits at an edge beside a run: after how much silence was its connection ended?

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest it waits: longer than any timer that is drawn, and no longer than a run of `hold` takes.
const LONGEST: Duration = Duration::from_secs(60);

/// One that waits.
pub struct Bare(JoinHandle<Result<Duration, String>>);

impl Bare {
    /// Asks for an upgrade at an address, and listens from then on.
    pub fn wait_at(address: &str) -> Self {
        let address = address.to_owned();
        Self(std::thread::spawn(move || wait(&address).map_err(|e| format!("a bare socket at {address}: {e}"))))
    }

    /// The time from the last byte to the end.
    pub fn silence(self) -> Result<Duration, String> {
        self.0.join().map_err(|_| String::from("the bare socket's thread fell"))?
    }
}

fn wait(address: &str) -> std::io::Result<Duration> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(LONGEST))?;
    let head = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    let (mut last, mut heard, mut buffer) = (Instant::now(), Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                last = Instant::now();
                heard.extend_from_slice(&buffer[..count]);
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => return Err(error),
        }
    }
    let silence = last.elapsed();
    if heard.starts_with(b"HTTP/1.1 101") { Ok(silence) } else { Err(std::io::Error::other("it was not switched")) }
}
