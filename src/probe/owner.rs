//! Which process owns a socket, and what kind of program that is.

use crate::facts::tables::listener::Owner;

#[cfg(target_os = "linux")]
mod procfs;
#[cfg(target_os = "linux")]
pub use procfs::{Wanted, find};

/// A process that owns a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// What kind of program it is.
    pub owner: Owner,
    /// The program, and an interpreter's script: never arguments, where people put secrets.
    pub command: String,
    /// Its user's name.
    pub user: Option<String>,
}

/// The product's names: today's, and the former ones that still run on some hosts.
const PRODUCTS: &[&str] = &["openclaw", "clawdbot", "moltbot"];

/// Programs that forward a port for an SSH connection.
const SSH: &[&str] = &["ssh", "sshd", "sshd-session", "sshd-auth", "autossh", "plink"];

/// Programs that forward a port into a container or a container's virtual machine.
const CONTAINER: &[&str] = &[
    "docker-proxy",
    "rootlessport",
    "rootlesskit",
    "slirp4netns",
    "passt",
    "pasta",
    "gvproxy",
    "vpnkit",
    "vpnkit-bridge",
    "com.docker.backend",
    "limactl",
];

/// Programs that forward a port between Windows and WSL.
const WSL: &[&str] = &["wslrelay", "wslhost"];

/// Programs whose first argument is the program that counts.
const INTERPRETERS: &[&str] = &["node", "nodejs", "bun", "deno", "python", "python3", "sh", "bash"];

/// What kind of program a command line belongs to.
pub fn classify(argv: &[&str]) -> Owner {
    let program = program(argv);
    let is_title = argv.len() == 1;
    let word = |words: &[&str]| words.contains(&program.as_str());
    if word(SSH) {
        Owner::Ssh
    } else if word(CONTAINER) {
        Owner::DockerProxy
    } else if word(WSL) {
        Owner::WslRelay
    } else if PRODUCTS.iter().any(|p| program == format!("{p}-gateway") || is_title && program == *p) || runs_gateway(argv) {
        Owner::Gateway
    } else {
        Owner::Other
    }
}

/// Whether the program, or the script it interprets, is the product's, and a later word says `gateway`.
fn runs_gateway(argv: &[&str]) -> bool {
    let of_product = |word: &str| {
        let mut parts = word.split(['/', '\\']).map(|part| part.split('.').next().unwrap_or(part));
        parts.any(|part| PRODUCTS.contains(&part))
    };
    let words: Vec<&str> = argv.iter().filter(|word| !word.starts_with('-')).copied().collect();
    match &words[..] {
        [first, rest @ ..] if PRODUCTS.contains(&base(first)) => rest.contains(&"gateway"),
        [_, script, rest @ ..] if INTERPRETERS.contains(&program(argv).as_str()) => {
            of_product(script) && rest.contains(&"gateway")
        }
        _ => false,
    }
}

/// The program's name without directory and `.exe`, in lower case. A program that set its own title (`sshd: op`) may have
/// written words behind its name.
fn program(argv: &[&str]) -> String {
    let first = argv.first().copied().unwrap_or_default();
    let name = if argv.len() == 1 { first.split([':', ' ']).next().unwrap_or_default() } else { first };
    let name = base(name).trim_start_matches('-').to_ascii_lowercase();
    name.strip_suffix(".exe").unwrap_or(&name).to_owned()
}

fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// What is shown of a command line: the program, and the script when the program only interprets one.
pub fn shown(argv: &[&str]) -> String {
    let program = program(argv);
    let script = argv.iter().skip(1).find(|word| !word.starts_with('-'));
    match script.filter(|_| INTERPRETERS.contains(&program.as_str())) {
        Some(script) => format!("{program} {}", base(script)),
        None => program,
    }
}

/// Looks up processes whose ids the system gave with the socket table.
#[cfg(not(target_os = "linux"))]
pub fn describe(pids: &[u32]) -> std::collections::HashMap<u32, Process> {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind, Users};
    let Ok(mut system) = System::new() else { return Default::default() };
    let wanted: Vec<Pid> = pids.iter().map(|p| Pid::from_u32(*p)).collect();
    let what = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).with_user(UpdateKind::Always).without_tasks();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&wanted), true, what);
    let users = Users::new_with_refreshed_list().ok();
    let one = |(pid, process): (&Pid, &sysinfo::Process)| {
        let name = process.name().to_string_lossy();
        let words: Vec<_> = process.cmd().iter().map(|w| w.to_string_lossy()).collect();
        let argv: Vec<&str> = if words.is_empty() { vec![&*name] } else { words.iter().map(|w| &**w).collect() };
        let user =
            process.user_id().zip(users.as_ref()).and_then(|(id, all)| all.get_user_by_id(id)).map(|u| u.name().to_owned());
        (pid.as_u32(), Process { pid: pid.as_u32(), owner: classify(&argv), command: shown(&argv), user })
    };
    system.processes().iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_tell_the_kind() {
        for (argv, owner, command) in [
            (&["openclaw-gateway"][..], Owner::Gateway, "openclaw-gateway"),
            (&["clawdbot-gateway"], Owner::Gateway, "clawdbot-gateway"),
            (&["openclaw"], Owner::Gateway, "openclaw"),
            (
                &["/usr/bin/node", "/usr/lib/node_modules/openclaw/openclaw.mjs", "gateway", "--port", "1"],
                Owner::Gateway,
                "node openclaw.mjs",
            ),
            (&["node", "--max-old-space-size=64", "/opt/moltbot/dist/entry.js", "gateway"], Owner::Gateway, "node entry.js"),
            (&["openclaw", "gateway", "run"], Owner::Gateway, "openclaw"),
            (&["node", "/x/openclaw.mjs", "node", "run", "--token", "hunter2"], Owner::Other, "node openclaw.mjs"),
            (&["openclaw-node"], Owner::Other, "openclaw-node"),
            (&["node", "/srv/app.js", "openclaw", "gateway"], Owner::Other, "node app.js"),
            (&["vim", "notes/openclaw", "gateway"], Owner::Other, "vim"),
            (&["/usr/bin/ssh", "-N", "-L", "18789:127.0.0.1:18789", "op@gw"], Owner::Ssh, "ssh"),
            (&["sshd: op@pts/0"], Owner::Ssh, "sshd"),
            (&["/usr/bin/docker-proxy", "-proto", "tcp"], Owner::DockerProxy, "docker-proxy"),
            (&["C:\\Windows\\System32\\lxss\\wslrelay.exe", "--mode", "2"], Owner::WslRelay, "wslrelay"),
            (&["nginx: master process /usr/sbin/nginx"], Owner::Other, "nginx"),
            (&[], Owner::Other, ""),
        ] {
            assert_eq!((classify(argv), shown(argv).as_str()), (owner, command), "{argv:?}");
        }
    }
}
