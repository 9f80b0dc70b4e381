//! The command line as a contract: every command and flag, once.

mod advise;
mod reference;
mod self_test;
mod target;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

pub use self::advise::{AdviceFormat, Advise};
pub use self::reference::{PlaceFormat, Reference, Reproduce};
pub use self::self_test::{SelfTest, SelfTestFormat};
pub use self::target::{Target, World};
use super::style::ExitStyle;
use crate::code::Severity;
use crate::labels::Label;
use crate::record::Share;
use crate::report::Format;
use crate::settings::{self, Color};

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
}
