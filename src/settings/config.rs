//! Where the gateway's configuration file is, and what it says.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::env::Env;
use super::files::{self, Unusable};
use super::{Flags, expand, json5};
use crate::complaint::Complaint;
use crate::facts::tables::site::{ConfigState, Source};
use crate::target::{ConfigFile, DEFAULT_PORT};

/// The configuration: what is reported of it, and its whole content.
#[derive(Debug, Clone)]
pub struct Config {
    /// What is reported.
    pub file: ConfigFile,
    /// The content, with includes and variables resolved; null unless found.
    pub content: Value,
    /// `gateway.port`, if given and a port.
    pub port: Option<u16>,
}

impl Config {
    /// The value at a dotted place such as `gateway.auth.mode`.
    pub fn at(&self, place: &str) -> Option<&Value> {
        place.split('.').try_fold(&self.content, |value, key| value.get(key))
    }

    /// The text at a dotted place, unless blank.
    pub fn text(&self, place: &str) -> Option<&str> {
        self.at(place)?.as_str().map(str::trim).filter(|t| !t.is_empty())
    }

    /// The texts of a list at a dotted place, blank ones left out.
    pub fn texts(&self, place: &str) -> Vec<String> {
        let all = self.at(place).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        all.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
    }

    /// Whether the file says that the gateway is on another machine.
    pub fn is_remote(&self) -> bool {
        self.file.mode.as_deref() == Some("remote")
    }
}

/// Finds and reads the file.
///
/// # Errors
/// A complaint when the user named a file or directory that cannot be used; a file found by search is reported instead.
pub fn load(flags: &Flags, env: &Env) -> Result<Config, Complaint> {
    if let Some(dir) = flags.state_dir.as_deref().filter(|d| !d.is_dir()) {
        let why = if dir.exists() { Unusable::Unreadable("it is no directory".into()) } else { Unusable::Missing };
        return Err(files::complaint("--state-dir", dir, &why));
    }
    let (path, source) = locate(flags, env);
    let port = default_port(env);
    let text = match files::text(&path) {
        Ok(text) => text,
        Err(why) => match &flags.config {
            Some(named) => return Err(files::complaint("--config", named, &why)),
            None => return Ok(unusable(state(&why), path, source, explain(&why), port)),
        },
    };
    match json5::object(&text) {
        Ok(content) => {
            let read = read(content, path, source, env, port);
            match &flags.config {
                Some(named) if read.file.state == ConfigState::Invalid => Err(misfit(named, &text, &read)),
                _ => Ok(read),
            }
        }
        Err(m) if flags.config.is_some() => {
            let end = m.at + text[m.at..].chars().next().map_or(0, char::len_utf8);
            Err(Complaint::new(format!("the file named by --config is not JSON5: {}", m.message))
                .at(path.display().to_string(), json5::masked(&text), m.at..end, "here")
                .help("unknown words are starred out, because a secret may stand among them"))
        }
        Err(m) => {
            let error = format!("line {}, column {}: {}", m.line, m.column, m.message);
            Ok(unusable(ConfigState::Invalid, path, source, Some(error), port))
        }
    }
}

/// The complaint about a file the user named that says something a gateway cannot be configured with.
fn misfit(named: &Path, text: &str, config: &Config) -> Complaint {
    let why = config.file.error.as_deref().unwrap_or_default();
    let key = if config.at("gateway").is_some_and(Value::is_object) { "port" } else { "gateway" };
    let complaint = Complaint::new(format!("the file named by --config cannot be a gateway's: {why}"));
    let name = named.display().to_string();
    // A word that stands once is the key; anything else might be another's.
    let complaint = match text.match_indices(key).collect::<Vec<_>>()[..] {
        [(at, _)] => complaint.at(name, json5::masked(text), at..at + key.len(), "its value"),
        _ => complaint.flag("--config", &name, why),
    };
    complaint.help("correct the file, or leave --config out to have it found and reported")
}

fn state(why: &Unusable) -> ConfigState {
    match why {
        Unusable::Missing => ConfigState::Absent,
        Unusable::Unreadable(_) => ConfigState::Unreadable,
        Unusable::Empty => ConfigState::Empty,
        Unusable::Binary => ConfigState::Binary,
    }
}

fn explain(why: &Unusable) -> Option<String> {
    match why {
        Unusable::Unreadable(why) => Some(why.clone()),
        _ => None,
    }
}

fn unusable(state: ConfigState, file: PathBuf, source: Source, error: Option<String>, port: u16) -> Config {
    let file = ConfigFile {
        state,
        file,
        source,
        error,
        mode: None,
        bind: None,
        port,
        auth_mode: None,
        tls: false,
        base_path: None,
        tailscale: None,
        ssh_target: false,
        trusted_proxies: Vec::new(),
        allow_tailscale: None,
    };
    Config { file, content: Value::Null, port: None }
}

fn read(mut content: Value, path: PathBuf, source: Source, env: &Env, default: u16) -> Config {
    let mut troubles = expand::includes(&mut content, path.parent().unwrap_or(Path::new(".")));
    expand::variables(&mut content, env);
    let mut config = Config { content, ..unusable(ConfigState::Found, path, source, None, default) };
    let own = |place: &str| config.text(place).map(str::to_owned);
    let (mode, bind, auth_mode) = (own("gateway.mode"), own("gateway.bind"), own("gateway.auth.mode"));
    let (base_path, tailscale) = (own("gateway.controlUi.basePath"), own("gateway.tailscale.mode"));
    let tls = config.at("gateway.tls.enabled").and_then(Value::as_bool).unwrap_or(false);
    let allow_tailscale = config.at("gateway.auth.allowTailscale").and_then(Value::as_bool);
    let trusted_proxies = config.texts("gateway.trustedProxies");
    let given = config.at("gateway.port").filter(|v| !v.is_null()).map(port);
    let ssh_target = config.text("gateway.remote.sshTarget").is_some();
    config.port = given.flatten();
    let misfits = misfits(&config, given == Some(None));
    let state = if misfits.is_empty() { ConfigState::Found } else { ConfigState::Invalid };
    troubles.extend(misfits);
    let error = (!troubles.is_empty()).then(|| troubles.join("; "));
    let port = config.port.unwrap_or(default);
    let told =
        ConfigFile { mode, bind, auth_mode, base_path, tailscale, ssh_target, trusted_proxies, allow_tailscale, ..config.file };
    config.file = ConfigFile { state, tls, port, error, ..told };
    config
}

/// What has the wrong type or is out of range.
fn misfits(config: &Config, no_port: bool) -> Vec<String> {
    let mut misfits = Vec::new();
    if config.at("gateway").is_some_and(|gateway| !gateway.is_object() && !gateway.is_null()) {
        misfits.push("gateway is no object".to_owned());
    }
    if no_port {
        misfits.push("gateway.port is no port: expected a number from 1 to 65535".to_owned());
    }
    misfits
}

fn port(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_f64().filter(|f| f.fract() == 0.0 && *f > 0.0).map(|f| f as u64))?;
    u16::try_from(number).ok().filter(|p| *p > 0)
}

/// The file and what led to it, in the order of the gateway's own client: `OPENCLAW_CONFIG_PATH`, then the state directory,
/// where the former name `clawdbot.json` still counts when there is nothing newer.
fn locate(flags: &Flags, env: &Env) -> (PathBuf, Source) {
    if let Some(file) = &flags.config {
        return (file.clone(), Source::Flag);
    }
    if let (None, Some(file)) = (&flags.state_dir, env.get("OPENCLAW_CONFIG_PATH")) {
        return (env.path(file), Source::Environment);
    }
    let (dirs, source) = state_dirs(flags, env);
    let candidates: Vec<PathBuf> =
        dirs.iter().flat_map(|dir| ["openclaw.json", "clawdbot.json"].map(|name| dir.join(name))).collect();
    let found = candidates.iter().find(|file| file.exists()).or(candidates.first());
    (found.cloned().unwrap_or_else(|| PathBuf::from("openclaw.json")), source)
}

/// `--state-dir`, `OPENCLAW_STATE_DIR`, then `.openclaw` (with `-PROFILE`) in `OPENCLAW_HOME` or the home directory.
fn state_dirs(flags: &Flags, env: &Env) -> (Vec<PathBuf>, Source) {
    if let Some(dir) = &flags.state_dir {
        return (vec![dir.clone()], Source::Flag);
    }
    if let Some(dir) = env.get("OPENCLAW_STATE_DIR") {
        return (vec![env.path(dir)], Source::Environment);
    }
    let named = env.get("OPENCLAW_HOME").map(|h| env.path(h));
    let profile = profile(env);
    let source = if named.is_some() || profile.is_some() { Source::Environment } else { Source::Default };
    let home = named.or_else(|| env.home()).unwrap_or_else(|| PathBuf::from("~"));
    match profile {
        Some(profile) => (vec![home.join(format!(".openclaw-{profile}"))], source),
        None => (vec![home.join(".openclaw"), home.join(".clawdbot")], source),
    }
}

fn profile(env: &Env) -> Option<&str> {
    env.get("OPENCLAW_PROFILE").map(str::trim).filter(|p| *p != "default")
}

/// The port of a gateway whose configuration names none: 18789, 19001 for the profile `dev`, and for any other profile
/// 20000 plus the FNV-1a hash of its name modulo 40000 (tried on 2026.9.6: `rescue` 23532, `ops` 55291).
fn default_port(env: &Env) -> u16 {
    match profile(env) {
        None => DEFAULT_PORT,
        Some("dev") => 19_001,
        Some(name) => {
            let hash = name.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
            u16::try_from(20_000 + hash % 40_000).unwrap_or(DEFAULT_PORT)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        vars.iter().copied().collect()
    }

    #[test]
    fn a_profile_has_its_own_port_and_directory() {
        for (name, port) in [("rescue", 23_532), ("ops", 55_291), ("dev", 19_001), ("default", 18_789)] {
            assert_eq!(default_port(&env(&[("OPENCLAW_PROFILE", name)])), port, "{name}");
        }
        let at = |vars: &[(&str, &str)]| {
            let (path, source) = locate(&Flags::default(), &env(vars));
            (path.display().to_string(), source)
        };
        let home = ("HOME", "/nowhere/op");
        assert_eq!(at(&[home]), ("/nowhere/op/.openclaw/openclaw.json".into(), Source::Default));
        assert_eq!(at(&[home, ("OPENCLAW_PROFILE", "x")]), ("/nowhere/op/.openclaw-x/openclaw.json".into(), Source::Environment));
        assert_eq!(at(&[home, ("OPENCLAW_HOME", "~/h")]), ("/nowhere/op/h/.openclaw/openclaw.json".into(), Source::Environment));
        assert_eq!(at(&[home, ("OPENCLAW_STATE_DIR", "/s")]), ("/s/openclaw.json".into(), Source::Environment));
        assert_eq!(
            at(&[("OPENCLAW_STATE_DIR", "/s"), ("OPENCLAW_CONFIG_PATH", "/c.json")]),
            ("/c.json".into(), Source::Environment)
        );
    }

    #[test]
    fn the_former_name_counts_when_there_is_nothing_newer() {
        let home = tempfile::tempdir().unwrap();
        let old = home.path().join(".clawdbot");
        std::fs::create_dir(&old).unwrap();
        std::fs::write(old.join("clawdbot.json"), "{}").unwrap();
        let env = env(&[("HOME", home.path().to_str().unwrap())]);
        assert_eq!(locate(&Flags::default(), &env).0, old.join("clawdbot.json"));
        std::fs::create_dir(home.path().join(".openclaw")).unwrap();
        std::fs::write(home.path().join(".openclaw/openclaw.json"), "{}").unwrap();
        assert_eq!(locate(&Flags::default(), &env).0, home.path().join(".openclaw/openclaw.json"));
    }
}
