//! The fault edge: a reverse proxy for tests only, whose mistakes are switches. Without any it is a right one.

mod options;

use std::sync::Arc;

pub use options::{Death, Forwarded, Frames, H2, Line, Options, Upgrade};

use super::front::Front;

/// Serves until it is dropped.
pub async fn serve(options: Options, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    let _ = (options, front, tls);
}
