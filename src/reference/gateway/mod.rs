//! The reference gateway: what a client, a probe or an edge sees of an OpenClaw Gateway, and nothing behind it.
//!
//! [`http`] speaks HTTP until an upgrade, with [`route`]'s answers written by [`reply`]; [`upgrade`] is the way to WebSocket,
//! [`session`] what follows it: [`connect`] decides who is let in ([`schema`], [`limiter`], [`device`], [`origin`], [`refused`]),
//! [`hello`] greets, [`methods`] answer. [`client`] tells who asks, [`contract`] what the edge in front makes of that, [`release`] what older releases do differently, [`seen`] counts it all.
//!
//! Not played: the limiter of its own that a browser's origin gets, the limit of 15 frames while a connect is decided, presence
//! of clients, the sockets of workers and desktops, and every method that [`methods`] does not list.

mod body;
mod client;
mod connect;
pub mod contract;
mod device;
mod framewise;
mod health;
mod hello;
mod http;
mod limiter;
mod methods;
mod options;
mod origin;
mod refused;
pub mod release;
mod reply;
mod route;
mod schema;
pub mod seen;
mod session;
mod upgrade;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout};

use contract::{Arrival, Watch};
pub use methods::names as methods;
pub use options::{Auth, Options, Phase};
use release::Release;
use seen::{Count, Seen};

use super::front::Front;
use super::wire::{Wire, finish};
use crate::clock::{self, Instant};
use crate::complaint::Complaint;

/// How long the gateway waits for a client's part of an end. Measured: 1.0 s.
const LINGER: Duration = Duration::from_secs(1);
/// Time between two `health` events, and the least age of the last one at which a connect makes for another. Measured.
const HEALTH_MS: i64 = 60_000;
/// How long the port stays open after the gateway was told to end. Measured: about 60 ms.
const LAST_CALLS: Duration = Duration::from_millis(60);
/// Events that a slow session may fall behind before it misses some.
const BACKLOG: usize = 16;

/// A gateway that stands.
#[derive(Debug)]
pub struct Gateway {
    options: Options,
    release: &'static Release,
    /// One per start.
    boot: String,
    /// One per installation.
    instance: String,
    /// The scope that its operators' state is recovered by.
    recovery: String,
    since: Instant,
    devices: device::Devices,
    count: Count,
    heard: OnceLock<Watch>,
    limiter: limiter::Limiter,
    seats: Arc<limiter::Seats>,
    events: broadcast::Sender<Event>,
    ended: watch::Sender<bool>,
    told_health: AtomicI64,
    healths: AtomicU64,
    port: AtomicU16,
}

/// What every authenticated client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Tick,
    Health,
    Shutdown,
}

impl Gateway {
    /// Tells of every arrival from now on: what the edge in front makes of its clients' requests.
    pub fn watch(&self) -> mpsc::Receiver<Arrival> {
        let (watch, hear) = Watch::new();
        // Whoever asks first hears all; a second one would hear nothing.
        let _ = self.heard.set(watch);
        hear
    }

    /// Tells of an arrival, if anybody listens.
    fn arrives(&self, arrival: impl FnOnce(&[IpAddr]) -> Arrival) {
        if let Some(watch) = self.heard.get() {
            watch.tell(arrival(&self.options.trusted_proxies));
        }
    }

    /// A gateway that serves nobody yet.
    ///
    /// # Errors
    /// A complaint about a release that it cannot behave as.
    pub fn new(options: Options) -> Result<Arc<Self>, Complaint> {
        let release = release::named(&options.release)?;
        let rules = limiter::Rules { locked_out: options.locked_out, locks_out: release.locks_out, delays: release.since_8_1 };
        Ok(Arc::new(Self {
            release,
            boot: uuid(),
            instance: uuid(),
            recovery: token(),
            since: clock::now(),
            devices: device::Devices::default(),
            count: Count::default(),
            heard: OnceLock::new(),
            limiter: limiter::Limiter::new(rules),
            seats: limiter::Seats::new(options.sockets_taken),
            events: broadcast::Sender::new(BACKLOG),
            ended: watch::Sender::new(false),
            told_health: AtomicI64::new(0),
            healths: AtomicU64::new(1),
            port: AtomicU16::new(0),
            options,
        }))
    }

    /// Serves until it is dropped, or told to end and done with it.
    pub async fn serve(self: Arc<Self>, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
        self.port.store(front.port, Ordering::Relaxed);
        let mut clients = JoinSet::new();
        tokio::select! {
            () = self.accept(&front, tls, &mut clients) => {}
            () = self.beat() => {}
            () = self.last_call() => {}
            // The system closes what it had open, listening or not.
            () = self.kill() => return,
        }
        drop(front);
        // Whoever does not end by itself is cut off.
        let _ = timeout(2 * LINGER, async { while clients.join_next().await.is_some() {} }).await;
    }

    async fn kill(&self) {
        match self.options.killed_after_ms {
            0 => std::future::pending().await,
            ms => tokio::time::sleep(Duration::from_millis(ms)).await,
        }
    }

    async fn accept(self: &Arc<Self>, front: &Front, tls: Option<Arc<rustls::ServerConfig>>, clients: &mut JoinSet<()>) {
        loop {
            tokio::select! {
                wire = front.accept() => match wire {
                    Ok(wire) => drop(clients.spawn(Arc::clone(self).welcome(wire, tls.clone()))),
                    // No descriptor is free: another connection must end first.
                    Err(_) => tokio::time::sleep(LAST_CALLS).await,
                },
                Some(_) = clients.join_next() => {}
            }
        }
    }

    /// Ticks, all clients on one phase.
    async fn beat(&self) {
        if self.options.tick_ms == 0 {
            return std::future::pending().await;
        }
        let every = Duration::from_millis(self.options.tick_ms);
        let mut tick = interval_at(clock::now() + every, every);
        loop {
            tick.tick().await;
            let _ = self.events.send(Event::Tick);
            self.refresh_health();
        }
    }

    async fn welcome(self: Arc<Self>, wire: Wire, tls: Option<Arc<rustls::ServerConfig>>) {
        let _open = Open::new(&self);
        let wire = match tls {
            Some(config) => Box::pin(secure(wire, config)).await,
            None => Some(wire),
        };
        let Some(wire) = wire else { return };
        let Some((wire, early, waiting)) = Box::pin(self.before_upgrade(wire)).await else { return };
        session::run(self, wire, early, waiting).await;
    }

    async fn before_upgrade(self: &Arc<Self>, wire: Wire) -> Option<(Wire, Vec<u8>, upgrade::Waiting)> {
        let (wire, head) = http::converse(self, wire).await?;
        let (wire, waiting) = upgrade::switch(self, wire, &head).await?;
        Some((wire, head.rest, waiting))
    }

    /// Ends as on SIGTERM: probes say so, clients are told and closed with 1012, and the port is given up.
    pub fn drain(&self) {
        self.ended.send_replace(true);
        let _ = self.events.send(Event::Shutdown);
    }

    /// Waits until it was told to end, and a moment longer.
    async fn last_call(&self) {
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
        tokio::time::sleep(LAST_CALLS).await;
    }

    /// What it saw so far.
    pub fn seen(&self) -> Seen {
        self.count.lock().clone()
    }

    /// How far it has come by now.
    fn phase(&self) -> Phase {
        if *self.ended.borrow() {
            return Phase::Draining;
        }
        let starting = self.uptime_ms() < self.options.starts_for_ms;
        if starting { Phase::Starting } else { self.options.phase }
    }

    fn uptime_ms(&self) -> u64 {
        let stood = u64::try_from(clock::now().duration_since(self.since).as_millis()).unwrap_or(u64::MAX);
        stood.saturating_add(self.options.up_for_ms)
    }

    /// How long it waits for a connect.
    fn patience(&self) -> Duration {
        match self.options.handshake_ms {
            0 => self.release.patience,
            ms => Duration::from_millis(ms),
        }
    }

    fn build_id(&self) -> String {
        format!("{}-release-reference", self.release.name)
    }

    fn health_version(&self) -> u64 {
        self.healths.load(Ordering::Relaxed)
    }

    /// The hash of the active configuration.
    fn config_hash(&self) -> String {
        use sha2::{Digest, Sha256};
        let known = format!("{}{:?}", self.options.auth, self.options.trusted_proxies);
        format!("hmac-sha256:v1:{}", data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(known)))
    }

    /// Tells everybody how it is, unless that was done within the last minute.
    fn refresh_health(&self) {
        let now = clock::wall_ms();
        let due = |last: i64| (now - last >= HEALTH_MS).then_some(now);
        if self.told_health.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok() {
            self.healths.fetch_add(1, Ordering::Relaxed);
            let _ = self.events.send(Event::Health);
        }
    }

    fn event(&self, event: Event, seq: u64) -> Value {
        let (name, payload) = match event {
            Event::Tick => ("tick", json!({"ts": clock::wall_ms()})),
            Event::Health => ("health", health::last(self)),
            Event::Shutdown => ("shutdown", json!({"reason": "gateway stopping"})),
        };
        let mut frame = json!({"type": "event", "event": name, "payload": payload, "seq": seq});
        if event == Event::Health {
            frame["stateVersion"] = json!({"presence": 1, "health": self.health_version()});
        }
        frame
    }
}

/// Answers a TLS handshake. Plain text is ended without a byte.
async fn secure(wire: Wire, config: Arc<rustls::ServerConfig>) -> Option<Wire> {
    /// The type of a TLS record that holds a handshake (RFC 8446, 5.1).
    const HANDSHAKE: u8 = 22;
    if wire.first_byte().await != Some(HANDSHAKE) {
        finish(wire, LINGER).await;
        return None;
    }
    wire.secure(config).await.ok()
}

/// A connection, counted for as long as it is open.
struct Open(Arc<Gateway>);

impl Open {
    fn new(gateway: &Arc<Gateway>) -> Self {
        let mut seen = gateway.count.lock();
        seen.connections += 1;
        seen.open += 1;
        Self(Arc::clone(gateway))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.count.lock().open -= 1;
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // Without entropy the values are the same for everybody; nothing here rests on their being secret.
    let _ = getrandom::fill(&mut bytes);
    bytes
}

/// A version 4 UUID (RFC 9562, 5.4).
fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = data_encoding::HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// 43 digits, as the gateway's own tokens have.
fn token() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&random::<32>())
}
