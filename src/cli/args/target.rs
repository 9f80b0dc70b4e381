//! What to ask: a real gateway and the ways to it, or a world of our own.

use std::path::PathBuf;

use clap::Args;

/// What to ask, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "What to ask")]
pub struct Target {
    /// The gateway itself: ws, wss, http or https URL, or unix:PATH.
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
    /// A reverse proxy or another edge in front of it.
    #[arg(long, value_name = "[NAME=]URL")]
    pub edge: Vec<String>,
    /// Its address inside the tailnet.
    #[arg(long, value_name = "[NAME=]HOST[:PORT]")]
    pub tailnet: Vec<String>,
    /// The local end of a tunnel to it.
    #[arg(long, value_name = "[NAME=]URL")]
    pub tunnel: Vec<String>,
    /// Its public address.
    #[arg(long, value_name = "[NAME=]URL")]
    pub public: Vec<String>,
    /// The gateway's configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The gateway's state directory.
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
    /// A file that holds the gateway's token, or - for standard input.
    #[arg(long, value_name = "FILE|-")]
    pub token_file: Option<PathBuf>,
    /// A file that holds the gateway's password, or - for standard input.
    #[arg(long, value_name = "FILE|-")]
    pub password_file: Option<PathBuf>,
    /// The health route, where it is not /health below the path of an edge's URL.
    #[arg(long, value_name = "PATH")]
    pub health_path: Option<String>,
    /// Another resolver to ask, beside the system's.
    #[arg(long, value_name = "NAME=IP[:PORT]")]
    pub resolver: Vec<String>,
    /// Roots to trust beside the system's, as PEM.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The one certificate to take, whoever signed it: on every path, or on the one of this name (gateway: that of --gateway).
    #[arg(long, value_name = "[PATH=]sha256:HEX")]
    pub pin: Vec<String>,
    /// Headers the edge's own login asks for, one a line; sent to edges only.
    #[arg(long, value_name = "FILE")]
    pub header_file: Option<PathBuf>,
    /// Certificate chain to show to the edge, as PEM.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    pub client_cert: Option<PathBuf>,
    /// Key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub client_key: Option<PathBuf>,
}

/// Every flag of [`Target`], by name: of a whole group clap would not tell which of them stood there.
const TARGET: [&str; 16] = [
    "gateway",
    "edge",
    "tailnet",
    "tunnel",
    "public",
    "config",
    "state_dir",
    "token_file",
    "password_file",
    "health_path",
    "resolver",
    "ca",
    "pin",
    "header_file",
    "client_cert",
    "client_key",
];

/// A world of our own to ask instead of a real gateway.
#[derive(Debug, Args)]
#[command(next_help_heading = "Without a gateway")]
pub struct World {
    /// Ask the embedded reference gateway, directly and through a right edge; nothing leaves this machine.
    #[arg(long, conflicts_with_all = TARGET)]
    pub reference: bool,
    /// Something broken in that world: a fault's name, or a file of your own.
    #[arg(long, value_name = "NAME|FILE", requires = "reference")]
    pub fault: Option<String>,
    /// Play a fault file as a test: exit 0 if what it expects came out, 1 with the differences on standard error.
    #[arg(long, value_name = "FILE", conflicts_with_all = TARGET, conflicts_with_all = ["reference", "fault"])]
    pub scenario: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn every_flag_that_says_what_to_ask_is_known_to_the_reference_world() {
        let command = crate::cli::args::Cli::command();
        let preflight = command.find_subcommand("preflight").unwrap();
        let group = preflight.get_groups().find(|group| group.get_id() == "Target").unwrap();
        let ids: Vec<&str> = group.get_args().map(clap::Id::as_str).collect();
        assert_eq!(ids, super::TARGET);
    }
}
