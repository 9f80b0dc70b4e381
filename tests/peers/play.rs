//! Plays one scenario: sets the scene, runs clawprobe, compares.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use clawprobe::facts::value::parse_ms;
use clawprobe::reference::certificate::Kind;
use clawprobe::reference::document::fill;
use clawprobe::reference::ground::Standing;
use serde_json::Value;
use tempfile::TempDir;
use toml::Table;

use crate::alike;
use crate::bare::Bare;
use crate::cast::{Cast, fingerprint, pin};
use crate::deed;
use crate::door::{self, Place};
use crate::gateway::{Gateway, PASSWORD, TOKEN, free_port};
use crate::machine;
use crate::nginx::Nginx;
use crate::product::{Running, Setup};
use crate::scenario::{Expect, Peer, Run, Scenario};
use crate::stage::Stage;
use crate::wall::Wall;

/// Everything a scenario set up; it ends when this goes.
#[derive(Default)]
struct Scene {
    holes: BTreeMap<String, String>,
    _gateways: Vec<Gateway>,
    _crowd: Vec<TcpStream>,
    _standing: Vec<Standing>,
    _nginx: Vec<Nginx>,
    _products: Vec<Running>,
    _walls: Vec<Wall>,
}

/// Plays a scenario and gives the report of every run, in the scene's own names; the error says what differs from what the
/// scenario expects, with the whole report beneath.
pub fn play(stage: &Stage, scenario: &Scenario, cast: Cast) -> Result<Vec<Value>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).map_err(|e| e.to_string())?;
    let mut begins = scenario.measures_time().then(door::enter);
    let scene = set(stage, scenario, cast, &folder)?;
    for (name, text) in &scenario.file {
        std::fs::write(folder.path().join(name), scene.fill(text)).map_err(|e| format!("{name}: {e}"))?;
    }
    let mut reports = Vec::new();
    for (index, run) in scenario.run.iter().enumerate() {
        let users: &[bool] = if run.also_as_nobody && is_root() { &[false, true] } else { &[false] };
        for nobody in users.iter().cycle().take(users.len() * run.times) {
            let report = perform(stage, &scene, run, folder.path(), *nobody, begins.take())
                .map_err(|why| format!("run {}{}: {why}", index + 1, if *nobody { " as nobody" } else { "" }))?;
            reports.push(alike::in_names_of(&scene.holes, report));
        }
    }
    Ok(reports)
}

fn set(stage: &Stage, scenario: &Scenario, cast: Cast, folder: &TempDir) -> Result<Scene, String> {
    let mut scene = Scene::default();
    let dir = folder.path().display().to_string();
    for (key, value) in [("dir", dir.as_str()), ("token", TOKEN), ("password", PASSWORD), ("host", crate::namespace::HOST)] {
        scene.holes.insert(key.into(), value.into());
    }
    scene.holes.extend(scenario.draw.clone());
    for (name, config) in &scenario.gateway {
        let at = |g: &Gateway| (g.port, g.folder.path().to_owned());
        let (port, home) = match scenario.fault.get(name).map(String::as_str) {
            None => stage.with(cast, config, at)?,
            Some(fault) => {
                let gateway = deed::start_with(cast, config, fault, &mut scene._crowd)?;
                let at = at(&gateway);
                scene._gateways.push(gateway);
                at
            }
        };
        scene.holes.insert(format!("{name}.port"), port.to_string());
        scene.holes.insert(format!("{name}.config"), home.join("openclaw.json").display().to_string());
        scene.holes.extend(pin(&home).map(|pin| (format!("{name}.pin"), pin)));
    }
    if scenario.two_hosts {
        stage.client()?;
    }
    for peer in &scenario.peer {
        raise(stage, &mut scene, peer, folder.path())?;
    }
    Ok(scene)
}

fn raise(stage: &Stage, scene: &mut Scene, peer: &Peer, folder: &Path) -> Result<(), String> {
    let port = match &peer.port_of {
        Some(other) => scene.fill(&format!("{{{other}.port}}")).parse().map_err(|_| format!("no peer `{other}`"))?,
        None => 0,
    };
    if peer.kind == "wall" {
        scene._walls.push(Wall::before(port, &peer.options, &|text| scene.fill(text))?);
        return Ok(());
    }
    let address = scene.fill(&peer.address);
    let port = if let Some(product) = &peer.product {
        let running = start(stage, scene, peer, product, &address, folder)?;
        let port = running.port.to_string();
        std::fs::write(folder.join(format!("{}.pem", peer.name)), &running.root).map_err(|e| e.to_string())?;
        scene.holes.insert(format!("{}.dir", peer.name), running.dir.display().to_string());
        scene.holes.extend(fingerprint(&running.dir.join("cert.pem")).map(|pin| (format!("{}.pin", peer.name), pin)));
        scene._products.push(running);
        port
    } else if peer.kind == "nginx" {
        let (port, block) = (free_port(), scene.fill(peer.conf.as_deref().unwrap_or_default()));
        scene._nginx.push(Nginx::start(folder, &address, port, &block)?);
        port.to_string()
    } else {
        let standing = stage.ground().raise(document(scene, peer, &address, port)?).map_err(|c| c.to_string())?;
        let root = standing.folder().join("root.pem");
        std::fs::copy(root, folder.join(format!("{}.pem", peer.name))).map_err(|e| e.to_string())?;
        let port = ["peer.port", "gateway.port", "edge.port"].into_iter().find_map(|hole| standing.holes.get(hole).cloned());
        let port = port.ok_or_else(|| format!("`{}` has no port", peer.name))?;
        let pin = ["peer.pin", "gateway.pin", "edge.pin"].into_iter().find_map(|hole| standing.holes.get(hole));
        let pin = pin.map(|pin| (format!("{}.pin", peer.name), pin.trim_start_matches("sha256:").to_owned()));
        scene.holes.extend(pin);
        scene._standing.push(standing);
        port
    };
    scene.holes.insert(format!("{}.port", peer.name), port);
    Ok(())
}

fn start(stage: &Stage, scene: &Scene, peer: &Peer, name: &str, address: &str, folder: &Path) -> Result<Running, String> {
    let (product, program) = stage.product(name)?;
    let word = |text: &String| text.parse::<Kind>().map_err(|e| format!("{text}: {e}"));
    let upstream = scene.fill(peer.to.as_deref().unwrap_or_default());
    let setup = Setup {
        address,
        upstream: &upstream,
        with: &peer.with,
        part: &peer.part,
        tls: peer.tls.as_ref().map(word).transpose()?,
        holes: &scene.holes,
        client: stage.client()?,
    };
    product.start(folder, &program, &setup)
}

/// A reference world in which a peer stands alone: by script, as an edge, or as a gateway whose own answers come after the
/// scripted ones.
fn document(scene: &Scene, peer: &Peer, address: &str, port: u16) -> Result<Table, String> {
    let mut stand = peer.options.clone();
    stand.insert("listen".into(), vec![address].into());
    stand.insert("port".into(), i64::from(port).into());
    match peer.kind.as_str() {
        "closed" => drop(stand.insert("stopped".into(), true.into())),
        "relay" => drop(stand.insert("relay".into(), peer.to.as_deref().unwrap_or_default().into())),
        "script" => drop(stand.insert("answer".into(), peer.answer.clone().into())),
        "edge" => {
            stand.insert("upstream".into(), peer.to.as_deref().unwrap_or_default().into());
            stand.insert("answer".into(), peer.answer.clone().into());
        }
        other => return Err(format!("no kind of peer `{other}`")),
    }
    if peer.like_gateway {
        stand.insert("secret".into(), TOKEN.into());
    }
    if let Some(kind) = &peer.tls {
        stand.insert("tls".into(), kind.as_str().into());
    }
    fill(&mut stand, &scene.holes);
    let name = match peer.kind.as_str() {
        "edge" => "edge",
        _ if peer.like_gateway => "gateway",
        _ => "peer",
    };
    Ok(Table::from_iter([(name.to_owned(), stand.into())]))
}

impl Scene {
    /// The text with every `{name}` of the scene filled in.
    fn fill(&self, text: &str) -> String {
        filled(text, &self.holes)
    }
}

fn filled(text: &str, holes: &BTreeMap<String, String>) -> String {
    holes.iter().fold(text.to_owned(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value))
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t")))
}

fn perform(stage: &Stage, scene: &Scene, run: &Run, folder: &Path, nobody: bool, begins: Option<Place>) -> Result<Value, String> {
    let mut words: Vec<String> = Vec::new();
    if run.from == "client" {
        words.extend(stage.client()?);
    }
    words.extend(mounts(scene, run, folder)?);
    if nobody {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"].map(String::from));
    }
    words.push(stage.program().display().to_string());
    words.extend(run.args.iter().map(|a| scene.fill(a)));
    words.extend(["--format", "json"].map(String::from));
    let bare = run.bare.as_ref().map(|peer| Bare::wait_at(&scene.fill(&format!("{{host}}:{{{peer}.port}}"))));
    let begun = Instant::now();
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .envs(run.env.iter().map(|(k, v)| (k, scene.fill(v))))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{}: {e}", words[0]))?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(scene.fill(&run.stdin).as_bytes());
    }
    if let Some(place) = begins {
        place.until_still(child.id());
    }
    let out = child.wait_with_output().map_err(|e| e.to_string())?;
    let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let report: Value = serde_json::from_str(&stdout).map_err(|e| format!("no JSON report ({e}):\n{stdout}\n{stderr}"))?;
    let mut holes = scene.holes.clone();
    if let Some(bare) = bare {
        holes.insert(String::from("bare"), format!("{:.0} ms", bare.silence()?.as_secs_f64() * 1e3));
    }
    let wrong = compare(&run.expect, out.status.code(), &report, &holes);
    if wrong.is_empty() {
        return Ok(report);
    }
    let took = format!("took {:.1} s of ours and {:.0} ms of its own", begun.elapsed().as_secs_f64(), report["duration_ms"]);
    let machine = format!("{took}, {}", machine::load());
    Err(format!("{}\n{machine}\n{}{}\n{stderr}{}", wrong.join("\n"), brief(&report), words.join(" "), facts(&report)))
}

/// The words before a command that give it the run's own content of files of the machine.
fn mounts(scene: &Scene, run: &Run, folder: &Path) -> Result<Vec<String>, String> {
    if run.over.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = String::new();
    for (index, (file, text)) in run.over.iter().enumerate() {
        let own = folder.join(format!("over-{index}"));
        std::fs::write(&own, scene.fill(text)).map_err(|e| format!("{file}: {e}"))?;
        lines += &format!("mount --bind '{}' '{file}' && ", own.display());
    }
    Ok(["unshare", "--mount", "--", "sh", "-c", &format!("{lines}exec \"$@\""), "sh"].map(String::from).to_vec())
}

/// Every difference between what came out and what must, one line each.
fn compare(expect: &Expect, exit: Option<i32>, report: &Value, holes: &BTreeMap<String, String>) -> Vec<String> {
    let fill = |text: &str| filled(text, holes);
    let mut wrong = Vec::new();
    let mut same = |what: &str, is: Value, must: Value| {
        if is != must {
            wrong.push(format!("{what} is {is}, must be {must}"));
        }
    };
    let ids = |list: &Value, keep: &dyn Fn(&Value) -> bool| -> Value {
        let ids: BTreeSet<&str> =
            list.as_array().into_iter().flatten().filter(|x| keep(x)).filter_map(|x| x["id"].as_str()).collect();
        serde_json::json!(ids)
    };
    let must = |list: &[String]| serde_json::json!(list.iter().map(|s| fill(s)).collect::<BTreeSet<_>>());
    let root = |f: &Value| f["explained_by"].as_array().is_none_or(Vec::is_empty);
    same("exit", exit.into(), expect.exit.into());
    if let Some(verdict) = &expect.verdict {
        same("verdict", report["verdict"].clone(), verdict.as_str().into());
    }
    same("root", report["root"].clone(), expect.root.as_deref().map_or(Value::Null, Into::into));
    same("roots", ids(&report["findings"], &root), must(&expect.roots));
    same("folded", ids(&report["findings"], &|f| !root(f)), must(&expect.folded));
    same("undecided", ids(&report["undecided"], &|u| u["required"] == true && u["beneath"].is_null()), must(&expect.undecided));
    if let Some(certainty) = &expect.certainty {
        for finding in report["findings"].as_array().into_iter().flatten().filter(|f| root(f)) {
            same(&format!("certainty of {}", finding["id"]), finding["certainty"].clone(), certainty.as_str().into());
        }
    }
    let facts: BTreeMap<&str, &Value> =
        report["facts"].as_array().into_iter().flatten().filter_map(|f| Some((f["id"].as_str()?, f))).collect();
    for (id, value) in &expect.facts {
        let fact = facts.get(fill(id).as_str()).map_or(Value::Null, |f| match f["state"].as_str() {
            Some("value") => f["value"].clone(),
            Some("absent") => "absent".into(),
            _ => format!("not measured: {}", f["reason"].as_str().unwrap_or_default()).into(),
        });
        let must = serde_json::to_value(value).unwrap_or_default();
        let spans = spans(&must, &fill);
        if !spans.is_empty() {
            let there = fact.as_f64().is_some_and(|is| spans.iter().all(|(low, high)| (*low..=*high).contains(&is)));
            let (is, must) = if there { (Value::Null, Value::Null) } else { (fact, format!("within {spans:?}").into()) };
            same(id, is, must);
            continue;
        }
        same(id, fact, must.as_str().map_or(must.clone(), |text| fill(text).into()));
    }
    let evidence: BTreeSet<String> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|f| root(f))
        .flat_map(|f| f["evidence"].as_array().into_iter().flatten())
        .filter_map(|e| e["id"].as_str().map(str::to_owned))
        .collect();
    for id in expect.evidence.iter().map(|id| fill(id)) {
        if !evidence.contains(&id) {
            wrong.push(format!("no root rests on {id}; they rest on {evidence:?}"));
        }
    }
    wrong
}

/// The spans that a duration or a size must lie in: one, or all of several.
fn spans(must: &Value, fill: &dyn Fn(&str) -> String) -> Vec<(f64, f64)> {
    let all = must.as_array().map_or_else(|| vec![must], |list| list.iter().collect());
    all.into_iter().map(|text| within(&fill(text.as_str()?))).collect::<Option<_>>().unwrap_or_default()
}

/// The milliseconds that `"18 s +- 1 s"` means, or `"18 s + 1 s +- 1 s"`. Sizes are tried each twice as large as the one before, so
/// `"up to 9 B"` is the largest that a limit of 9 bytes lets through, and `"from 9 B"` the smallest that it does not.
fn within(text: &str) -> Option<(f64, f64)> {
    let bytes = |text: &str| text.strip_suffix(" B")?.parse::<f64>().ok();
    if let Some(limit) = text.strip_prefix("up to ") {
        return bytes(limit).map(|limit| (limit / 2.0, limit));
    }
    if let Some(limit) = text.strip_prefix("from ") {
        return bytes(limit).map(|limit| (limit, limit * 2.0));
    }
    let (value, spread) = text.split_once("+-")?;
    let value = value.split('+').map(|part| parse_ms(part).ok()).sum::<Option<f64>>()?;
    let spread = parse_ms(spread).ok()?;
    Some((value - spread, value + spread))
}

/// Every fact of a report, one line each: a failure that does not come again is mended from its log alone.
fn facts(report: &Value) -> String {
    let line = |f: &Value| match f["state"].as_str() {
        Some("value") => format!("  {} = {}\n", f["id"], f["value"]),
        Some("absent") => String::new(),
        _ => format!("  {} was not measured: {} {}\n", f["id"], f["reason"], f["because"]),
    };
    report["facts"].as_array().into_iter().flatten().map(line).collect()
}

/// What a failure needs to tell of a report: findings with what they saw, and what was required and stayed undecided.
fn brief(report: &Value) -> String {
    let list = |name: &str| report[name].as_array().cloned().unwrap_or_default();
    let finding = |f: &Value| format!("  {} {} by {}: {}\n", f["certainty"], f["id"], f["explained_by"], f["observed"]);
    let open = |u: &Value| format!("  undecided {}: {} {}\n", u["id"], u["reason"], u["lacks"]);
    let findings: String = list("findings").iter().map(finding).collect();
    let undecided: String =
        list("undecided").iter().filter(|u| u["required"] == true && u["beneath"].is_null()).map(open).collect();
    format!("{}\n{findings}{undecided}", report["verdict"])
}
