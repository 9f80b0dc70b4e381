//! Real OpenClaw Gateways, each configuration started once.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::parts;

/// The release the scenarios speak of unless they name another.
pub const CURRENT: &str = "2026.9.6";
/// The shared token of every gateway in token mode.
pub const TOKEN: &str = "lab-token-0123456789abcdef";
/// The password of every gateway in password mode.
pub const PASSWORD: &str = "lab-password-0123456789";
/// The longest a gateway may take to get ready: 16 s were measured with four starting on two cores, 22 s for old releases.
const READY: Duration = Duration::from_secs(120);

/// Connections that a gateway has with both paths of a hold and with nothing less.
const HELD: usize = 14;

/// A configuration.
pub struct Config {
    name: &'static str,
    /// The `gateway` object of openclaw.json without mode and port.
    settings: &'static str,
    /// Arguments beyond the port.
    args: &'static [&'static str],
    /// The same as options of the reference gateway.
    pub reference: &'static str,
}

/// The configurations; `TOKEN` and `PASSWORD` are replaced.
const CONFIGS: &[Config] = &[
    Config {
        name: "token",
        settings: r#""bind":"loopback","auth":{"mode":"token","token":"TOKEN"}"#,
        args: &[],
        reference: "secret = 'TOKEN'",
    },
    Config {
        name: "password",
        settings: r#""bind":"loopback","auth":{"mode":"password","password":"PASSWORD"}"#,
        args: &[],
        reference: "auth = 'password'\nsecret = 'PASSWORD'",
    },
    Config { name: "none", settings: r#""bind":"loopback","auth":{"mode":"none"}"#, args: &[], reference: "auth = 'none'" },
    Config {
        name: "trusted",
        settings: r#""bind":"loopback","auth":{"mode":"token","token":"TOKEN"},"trustedProxies":["127.0.0.1","::1"]"#,
        args: &[],
        reference: "secret = 'TOKEN'\ntrusted-proxies = ['127.0.0.1', '::1']",
    },
    Config {
        name: "lan",
        settings: r#""bind":"lan","auth":{"mode":"token","token":"TOKEN"}"#,
        args: &[],
        reference: "secret = 'TOKEN'\nlisten = ['0.0.0.0']",
    },
    Config {
        name: "lan-trusted",
        settings: r#""bind":"lan","auth":{"mode":"token","token":"TOKEN"},"trustedProxies":["127.0.0.1","::1"]"#,
        args: &[],
        reference: "secret = 'TOKEN'\nlisten = ['0.0.0.0']\ntrusted-proxies = ['127.0.0.1', '::1']",
    },
    Config {
        name: "drift",
        settings: r#""bind":"loopback","auth":{"mode":"token","token":"TOKEN"}"#,
        args: &["--bind", "lan"],
        reference: "secret = 'TOKEN'\nlisten = ['0.0.0.0']",
    },
    Config {
        name: "tls",
        settings: r#""bind":"loopback","auth":{"mode":"token","token":"TOKEN"},"tls":{"enabled":true}"#,
        args: &[],
        reference: "secret = 'TOKEN'\ntls = 'self-signed'",
    },
    Config {
        name: "trusted-tls",
        settings: r#""bind":"loopback","auth":{"mode":"token","token":"TOKEN"},"trustedProxies":["127.0.0.1","::1"],"tls":{"enabled":true}"#,
        args: &[],
        reference: "secret = 'TOKEN'\ntrusted-proxies = ['127.0.0.1', '::1']\ntls = 'self-signed'",
    },
];

/// The release a configuration name stands for: `token@2026.7.1`, or the current one.
pub fn release(config: &str) -> String {
    config.split_once('@').map_or(CURRENT, |(_, release)| release).to_owned()
}

/// How far a gateway has come.
enum State {
    Starting,
    Ready,
}

/// A running gateway with folders of its own.
pub struct Gateway {
    child: Child,
    /// The port on loopback.
    pub port: u16,
    /// Configuration and state; the file is `openclaw.json`.
    pub folder: TempDir,
    lines: Mutex<Receiver<String>>,
    log: Vec<String>,
}

impl Gateway {
    /// Starts a configuration; it is not ready yet.
    pub fn start(config: &str) -> Result<Self, String> {
        let found = find(config)?;
        let (folder, port) = (furnished()?, free_port());
        write_config(&folder, port, found)?;
        let mut command = Command::new(parts::node());
        command
            .arg(parts::openclaw(&release(config)))
            .args(["gateway", "run", "--port", &port.to_string()])
            .args(found.args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder.path())
            .env("OPENCLAW_STATE_DIR", folder.path().join("state"))
            .env("OPENCLAW_CONFIG_PATH", folder.path().join("openclaw.json"))
            .envs([
                ("OPENCLAW_SKIP_CHANNELS", "1"),
                // Its scheduled heartbeat, some time within the first half hour, would change what it answers.
                ("OPENCLAW_SKIP_CRON", "1"),
                ("OPENCLAW_DISABLE_BONJOUR", "1"),
                ("OPENCLAW_NO_AUTO_UPDATE", "1"),
                ("NO_COLOR", "1"),
            ])
            .stdin(Stdio::null());
        Self::spawn(command, port, folder)
    }

    /// A gateway of a command that is to listen on a port.
    pub fn spawn(mut command: Command, port: u16, folder: TempDir) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", command.get_program().to_string_lossy()))?;
        let (send, lines) = channel();
        let streams: [Option<Box<dyn std::io::Read + Send>>; 2] =
            [child.stdout.take().map(|s| Box::new(s) as _), child.stderr.take().map(|s| Box::new(s) as _)];
        for stream in streams.into_iter().flatten() {
            let send = send.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)))
            });
        }
        Ok(Self { child, port, folder, lines: Mutex::new(lines), log: Vec::new() })
    }

    /// Waits until the gateway is ready, by its log and its route; or until it is seen starting, which fails when it is too fast.
    pub fn wait(&mut self, ready: bool) -> Result<(), String> {
        let end = Instant::now() + READY;
        let mut told = false;
        while Instant::now() < end {
            // The gateway's next word, or a short while without one, is when to look again.
            let word = self.lines.get_mut().map_err(|e| e.to_string())?.recv_timeout(Duration::from_millis(20));
            match word {
                Ok(line) => {
                    told |= line.contains("[gateway]") && (line.ends_with("ready") || line.contains("listening on ws"));
                    self.log.push(line);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let accepts =
                TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], self.port)), Duration::from_secs(1)).is_ok();
            match if accepts { self.state() } else { None } {
                Some(State::Ready) if !ready => return Err("the gateway was ready before it was seen starting".into()),
                Some(State::Ready) if told => return Ok(()),
                Some(State::Starting) if !ready => return Ok(()),
                _ => {}
            }
        }
        Err(format!("the gateway did not get ready:\n{}", self.log.join("\n")))
    }

    /// What the readiness route says; releases without one answer it with a page, which counts as ready. While it is starting,
    /// the gateway answers 503; one that speaks TLS ends a plain request without a byte.
    fn state(&self) -> Option<State> {
        use std::io::{Read, Write};
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        match () {
            () if answer.starts_with("HTTP/1.1 200") || answer.is_empty() => Some(State::Ready),
            () if answer.starts_with("HTTP/1.1 503") => Some(State::Starting),
            () => None,
        }
    }

    /// Starts a configuration until it is seen starting. The moment may pass unseen on a busy machine; another start brings
    /// another one.
    pub fn start_and_catch(config: &str) -> Result<Self, String> {
        let attempt = || {
            let mut gateway = Self::start(config)?;
            gateway.wait(false)?;
            Ok(gateway)
        };
        attempt().or_else(|_: String| attempt()).or_else(|_: String| attempt())
    }

    /// Asks the process to end, as a service manager does.
    pub fn tell_to_end(&self) -> Result<(), String> {
        crate::namespace::run("kill", &["-TERM", &self.child.id().to_string()])
    }

    /// Stops every thread of the process, as SIGSTOP does.
    pub fn freeze(&self) -> Result<(), String> {
        crate::namespace::run("kill", &["-STOP", &self.child.id().to_string()])
    }

    /// Sends a signal as soon as more connections are open than anything but a hold makes.
    pub fn signal_when_held(&self, signal: &'static str) {
        let (port, process) = (self.port, self.child.id().to_string());
        std::thread::spawn(move || {
            let end = Instant::now() + READY;
            while Instant::now() < end && established(port) < HELD {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = crate::namespace::run("kill", &[signal, &process]);
        });
    }

    /// Ends the process and waits for it.
    pub fn stop(&mut self) {
        let _ = crate::namespace::run("kill", &["-CONT", &self.child.id().to_string()]);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Connections to a port of loopback that are open, as the kernel has them (proc_pid_net(5): local address, state 01).
fn established(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let to = format!(":{port:04X}");
    let open = |line: &&str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|local| local.ends_with(&to)) && words.nth(1) == Some("01")
    };
    table.lines().filter(open).count()
}

/// The configuration of a name.
pub fn find(config: &str) -> Result<&'static Config, String> {
    let name = config.split('@').next().unwrap_or_default();
    CONFIGS.iter().find(|c| c.name == name).ok_or_else(|| format!("no gateway configuration `{name}`"))
}

/// A text with the secrets in it.
pub fn filled(text: &str) -> String {
    text.replace("TOKEN", TOKEN).replace("PASSWORD", PASSWORD)
}

/// A folder for a gateway.
pub fn furnished() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|e| e.to_string())
}

/// Writes the configuration file of a gateway on a port.
pub fn write_config(folder: &TempDir, port: u16, config: &Config) -> Result<(), String> {
    let text = format!(r#"{{"gateway":{{"mode":"local","port":{port},{}}}}}"#, filled(config.settings));
    std::fs::write(folder.path().join("openclaw.json"), text).map_err(|e| e.to_string())
}

/// A port that is free on both loopback families, and was given to nobody else of this run. None of those from which the kernel
/// takes one by itself (from 32768, Linux: ip_local_port_range), so that no connection has it by the time it is listened at.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 15_000;
    const COUNT: u16 = 17_000;
    // Another run on the same machine begins elsewhere.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT)).unwrap_or_default();
    loop {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        let port = FIRST + (begin + turn) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("::1", port)).is_ok() {
            return port;
        }
    }
}
