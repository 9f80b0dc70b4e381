//! The flags of `reference`, and of `reproduce`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::{Look, Telling, word};
use crate::labels;
use crate::reference::certificate::Kind;
use crate::reference::gateway::Auth;
use crate::reference::gateway::release::CURRENT;
use crate::target::DEFAULT_PORT;

/// Flags of `reference`.
#[derive(Debug, Args)]
pub struct Reference {
    /// The port; 0 finds a free one.
    #[arg(long, value_name = "PORT", default_value_t = DEFAULT_PORT)]
    pub port: u16,
    /// Where to listen: an address of this machine, or a Unix socket [default: 127.0.0.1 and ::1].
    #[arg(long, value_name = "ADDRESS|unix:PATH")]
    pub listen: Vec<String>,
    /// What it asks for.
    #[arg(long, value_name = "MODE", default_value = "token", value_parser = word::<Auth>(Auth::ALL))]
    pub auth: Auth,
    /// A file that holds the token or password, or - for standard input; without, one is made up and kept in a file.
    #[arg(long, value_name = "FILE|-")]
    pub token_file: Option<PathBuf>,
    /// Whose forwarded headers it believes [default: 127.0.0.1 and ::1].
    #[arg(long, value_name = "ADDRESS")]
    pub trusted_proxy: Vec<IpAddr>,
    /// Speak TLS and show this certificate.
    #[arg(long, value_name = "KIND", value_parser = word::<Kind>(Kind::ALL))]
    pub tls: Option<Kind>,
    /// Behave as this release of OpenClaw does.
    #[arg(long = "as", value_name = "RELEASE", default_value = CURRENT)]
    pub release: String,
    /// Stand a right edge in front of it, at a free port.
    #[arg(long)]
    pub with_edge: bool,
    /// Stand in for the gateway behind your own edge: print what the edge makes of each kind of request, and whom a gateway
    /// would take the client for.
    #[arg(long)]
    pub behind_edge: bool,
    /// Something broken: a fault's name, or a file of your own.
    #[arg(long, value_name = "NAME|FILE")]
    pub fault: Option<String>,
    /// How to tell where it stands.
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = word::<PlaceFormat>(PlaceFormat::ALL))]
    pub format: PlaceFormat,
}

labels! {
    /// How it is told where a gateway stands.
    pub enum PlaceFormat {
        Human = "human": "For people.",
        Json = "json": "One object on one line, as soon as everything listens.",
    }
}

/// Flags of `reproduce`.
#[derive(Debug, Args)]
pub struct Reproduce {
    /// The code; `clawprobe explain` lists them.
    pub code: String,
    /// Leave the world standing until interrupted, to try things by hand.
    #[arg(long)]
    pub hold: bool,
    /// By which shelf.
    #[command(flatten)]
    pub look: Look,
    /// How to tell.
    #[command(flatten)]
    pub telling: Telling,
}
