//! Trials of one primitive: a bench that keeps the facts, and peers that tell what they heard.

use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::bench::Bench;
use super::{Ask, Done};
use crate::facts::{Cell, Facts, Row};
use crate::path::{HERE, Kind, Vantage};

/// A bench, its two deadlines and the facts of what was run on it.
pub struct Trial {
    bench: Bench,
    /// The probe's own deadline.
    pub own: Duration,
    /// What is left of the run.
    pub run: Duration,
    pub facts: Facts,
}

impl Deref for Trial {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

impl DerefMut for Trial {
    fn deref_mut(&mut self) -> &mut Bench {
        &mut self.bench
    }
}

impl Trial {
    /// A way of a kind, in plain text to a loopback port that TCP has not dialled yet.
    pub fn new(kind: Kind, port: u16) -> Self {
        let mut bench = Bench::new(kind, SocketAddr::new([127, 0, 0, 1].into(), port));
        bench.lane.peer = None;
        Self { bench, own: Duration::from_secs(5), run: Duration::from_secs(60), facts: Facts::default() }
    }

    /// The same with a parameter of the probe file.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.step.with.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same with another host.
    pub fn host(mut self, host: &str) -> Self {
        self.way.endpoint.host = host.to_owned();
        self
    }

    /// The same with a peer that TCP already found.
    pub fn peer(mut self, peer: SocketAddr) -> Self {
        self.lane.peer = Some(peer);
        self
    }

    /// Runs a primitive and keeps its facts.
    pub async fn run(&mut self, primitive: impl AsyncFnOnce(&mut Ask<'_>) -> Done) -> bool {
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap();
        let mut ask = self.bench.ask_within(ms(self.own), ms(self.run));
        let done = primitive(&mut ask).await;
        done.sheets.into_iter().for_each(|sheet| self.facts.add(sheet));
        done.succeeded
    }

    /// The rows of a table at the path, or at the site for tables of the site.
    pub fn rows(&self, table: &str) -> &[Row] {
        let path = Vantage::path(HERE, self.way.name.clone());
        let site = Vantage::site(HERE);
        [path, site].iter().find_map(|v| self.facts.sheet(table, Some(v))).map(|s| s.rows.as_slice()).unwrap_or_default()
    }

    /// A cell of the row whose key columns have these texts.
    pub fn cell(&self, table: &str, key: &[(&str, &str)], field: &str) -> Cell {
        let same = |row: &&Row| key.iter().all(|(k, v)| row.key(k).is_some_and(|x| x.to_string() == *v));
        let row = self.rows(table).iter().find(same).unwrap_or_else(|| panic!("no row {key:?} in {:?}", self.rows(table)));
        row.cell(field).cloned().unwrap_or_else(|| panic!("no field {field}"))
    }

    /// The text of such a cell; its own words when there is none.
    pub fn text(&self, table: &str, key: &[(&str, &str)], field: &str) -> String {
        self.cell(table, key, field).to_string()
    }
}

/// A peer that does `work` on every connection.
pub async fn peer<F: Future<Output = ()> + Send + 'static>(work: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(work(stream));
        }
    });
    address
}

/// A peer that reads a request's head and answers with these bytes, then closes. What it read goes to `heard`.
pub async fn answering(bytes: impl Into<Vec<u8>>) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let (tell, heard) = tokio::sync::mpsc::unbounded_channel();
    let bytes: Arc<Vec<u8>> = Arc::new(bytes.into());
    let address = peer(move |mut stream| {
        let (tell, bytes) = (tell.clone(), bytes.clone());
        async move {
            let _ = tell.send(head(&mut stream).await);
            let _ = stream.write_all(&bytes).await;
        }
    });
    (address.await, heard)
}

/// Reads until the empty line.
pub async fn head(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => text.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// A whole answer with a length.
pub fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}
