//! The command line as a contract: every command and flag, once.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use super::style::ExitStyle;
use crate::advise::ask::{Hop, Listen};
use crate::code::Severity;
use crate::labels;
use crate::labels::Label;
use crate::record::Share;
use crate::reference::certificate::Kind;
use crate::reference::gateway::Auth;
use crate::reference::gateway::release::CURRENT;
use crate::report::Format;
use crate::settings::{self, Color};
use crate::target::DEFAULT_PORT;

/// Tells, within a minute and with proof, which layer broke when remote access to an OpenClaw Gateway fails.
#[derive(Debug, Parser)]
#[command(name = "clawprobe", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 healthy, 1 symptoms, 2 wrong usage, 3 something required was not measured, \
                        70 a defect of clawprobe, 130 interrupted.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask the gateway by every path within 60 s and tell which layer broke.
    Preflight(Box<RunFlags>),
    /// Run a matrix by its name; `preflight` is `run preflight`.
    Run {
        /// The matrix; `clawprobe matrix list` names them.
        matrix: String,
        /// How.
        #[command(flatten)]
        run: Box<RunFlags>,
    },
    /// Judge a recording anew and exit by the verdict.
    Judge(Replay),
    /// Judge a recording anew and exit 0 once the report is written.
    Report(Replay),
    /// Show that every row fires under its fault, and nothing else does: every fault, every right world, every hostile peer.
    SelfTest(SelfTest),
    /// Make the trouble behind a code in a world of our own, and show what a run then says and what to try by hand.
    Reproduce(Reproduce),
    /// Stand a gateway of our own at a port, until interrupted: to try an edge, a client or clawprobe itself against.
    Reference(Box<Reference>),
    /// Explain a code, or find codes by words or by an error text.
    Explain {
        /// A code, or any words; none lists every code.
        words: Vec<String>,
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
    /// Print a configuration that is right for this gateway: of a proxy, a tunnel, Serve or Funnel in front of it.
    Advise(Box<Advise>),
    /// The dictionary of facts.
    Facts {
        /// A table; none lists them all.
        table: Option<String>,
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
    /// Matrices and rows: what is there, what a site changed, and whether files of one's own are right.
    #[command(subcommand)]
    Matrix(Matrix),
    /// The probes: named uses of primitives.
    Probes {
        /// A probe; none lists them all.
        id: Option<String>,
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
}

/// The commands of `matrix`.
#[derive(Debug, Subcommand)]
pub enum Matrix {
    /// List the matrices that `run` knows.
    List {
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
    /// Show a matrix, or every field of a row.
    Show {
        /// A matrix or a code.
        what: String,
        /// Beside each field the file that set it.
        #[arg(long)]
        origin: bool,
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
    /// Print a symptom file to begin with; it is complete and lints.
    New {
        /// The code, such as X-EDGE-01.
        code: String,
    },
    /// Check files of one's own: symptoms, overlays, matrices, probes; evidence included.
    Lint {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Show what overlays change, field by field.
    Diff {
        /// By which shelf.
        #[command(flatten)]
        look: Look,
    },
}

/// Flags of a run.
#[derive(Debug, Args)]
pub struct RunFlags {
    /// What to ask.
    #[command(flatten)]
    pub target: Target,
    /// What to ask instead.
    #[command(flatten)]
    pub world: World,
    /// The whole run's time, such as 60s; the matrix says how much unless this does.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "The run")]
    pub budget: Option<String>,
    /// Print what would be asked, and how long it can take at worst; ask nothing.
    #[arg(long, help_heading = "The run")]
    pub plan: bool,
    /// Keep the recording, redacted, for `judge` and `report`.
    #[arg(long, value_name = "FILE", help_heading = "The report")]
    pub save: Option<PathBuf>,
    /// How to judge.
    #[command(flatten)]
    pub judging: Judging,
    /// How to tell.
    #[command(flatten)]
    pub telling: Telling,
}

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
    /// A recording of a run that got in, for the gateway's own cadence.
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

/// Flags of `self-test`.
#[derive(Debug, Args)]
pub struct SelfTest {
    /// Print the confusion matrix too: which fault makes which codes fire.
    #[arg(long)]
    pub confusion: bool,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = word::<SelfTestFormat>(SelfTestFormat::ALL))]
    pub format: SelfTestFormat,
    /// No progress on standard error.
    #[arg(long)]
    pub quiet: bool,
}

labels! {
    /// How a self-test is told.
    pub enum SelfTestFormat {
        Human = "human": "For people: a line per place, everything that is not as declared, then the sum.",
        Json = "json": "One object.",
    }
}

/// Flags of `judge` and `report`.
#[derive(Debug, Args)]
pub struct Replay {
    /// A file that `--save` or `--format ndjson` wrote.
    pub recording: PathBuf,
    /// How to judge.
    #[command(flatten)]
    pub judging: Judging,
    /// How to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Flags of the commands that only look something up.
#[derive(Debug, Args)]
pub struct Look {
    /// Rows and weights of your own.
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Built-in rows only, whatever lies about.
    #[arg(long)]
    pub no_overlay: bool,
}

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
    /// The certificate to expect, whoever signed it.
    #[arg(long, value_name = "sha256:HEX")]
    pub pin: Option<String>,
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

/// Which rows count, and how much.
#[derive(Debug, Args)]
#[command(next_help_heading = "The judgement")]
pub struct Judging {
    /// Judge only these codes, families or layers, separated by commas.
    #[arg(long, value_name = "CODES|FAMILIES|LAYERS")]
    pub only: Vec<String>,
    /// Leave these codes, families or layers out, separated by commas.
    #[arg(long, value_name = "CODES|FAMILIES|LAYERS")]
    pub skip: Vec<String>,
    /// The weight from which a finding is a failure [default: warning, or the recording's].
    #[arg(long, value_name = "WEIGHT", value_parser = word::<Severity>(Severity::ALL))]
    pub fail_on: Option<Severity>,
    /// What may be shown [default: team, or the recording's].
    #[arg(long, value_name = "WITH", value_parser = word::<Share>(Share::ALL))]
    pub share: Option<Share>,
    /// Rows and weights of your own.
    #[arg(long, value_name = "FILE")]
    pub overlay: Vec<PathBuf>,
    /// Built-in rows only, whatever lies about.
    #[arg(long)]
    pub no_overlay: bool,
}

/// Where and how to tell the verdict.
#[derive(Debug, Args)]
#[command(next_help_heading = "The report")]
pub struct Telling {
    /// The report's format.
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = word::<Format>(Format::ALL))]
    pub format: Format,
    /// Write the report to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write another report as well.
    #[arg(long, value_name = "FORMAT=FILE")]
    pub also: Vec<String>,
    /// The numbers to exit with.
    #[arg(long, value_name = "STYLE", default_value = "plain", value_parser = word::<ExitStyle>(ExitStyle::ALL))]
    pub exit_style: ExitStyle,
    /// When to use colours [default: auto].
    #[arg(long, value_name = "WHEN", value_parser = word::<Color>(Color::ALL))]
    pub color: Option<Color>,
    /// No progress and no notes on standard error.
    #[arg(long)]
    pub quiet: bool,
}

/// A value parser for the words of a closed set.
pub fn word<T>(labels: &'static [Label]) -> impl TypedValueParser<Value = T>
where
    T: std::str::FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(labels.iter().map(|l| PossibleValue::new(l.name).help(l.doc))).try_map(|w| w.parse::<T>())
}

impl RunFlags {
    /// What the settings are made of.
    pub fn settings(&self) -> settings::Flags {
        let t = &self.target;
        settings::Flags {
            gateway: t.gateway.clone(),
            edge: t.edge.clone(),
            tailnet: t.tailnet.clone(),
            tunnel: t.tunnel.clone(),
            public: t.public.clone(),
            config: t.config.clone(),
            state_dir: t.state_dir.clone(),
            token_file: t.token_file.clone(),
            password_file: t.password_file.clone(),
            health_path: t.health_path.clone(),
            resolver: t.resolver.clone(),
            ca: t.ca.clone(),
            pin: t.pin.clone(),
            header_file: t.header_file.clone(),
            client_cert: t.client_cert.clone(),
            client_key: t.client_key.clone(),
            overlay: self.judging.overlay.clone(),
            no_overlay: self.judging.no_overlay,
            color: self.telling.color,
            ..settings::Flags::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_that_says_what_to_ask_is_known_to_the_reference_world() {
        let command = super::Cli::command();
        let preflight = command.find_subcommand("preflight").unwrap();
        let group = preflight.get_groups().find(|group| group.get_id() == "Target").unwrap();
        let ids: Vec<&str> = group.get_args().map(clap::Id::as_str).collect();
        assert_eq!(ids, super::TARGET);
    }
}
