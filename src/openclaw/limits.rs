//! Limits the gateway sets, and those we set ourselves towards it.

use std::time::Duration;

/// How long a socket may stay open before hello-ok. Then the gateway closes it with code 1000 and an empty reason.
///
/// Source: `DEFAULT_PREAUTH_HANDSHAKE_TIMEOUT_MS`, `docs/gateway/protocol/versioning.md`; measured 15.0 s. The variable
/// `OPENCLAW_HANDSHAKE_TIMEOUT_MS` sets another.
pub const PRE_AUTH: Duration = Duration::from_secs(15);

/// The same of older releases: before 2026.4.29, and of 2026.3.13. Measured.
pub const OLD_PRE_AUTH: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(3)];

/// How many sockets one client address may hold open before hello-ok; the next upgrade is answered with 503.
///
/// Source: `DEFAULT_MAX_PREAUTH_CONNECTIONS_PER_IP`; measured at the 33rd socket. Behind an edge that sets no forwarded header
/// all clients share one address.
pub const PRE_AUTH_SOCKETS: usize = 32;

/// The oldest protocol a probe offers. Source: `MIN_PROBE_PROTOCOL_VERSION`; releases up to 2026.5.7 speak only 3.
pub const OLDEST_PROTOCOL: u16 = 3;

/// The newest protocol a probe offers. Source: `PROTOCOL_VERSION`; spoken from 2026.5.12 on.
pub const NEWEST_PROTOCOL: u16 = 4;

/// Time between two WebSocket pings on an authenticated connection. Measured; releases before 2026.5.7 send none.
pub const PING: Duration = Duration::from_secs(25);

/// Time between two `tick` events. Source: `TICK_INTERVAL_MS`; one example of the documentation says 15 s, the wire says 30 s.
pub const TICK: Duration = Duration::from_secs(30);

/// Time between two pings of the product's clients: they send none. The clients of 2026.9.6 (`GatewayClient` of the command line
/// and of nodes, the Control UI, whose browser has no way to send one) only answer the gateway's, read off their sources.
pub const CLIENT_PING: Option<Duration> = None;

/// After how many `tick` intervals without a frame from the gateway those clients end a connection, with 4000 `tick timeout`.
///
/// Source: `startTickWatch` of `GatewayClient` and of the Control UI, 2026.9.6. Both look once in each interval, so that the end
/// comes between two and three of them.
pub const CLIENT_TICKS: u32 = 2;

/// The longest the gateway delays its answer to a wrong secret from a loopback address.
///
/// Such a client is never locked out; instead the delay grows from 250 ms with each failure and is shared by all of them. The
/// `connect` probe's deadline is longer, or it would take this for silence.
pub const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// The largest message we take from a peer, in bytes.
///
/// The hello of a fresh 2026.9.6 is about 40 KiB; it grows with agents, sessions and channels, and the gateway itself would send
/// up to 25 MiB (`policy.maxPayload`).
pub const LARGEST_MESSAGE: usize = 4 << 20;
