//! The only reader of the environment and of configuration files.
//!
//! [`load`] turns what clap parsed ([`Flags`]) into a [`Target`]. Precedence is that of the gateway's own client: flags, then
//! the environment, then `openclaw.json`, then `127.0.0.1:18789`. The last three are asked only when no flag names a path:
//! `--edge` alone plans the edge alone.

pub mod config;
pub mod credential;
pub mod endpoint;
pub mod env;
pub mod expand;
pub mod files;
pub mod given;
pub mod headers;
pub mod json5;
pub mod overlays;
pub mod proxies;
pub mod resolvers;
pub mod sources;
pub mod terminal;
pub mod tls;
pub mod vault;
pub mod ways;

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use crate::complaint::Complaint;
use crate::target::{self, Target};
use config::Config;
use credential::Whom;
use vault::Vault;

pub use env::Env;
pub use terminal::{Color, Terminal};

/// The flags that say what to ask and how, as typed.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--gateway URL`
    pub gateway: Option<String>,
    /// `--edge [NAME=]URL`
    pub edge: Vec<String>,
    /// `--tailnet [NAME=]HOST[:PORT]`
    pub tailnet: Vec<String>,
    /// `--tunnel [NAME=]URL`
    pub tunnel: Vec<String>,
    /// `--public [NAME=]URL`
    pub public: Vec<String>,
    /// `--config FILE`
    pub config: Option<PathBuf>,
    /// `--state-dir DIR`
    pub state_dir: Option<PathBuf>,
    /// `--token-file FILE|-`
    pub token_file: Option<PathBuf>,
    /// `--password-file FILE|-`
    pub password_file: Option<PathBuf>,
    /// `--health-path PATH`
    pub health_path: Option<String>,
    /// `--resolver NAME=IP[:PORT]`
    pub resolver: Vec<String>,
    /// `--localapi SOCKET`
    pub localapi: Option<PathBuf>,
    /// `--ca FILE`
    pub ca: Option<PathBuf>,
    /// `--pin [PATH=]sha256:HEX`
    pub pin: Vec<String>,
    /// `--header-file FILE`
    pub header_file: Option<PathBuf>,
    /// `--client-cert FILE`
    pub client_cert: Option<PathBuf>,
    /// `--client-key FILE`
    pub client_key: Option<PathBuf>,
    /// `--overlay FILE`
    pub overlay: Vec<PathBuf>,
    /// `--no-overlay`
    pub no_overlay: bool,
    /// `--color WHEN`
    pub color: Option<Color>,
}

/// Everything a command needs to know before it plans.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What to ask and how.
    pub target: Target,
    /// Overlays as (file name, text), weakest first.
    pub overlays: Vec<(String, String)>,
    /// The socket of tailscaled's LocalAPI, if named.
    pub localapi: Option<PathBuf>,
    /// How to write to the terminal.
    pub terminal: Terminal,
}

/// What a command needs that asks nobody: how to judge and how to write.
#[derive(Debug, Clone)]
pub struct Own {
    /// Overlays as (file name, text), weakest first.
    pub overlays: Vec<(String, String)>,
    /// How to write to the terminal.
    pub terminal: Terminal,
}

/// What [`load`] reads beside the flags, as a value.
pub struct World {
    /// The environment.
    pub env: Env,
    /// Standard input.
    pub stdin: Box<dyn Read>,
    /// Where overlays are looked for, weakest first.
    pub overlays: Vec<PathBuf>,
    /// Whether standard output is a terminal.
    pub interactive: bool,
}

/// Reads flags, environment and files.
///
/// # Errors
/// A complaint about anything the user named that cannot be used; nothing was asked or written by then.
pub fn load(flags: &Flags) -> Result<Settings, Complaint> {
    World::of_process().load(flags)
}

/// Reads only what clawprobe itself is set up by; of the flags, those for overlays and colour count.
///
/// # Errors
/// A complaint about an overlay that cannot be used.
pub fn own(flags: &Flags) -> Result<Own, Complaint> {
    World::of_process().own(flags)
}

impl World {
    /// What surrounds this process.
    pub fn of_process() -> Self {
        let env = Env::of_process();
        let overlays = overlays::directories(&env);
        Self { env, stdin: Box::new(std::io::stdin()), overlays, interactive: std::io::stdout().is_terminal() }
    }

    /// See [`own`].
    ///
    /// # Errors
    /// A complaint about an overlay that cannot be used.
    pub fn own(&self, flags: &Flags) -> Result<Own, Complaint> {
        let terminal = Terminal::of(flags.color, &self.env, self.interactive);
        Ok(Own { overlays: overlays::read(flags, &self.overlays)?, terminal })
    }

    /// See [`load`].
    ///
    /// # Errors
    /// A complaint about anything the user named that cannot be used.
    pub fn load(&mut self, flags: &Flags) -> Result<Settings, Complaint> {
        credential::one_from_stdin(flags)?;
        let mut vault = Vault::default();
        let Own { overlays, terminal } = self.own(flags)?;
        let config = config::load(flags, &self.env)?;
        let target = self.target(flags, &config, &mut vault)?;
        if let Some(socket) = flags.localapi.as_deref().filter(|s| !s.exists()) {
            return Err(files::complaint("--localapi", socket, &files::Unusable::Missing));
        }
        Ok(Settings { target, overlays, localapi: flags.localapi.clone(), terminal })
    }

    fn target(&mut self, flags: &Flags, config: &Config, vault: &mut Vault) -> Result<Target, Complaint> {
        vault.keep_environment(&self.env);
        vault.keep_document(&config.content);
        ways::port_variable(&self.env)?;
        let ways = ways::all(flags, &self.env, config)?;
        for query in ways.iter().filter_map(|w| w.endpoint.query.as_ref()) {
            vault.keep_url(&format!("ws://gateway/?{}", query.reveal()));
        }
        let candidates = credential::candidates(flags, &self.env, config, &mut *self.stdin, vault)?;
        let whom = ways::whom(&ways, &self.env, config);
        let mode = config.file.auth_mode.as_deref().filter(|_| whom != Whom::Named);
        let tls = tls::read(flags, config, &ways, vault)?;
        let headers = flags.header_file.as_deref().map(|path| headers::read(path, vault)).transpose()?;
        Ok(Target {
            credential: credential::choose(&candidates, whom, mode),
            settings: sources::collect(flags, &self.env, config, &candidates),
            config: config.file.clone(),
            proxies: proxies::read(&self.env, vault),
            health_path: resolvers::health_path(flags.health_path.as_deref())?,
            resolvers: resolvers::read(&flags.resolver)?,
            tls,
            headers: headers.unwrap_or_default(),
            secrets: std::mem::take(vault).into_secrets(),
            world: target::World::default(),
            ways,
        })
    }
}
