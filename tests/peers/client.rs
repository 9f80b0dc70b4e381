//! The product's own client against the reference gateway: it must take it for a gateway, and say of it what it says of the
//! real one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::CURRENT;
use crate::parts;
use crate::stage::Stage;

/// A command of the client, and what it must say: a place in its JSON, and the value there.
struct Case {
    name: &'static str,
    args: &'static [&'static str],
    says: fn() -> Value,
    /// Whether the real gateway is asked the same, and must be told of alike.
    alike: bool,
}

/// A probe of a fresh installation has no scope, so its details are missing: the real gateway is told of no better.
const CASES: &[Case] = &[
    Case {
        name: "client::gateway-probe",
        args: &["gateway", "probe", "--json"],
        says: || {
            json!({
                "/ok": true, "/capability": "connected_no_operator_scope", "/targets/0/connect/ok": true,
                "/targets/0/connect/rpcOk": false, "/targets/0/connect/scopeLimited": true, "/targets/0/connect/close": null,
                "/targets/0/connect/error": "missing scope: operator.read", "/targets/0/server/version": CURRENT,
                "/targets/0/auth/role": "operator", "/targets/0/auth/scopes": [], "/warnings/0/code": "probe_scope_limited",
                "/warnings/1": null, "/targets/1": null
            })
        },
        alike: true,
    },
    Case {
        name: "client::gateway-status",
        args: &["gateway", "status", "--json", "--require-rpc"],
        says: || {
            json!({
                "/rpc/ok": true, "/rpc/kind": "read", "/rpc/capability": "read_only", "/rpc/auth/scopes": ["operator.read"],
                "/rpc/version": CURRENT, "/gateway/version": CURRENT, "/rpc/error": null, "/port/status": "busy",
                "/pluginVersionDrift/drifts": []
            })
        },
        alike: true,
    },
    Case { name: "client::gateway-health", args: &["gateway", "health", "--json"], says: healthy, alike: false },
    Case { name: "client::health", args: &["health", "--json"], says: healthy, alike: false },
    Case {
        name: "client::status",
        args: &["status", "--json"],
        says: || json!({"/runtimeVersion": CURRENT, "/gateway/reachable": true, "/gateway/error": null}),
        alike: false,
    },
];

fn healthy() -> Value {
    json!({"/ok": true, "/configReload/hotReloadStatus": "active", "/defaultAgentId": "main", "/eventLoop/degraded": false})
}

/// The trials: one per command, and a node host.
pub fn trials(stage: &Arc<Stage>) -> Vec<Trial> {
    let absent = || parts::absent_release(CURRENT);
    let trial = |case: &'static Case| {
        let stage = Arc::clone(stage);
        parts::trial(case.name.into(), absent(), move || hold(&stage, case))
    };
    let node = Arc::clone(stage);
    let node = parts::trial("client::node-host".into(), absent(), move || node_host(&node));
    CASES.iter().map(trial).chain([node]).collect()
}

/// The shared gateway the trials need before anything is measured.
pub fn prepare(stage: &Stage, asked: impl Fn(&str) -> bool) {
    let needed = CASES.iter().any(|case| case.alike && asked(case.name));
    if needed && parts::absent_release(CURRENT).is_none() {
        let _ = stage.with_gateway("token", |_| ());
    }
}

fn hold(stage: &Stage, case: &Case) -> Result<(), String> {
    let reference = Reference::start(stage)?;
    let of_ours = ask(Path::new(&reference.says("config")?), case)?;
    let mut wrong = differences(case, "the reference gateway", &of_ours);
    if case.alike {
        let config = stage.with_gateway("token", |gateway| gateway.folder.path().join("openclaw.json"))?;
        wrong.extend(differences(case, "the real gateway", &ask(&config, case)?));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nof the reference gateway it says {of_ours:#}", wrong.join("\n"))) }
}

fn differences(case: &Case, whom: &str, said: &Value) -> Vec<String> {
    let wanted = (case.says)();
    let each = wanted.as_object().into_iter().flatten();
    let found = each.map(|(place, wanted)| (place, wanted, said.pointer(place).unwrap_or(&Value::Null)));
    found
        .filter(|(_, wanted, found)| wanted != found)
        .map(|(place, wanted, found)| format!("of {whom} the client says at {place} {found}, and not {wanted}"))
        .collect()
}

/// Runs a command of the client that must end well, and reads its JSON.
fn ask(config: &Path, case: &Case) -> Result<Value, String> {
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let out = client(config, &home, case.args).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&out.stdout);
    match serde_json::from_str(&said) {
        Ok(json) if out.status.success() => Ok(json),
        _ => Err(format!("{}: {}\n{said}{}", case.args.join(" "), out.status, String::from_utf8_lossy(&out.stderr))),
    }
}

fn client(config: &Path, home: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(parts::node());
    command.arg(parts::openclaw(CURRENT)).args(args).env_clear().stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", home.path());
    command.env("OPENCLAW_STATE_DIR", home.path().join("state")).env("OPENCLAW_CONFIG_PATH", config);
    command.envs([("OPENCLAW_NO_AUTO_UPDATE", "1"), ("NO_COLOR", "1")]);
    command
}

/// A real node host proves its device, is paired, and stays.
fn node_host(stage: &Stage) -> Result<(), String> {
    let reference = Reference::start(stage)?;
    let port = reference.says("gateway")?.rsplit(':').next().unwrap_or_default().to_owned();
    let home = tempfile::tempdir().map_err(|e| e.to_string())?;
    let config = reference.says("config")?;
    let mut node = client(Path::new(&config), &home, &["node", "run", "--host", "127.0.0.1", "--port", &port]);
    let mut node = node.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let (send, lines) = channel();
    let stream = node.stderr.take().ok_or("no output")?;
    std::thread::spawn(move || BufReader::new(stream).lines().map_while(Result::ok).try_for_each(|line| send.send(line)));
    let (mut said, end) = (Vec::new(), Instant::now() + CONNECTED);
    let connected = loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) if line.contains("node host gateway connected") => break true,
            Ok(line) => said.push(line),
            Err(_) => break false,
        }
    };
    let _ = node.kill();
    let _ = node.wait();
    if connected { Ok(()) } else { Err(format!("the node host was not connected within {CONNECTED:?}:\n{}", said.join("\n"))) }
}

/// The longest a node host may take to connect: 20 s were seen on a busy machine.
const CONNECTED: Duration = Duration::from_secs(120);

/// `clawprobe reference` as a process of its own.
struct Reference {
    child: Child,
    place: Value,
}

impl Reference {
    fn start(stage: &Stage) -> Result<Self, String> {
        let mut command = Command::new(stage.program());
        command.args(["reference", "--port", "0", "--format", "json"]).stdout(Stdio::piped()).stdin(Stdio::null());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line).map_err(|e| e.to_string())?;
        Ok(Self { child, place: serde_json::from_str(&line).map_err(|e| format!("{e}: {line}"))? })
    }

    /// A member of what it says of itself: one text, or the first of several.
    fn says(&self, member: &str) -> Result<String, String> {
        let value = &self.place[member];
        value.get(0).unwrap_or(value).as_str().map(str::to_owned).ok_or(format!("no {member} in {}", self.place))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Its files go when it is asked to end, not when it is cut off.
        let _ = crate::namespace::run("kill", &["-TERM", &self.child.id().to_string()]);
        let _ = self.child.wait();
    }
}
