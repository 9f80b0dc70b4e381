//! The fault edge: a reverse proxy for tests only, whose mistakes are switches. Without any it is a right one.
//!
//! [`visit`] takes one connection from its client, [`forward`] rewrites a request for the gateway, [`upstream`] dials, [`relay`]
//! hands bytes both ways.

mod forward;
mod leg;
mod options;
mod relay;
mod upstream;
mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use options::{Counts, Death, Forwarded, Frames, H2, Line, Options, Upgrade};
use tokio::task::JoinSet;

use super::front::Front;

/// How long it waits when the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(20);

/// An edge that stands.
struct Edge {
    options: Options,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// Serves until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    let edge = Arc::new(Edge { options, tls });
    let mut visits = JoinSet::new();
    loop {
        tokio::select! {
            wire = front.accept() => match wire {
                Ok(wire) => drop(visits.spawn(visit::visit(Arc::clone(&edge), wire))),
                Err(_) => tokio::time::sleep(NO_ROOM).await,
            },
            Some(_) = visits.join_next() => {}
        }
    }
}
