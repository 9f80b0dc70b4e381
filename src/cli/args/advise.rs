//! The flags of `advise`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

use super::word;
use crate::advise::ask::{Hop, Listen};
use crate::labels;

/// Flags of `advise`.
#[derive(Debug, Args)]
pub struct Advise {
    /// The product, such as nginx; none lists them all.
    pub product: Option<String>,
    /// The gateway's own address: ws, wss, http or https URL, or unix:PATH.
    #[arg(long, value_name = "URL", help_heading = "The gateway")]
    pub gateway: Option<String>,
    /// The gateway's configuration file.
    #[arg(long, value_name = "FILE", help_heading = "The gateway")]
    pub config: Option<PathBuf>,
    /// The gateway's state directory.
    #[arg(long, value_name = "DIR", help_heading = "The gateway")]
    pub state_dir: Option<PathBuf>,
    /// What the gateway's certificate is held against, as a file of the edge's machine; not checked without.
    #[arg(long, value_name = "FILE", help_heading = "The gateway")]
    pub gateway_ca: Option<String>,
    /// A recording of a run that got in, for the gateway's own cadence and certificate.
    #[arg(long, value_name = "RECORDING", help_heading = "The gateway")]
    pub measured: Option<PathBuf>,
    /// The host name that clients use.
    #[arg(long, value_name = "HOST", help_heading = "The edge")]
    pub name: Option<String>,
    /// Which of several proxies in a row it is.
    #[arg(long, value_name = "HOP", default_value = "outer", value_parser = word::<Hop>(Hop::ALL), help_heading = "The edge")]
    pub hop: Hop,
    /// The address of a proxy in front of an inner one, where it is on another machine.
    #[arg(long, value_name = "ADDRESS", help_heading = "The edge")]
    pub before: Vec<IpAddr>,
    /// Where it listens [default: 443; 127.0.0.1:8080 for an inner one].
    #[arg(long, value_name = "[ADDRESS:]PORT", help_heading = "The edge")]
    pub listen: Option<Listen>,
    /// Its certificate chain, as PEM [default: where the product's users keep it].
    #[arg(long, value_name = "FILE", help_heading = "The edge")]
    pub cert: Option<String>,
    /// The key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "cert", help_heading = "The edge")]
    pub key: Option<String>,
    /// The address from which it reaches the gateway [default: loopback, or this machine's].
    #[arg(long, value_name = "ADDRESS", help_heading = "The edge")]
    pub from: Vec<IpAddr>,
    /// How to tell it.
    #[arg(long, value_name = "FORMAT", default_value = "file", value_parser = word::<AdviceFormat>(AdviceFormat::ALL))]
    pub format: AdviceFormat,
}

labels! {
    /// How advice is told.
    pub enum AdviceFormat {
        File = "file": "The configuration as a file, what belongs around it as comments.",
        Json = "json": "One object with every part.",
    }
}
