//! A bench for tests of one primitive: an ask of one way, and peers on real sockets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Ask, Done, LaneState};
use crate::clock::{self, Deadline};
use crate::facts::{Cell, Facts, Row};
use crate::path::{HERE, Kind, Vantage};
use crate::plan::{Step, fixture};
use crate::secret::{Marker, Redactor};
use crate::target::{Target, Way};

/// One way, its lane and a step.
pub struct Trial {
    pub target: Target,
    pub way: Way,
    pub lane: LaneState,
    pub step: Step,
    /// The probe's own deadline.
    pub own: Duration,
    /// What is left of the run.
    pub run: Duration,
    pub facts: Facts,
}

impl Trial {
    /// A way of a kind, in plain text to a loopback port.
    pub fn new(kind: Kind, port: u16) -> Self {
        let step = Step {
            probe: String::from("trial"),
            primitive: String::from("trial"),
            with: [].into(),
            needs: Vec::new(),
            deadline_ms: 5_000,
            credential: false,
        };
        Self {
            target: fixture::target(Vec::new()),
            way: fixture::way(kind.as_str(), kind, port),
            lane: LaneState::default(),
            step,
            own: Duration::from_secs(5),
            run: Duration::from_secs(60),
            facts: Facts::default(),
        }
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
        let vantage = Vantage::path(HERE, self.way.name.clone());
        let redactor = Redactor::new(Marker::from_text("m"), self.target.secrets.clone());
        let mut ask = Ask {
            step: &self.step,
            target: &self.target,
            way: Some(&self.way),
            vantage: &vantage,
            deadline: Deadline::new(self.own, clock::now() + self.run),
            lane: &mut self.lane,
            redactor: &redactor,
            sockets: Arc::new(tokio::sync::Semaphore::new(4)),
        };
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
