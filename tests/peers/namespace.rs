//! A network namespace of our own, without a way out, and a second one for a client.

use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;

const MARK: &str = "CLAWPROBE_TEST_NAMESPACE";
/// A new network namespace with a view of /sys that shows its interfaces, not the machine's.
const NEW: [&str; 5] = ["--net", "--mount", "--", "sh", "-c"];
const VIEW: &str = "mount -t sysfs sysfs /sys && exec \"$@\"";
/// The same with process numbers of its own: when its first process ends, the kernel ends all others. That process ends with
/// `unshare`, and `unshare` with us, however we end.
const MORTAL: [&str; 12] =
    ["--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--mount", "--", "sh", "-c"];
/// The shell stays the first process: it buries orphans, and a gateway started by the first process takes itself for a service.
const FIRST: &str = "mount -t sysfs sysfs /sys && \"$@\"; exit $?";

/// The gateway's side and the client's side of the link between the namespaces; both only exist inside them.
pub const HOST: &str = "10.88.0.1";
const CLIENT: &str = "10.88.0.2";

/// Runs this very program again inside a fresh namespace, when it may; returns its end. `None`: go on here.
pub fn enter() -> Option<ExitCode> {
    if own() || !["unshare", "setpriv", "ip"].into_iter().all(crate::parts::on_path) {
        return None;
    }
    let inside = || {
        let mut command = Command::new("setpriv");
        command.args(MORTAL).args([FIRST, "sh"]);
        command
    };
    if !inside().arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return None;
    }
    let program = std::env::current_exe().ok()?;
    let ended = inside().arg(program).args(std::env::args_os().skip(1)).env(MARK, "1").status();
    let code = ended.map(|status| status.code().and_then(|code| u8::try_from(code).ok()));
    Some(code.ok().flatten().map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Whether this is the inside.
pub fn own() -> bool {
    static UP: OnceLock<bool> = OnceLock::new();
    std::env::var_os(MARK).is_some()
        && *UP.get_or_init(|| {
            run("ip", &["link", "set", "lo", "up"]).unwrap();
            true
        })
}

/// Runs a tool to its end.
pub fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let out = Command::new(program).args(args).output().map_err(|e| format!("{program}: {e}"))?;
    out.status
        .success()
        .then_some(())
        .ok_or_else(|| format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&out.stderr)))
}

/// A second namespace, linked to ours.
pub struct Client {
    holder: Child,
}

impl Client {
    /// Makes the namespace and the link.
    pub fn new() -> Result<Self, String> {
        // `cat` holds the namespace open until its standard input closes.
        let mut holder = Command::new("unshare")
            .args(NEW)
            .args([VIEW, "sh", "sh", "-c", "echo up; exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("unshare: {e}"))?;
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().ok_or("no output")?), &mut line)
            .map_err(|e| e.to_string())?;
        let client = Self { holder };
        let pid = client.holder.id().to_string();
        run("ip", &["link", "add", "cp0", "type", "veth", "peer", "name", "cp1", "netns", &pid])?;
        run("ip", &["addr", "add", &format!("{HOST}/24"), "dev", "cp0"])?;
        run("ip", &["link", "set", "cp0", "up"])?;
        for args in [
            vec!["addr", "add", &format!("{CLIENT}/24"), "dev", "cp1"],
            vec!["link", "set", "cp1", "up"],
            vec!["link", "set", "lo", "up"],
        ] {
            let inside = ["-t", &pid, "-n", "ip"];
            run("nsenter", &inside.into_iter().chain(args).collect::<Vec<_>>())?;
        }
        Ok(client)
    }

    /// The words before a command that make it run inside.
    pub fn prefix(&self) -> Vec<String> {
        ["nsenter", "-t", &self.holder.id().to_string(), "-n", "-m"].map(String::from).to_vec()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
