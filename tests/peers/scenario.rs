//! The form of a scenario file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// One file of `tests/scenarios`: who is there, what is asked, what must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// Whether it needs a second machine, an address that is not loopback, or mounts of its own.
    #[serde(skip)]
    pub two_hosts: bool,
    /// One sentence.
    #[expect(dead_code, reason = "for the reader of the file")]
    pub summary: String,
    /// `start`, `main`, `wait`, `release` or `timing`.
    #[serde(default = "main_lane")]
    pub lane: String,
    /// Gateway configurations by the name they have in this file: `gw = "token"`. See `gateway.rs` for the list.
    #[serde(default)]
    pub gateway: BTreeMap<String, String>,
    /// Hand-written peers, relays, nginx and closed ports.
    #[serde(default)]
    pub peer: Vec<Peer>,
    /// What is done to a gateway of the scenario's own before the run, see `deed.rs`: `gw = "stop"`.
    #[serde(default)]
    pub fault: BTreeMap<String, String>,
    /// Why the reference gateway cannot stand in the place of the real ones, if it cannot.
    pub real_only: Option<String>,
    /// Files to write into the scenario's folder, `{dir}/name`.
    #[serde(default)]
    pub file: BTreeMap<String, String>,
    /// Settings that were drawn at random, as placeholders.
    #[serde(skip)]
    pub draw: BTreeMap<String, String>,
    /// The runs, one after the other.
    pub run: Vec<Run>,
}

impl Scenario {
    /// Whether the reference gateway can stand in the place of its real ones.
    pub fn has_counterpart(&self) -> bool {
        !self.gateway.is_empty() && self.real_only.is_none()
    }
}

impl Scenario {
    /// Whether what must come out is a measured time, or hangs on one: whatever holds connections measures timers.
    pub fn measures_time(&self) -> bool {
        let span = |value: &toml::Value| value.to_string().contains("+-");
        let measures = |run: &Run| run.args.iter().any(|arg| arg == "hold") || run.expect.facts.values().any(span);
        self.lane == "timing" || self.run.iter().any(measures)
    }
}

fn main_lane() -> String {
    "main".into()
}

/// Something on the other side that is no gateway.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Peer {
    /// Its name in placeholders: `{name.port}`.
    pub name: String,
    /// `script`, `edge`, `relay`, `nginx`, `product`, `closed`, or `wall` before the port of another peer.
    pub kind: String,
    /// Where it listens.
    #[serde(default = "loopback")]
    pub address: String,
    /// Listen on the port of another peer or gateway (on another address), or stand before it.
    pub port_of: Option<String>,
    /// Speak TLS with a certificate of this kind: `trusted`, `self-signed`, `expired`, `wrong-name`.
    pub tls: Option<String>,
    /// Where a relay, an edge or a product leads to, with placeholders.
    pub to: Option<String>,
    /// Which product, of `tests/edges/products`.
    pub product: Option<String>,
    /// Variants of that product.
    #[serde(default)]
    pub with: Vec<String>,
    /// Parts of its configuration, by name.
    #[serde(default)]
    pub part: BTreeMap<String, String>,
    /// Further options of the stand-in of `clawprobe::reference` that it is: an edge's switches, a hostile peer's kind.
    #[serde(default)]
    pub options: toml::Table,
    /// nginx: the `server` block's content, with placeholders.
    pub conf: Option<String>,
    /// Answer as a healthy gateway does wherever no answer is scripted.
    #[serde(default)]
    pub like_gateway: bool,
    /// Scripted answers, see `clawprobe::reference::script::Answer`; the first that fits is given.
    #[serde(default)]
    pub answer: Vec<toml::Value>,
}

fn once() -> usize {
    1
}

fn loopback() -> String {
    "127.0.0.1".into()
}

/// One run of clawprobe and what must come out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// Arguments, with placeholders.
    pub args: Vec<String>,
    /// Environment, with placeholders; nothing else is in it but PATH and HOME.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// `here`, or `client` for a second network namespace.
    #[serde(default)]
    pub from: String,
    /// How often it is run; every time the same must come out.
    #[serde(default = "once")]
    pub times: usize,
    /// Run once more as nobody; all of `expect` must hold again.
    #[serde(default)]
    pub also_as_nobody: bool,
    /// A peer at which a bare socket waits beside the run: `{bare}` in `expect` is after how much silence its connection ended.
    pub bare: Option<String>,
    /// Standard input.
    #[serde(default)]
    pub stdin: String,
    /// Files of the machine that this run sees with another content, by a mount of its own: `"/etc/resolv.conf" = "…"`.
    #[serde(default)]
    pub over: BTreeMap<String, String>,
    /// What must come out.
    pub expect: Expect,
}

/// What must come out of a run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// Exit code.
    pub exit: i32,
    /// The verdict.
    pub verdict: Option<String>,
    /// Code of the first root.
    pub root: Option<String>,
    /// Ids of all roots, in any order; a missing list means no root.
    #[serde(default)]
    pub roots: Vec<String>,
    /// Ids of findings that fold beneath a root, in any order.
    #[serde(default)]
    pub folded: Vec<String>,
    /// Certainty of every root.
    pub certainty: Option<String>,
    /// Ids of undecided required rows that fold beneath no finding, in any order.
    #[serde(default)]
    pub undecided: Vec<String>,
    /// Facts and their values as JSON text, by id.
    #[serde(default)]
    pub facts: BTreeMap<String, toml::Value>,
    /// Facts that a root's evidence must name: a finding proves what it says.
    #[serde(default)]
    pub evidence: Vec<String>,
}

/// Reads every scenario file; an unreadable one is an error, not a skip.
pub fn load_all() -> Result<Vec<Scenario>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "toml")).collect();
    files.sort();
    files
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
            let mut scenario: Scenario = toml::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))?;
            scenario.name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            scenario.two_hosts = text.contains("{host}") || scenario.run.iter().any(|r| r.from == "client" || !r.over.is_empty());
            Ok(scenario)
        })
        .collect()
}
