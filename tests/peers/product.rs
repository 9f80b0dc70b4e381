//! A real product in front of a gateway. How each is started is data: `tests/edges/products/NAME.toml`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use clawprobe::reference::certificate::{Authority, Kind};
use clawprobe::reference::document::filled;
use serde::Deserialize;

use crate::gateway::free_port;
use crate::parts;

/// The longest a product may take to get ready: 0.2 s were measured for the slowest, alone on two cores.
const READY: Duration = Duration::from_secs(60);
/// How deep one part of a configuration may stand in another.
const DEEPEST: usize = 6;
/// The user and group that products run as where the tests run as root: nobody.
const NOBODY: u32 = 65_534;

/// A product: how it is started, and what its configuration is made of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// The program, on the path or below the folder of `tests/lab/install.sh`.
    pub program: String,
    /// Its arguments, with placeholders.
    pub args: Vec<String>,
    /// Its environment; nothing else is in it but PATH.
    pub env: BTreeMap<String, String>,
    /// It runs as the tests do, and not as nobody: `sshd` lets in only whom it runs as, and nobody's account is locked.
    pub as_ourselves: bool,
    /// More ports than the one it serves at, as `{NAME.port}`.
    pub ports: Vec<String>,
    /// Ready when this URL on loopback is answered 200, and not as soon as a connection is accepted.
    pub ready_url: Option<String>,
    /// Ready when it has written a line with this text.
    pub ready_line: Option<String>,
    /// Run to its end beforehand, each by a shell, as the product's user.
    pub before: Vec<String>,
    /// The product that stands behind it in every case but those that say `alone`: an `ssh` needs its `sshd`.
    pub behind: Option<String>,
    /// Variants of that product.
    pub behind_with: Vec<String>,
    /// Where it listens, if that is not for the scene to say.
    pub address: Option<String>,
    /// The flag that names the way through it: `edge` or `tunnel`.
    pub by: Option<String>,
    /// It stands behind others only, and has no cases of its own.
    pub inner: bool,
    /// What stands before it is told where it leads to, not where it listens.
    pub relays: bool,
    /// Where it runs: `host`, or `client` for the client's namespace, with its ports on the client's own loopback.
    pub at: String,
    /// The files of its folder, with placeholders.
    pub file: BTreeMap<String, String>,
    /// Parts of those files, as `{NAME}`: what a right configuration says there.
    pub part: BTreeMap<String, String>,
    /// Parts by the name of a variant, which says them in another way: rightly or wrongly.
    pub variant: BTreeMap<String, BTreeMap<String, String>>,
}

/// What one case makes of a product.
pub struct Setup<'a> {
    /// Where it listens.
    pub address: &'a str,
    /// Where it leads to, `ADDRESS:PORT`.
    pub upstream: &'a str,
    /// Its variants.
    pub with: &'a [String],
    /// Parts of the case's own.
    pub part: &'a BTreeMap<String, String>,
    /// The certificate it shows.
    pub tls: Option<Kind>,
    /// The scene's placeholders.
    pub holes: &'a BTreeMap<String, String>,
    /// The words before a command that make it run at the client.
    pub client: Vec<String>,
}

/// A product that runs, in a folder of its own.
pub struct Running {
    child: Child,
    /// The port it serves at.
    pub port: u16,
    /// Its folder.
    pub dir: PathBuf,
    /// The root that vouches for its certificate, as PEM.
    pub root: String,
    lines: Receiver<String>,
    said: Vec<String>,
}

/// Reads every product's file.
pub fn load_all() -> Result<Vec<Product>, String> {
    let read = |(name, text): (String, String)| {
        let product: Product = toml::from_str(&text).map_err(|e| format!("product {name}: {e}"))?;
        Ok(Product { name, ..product })
    };
    files("products")?.into_iter().map(read).collect()
}

/// The texts of a folder of `tests/edges`, by name.
pub fn files(folder: &str) -> Result<Vec<(String, String)>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/edges").join(folder);
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
    files.sort();
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
        Ok((file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text))
    };
    files.iter().map(read).collect()
}

impl Product {
    /// The program's file, if it is installed.
    pub fn installed(&self) -> Option<PathBuf> {
        let lab = parts::lab().join(&self.program);
        if lab.is_file() { Some(lab) } else { parts::found(&self.program) }
    }

    /// Starts it with its files in a folder below `folder`, and waits until it is ready.
    pub fn start(&self, folder: &Path, program: &Path, setup: &Setup) -> Result<Running, String> {
        let port = free_port();
        let dir = folder.join(format!("{}-{port}", self.name));
        std::fs::create_dir(&dir).map_err(|e| e.to_string())?;
        let (holes, root) = self.holes(&dir, port, setup)?;
        for (name, text) in &self.file {
            std::fs::write(dir.join(name), deeply(text, &holes)).map_err(|e| format!("{name}: {e}"))?;
        }
        let nobody = is_root() && !self.as_ourselves;
        if nobody {
            hand_over(&dir)?;
        }
        for line in &self.before {
            let words = [user(nobody), vec!["sh", "-c"]].concat();
            crate::namespace::run(words[0], &[&words[1..], &[&deeply(line, &holes)]].concat())?;
        }
        let mut words = if self.at == "client" { setup.client.clone() } else { Vec::new() };
        words.extend(user(nobody).into_iter().map(String::from));
        words.push(program.display().to_string());
        words.extend(self.args.iter().map(|arg| deeply(arg, &holes)));
        let mut running = Running::spawn(&words, &dir, self.env.iter().map(|(k, v)| (k, deeply(v, &holes))), port)?;
        running.root = root;
        running.wait(self, setup, &holes)?;
        Ok(running)
    }

    /// Everything its files' placeholders stand for, and the root of its certificate.
    fn holes(&self, dir: &Path, port: u16, setup: &Setup) -> Result<(BTreeMap<String, String>, String), String> {
        let authority = Authority::new().map_err(|e| e.to_string())?;
        let names = [setup.address.to_owned(), "localhost".to_owned()];
        let leaf = authority.leaf(setup.tls.unwrap_or(Kind::Trusted), &names).map_err(|e| e.to_string())?;
        let (chain, key) = leaf.pem();
        let (client, client_key) = authority.client().map_err(|e| e.to_string())?;
        let files = [
            ("cert.pem", chain.as_str()),
            ("key.pem", &key),
            ("both.pem", &format!("{chain}{key}")),
            ("root.pem", authority.pem()),
            ("client.pem", &client),
            ("client-key.pem", &client_key),
        ];
        for (name, text) in files {
            std::fs::write(dir.join(name), text).map_err(|e| e.to_string())?;
        }
        let (host, far) = setup.upstream.rsplit_once(':').unwrap_or((setup.upstream, ""));
        let mut holes = setup.holes.clone();
        holes.extend(self.part.clone());
        for name in setup.with {
            holes.extend(self.variant.get(name).cloned().unwrap_or_default());
        }
        holes.extend(setup.part.clone());
        let own = [
            ("dir", dir.display().to_string()),
            ("address", setup.address.to_owned()),
            ("port", port.to_string()),
            ("user", std::env::var("USER").unwrap_or_else(|_| String::from("root"))),
            ("upstream", setup.upstream.to_owned()),
            ("upstream.host", host.trim_matches(['[', ']']).to_owned()),
            ("upstream.port", far.to_owned()),
        ];
        holes.extend(own.map(|(name, value)| (name.to_owned(), value)));
        holes.extend(self.ports.iter().map(|name| (format!("{name}.port"), free_port().to_string())));
        Ok((holes, authority.pem().to_owned()))
    }
}

/// A text with its placeholders filled, and those within what they stand for.
fn deeply(text: &str, holes: &BTreeMap<String, String>) -> String {
    (0..DEEPEST).fold(text.to_owned(), |text, _| filled(&text, holes))
}

fn is_root() -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|s| s.lines().any(|l| l.starts_with("Uid:\t0\t")))
}

/// The words before a command that make it run as the product's user.
fn user(nobody: bool) -> Vec<&'static str> {
    if nobody { vec!["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] } else { Vec::new() }
}

/// Gives a folder and its files to nobody.
fn hand_over(dir: &Path) -> Result<(), String> {
    let own = |path: &Path| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).map_err(|e| e.to_string());
    let files = std::fs::read_dir(dir).map_err(|e| e.to_string())?;
    files.filter_map(Result::ok).try_for_each(|file| own(&file.path()))?;
    own(dir)
}

impl Running {
    fn spawn<'a>(
        words: &[String],
        dir: &Path,
        env: impl Iterator<Item = (&'a String, String)>,
        port: u16,
    ) -> Result<Self, String> {
        let mut child = Command::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(env)
            .current_dir(dir)
            // Its children end with it, see `drop`.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("{}: {e}", words[0]))?;
        let (send, lines) = channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] =
            [child.stdout.take().map(|s| Box::new(s) as _), child.stderr.take().map(|s| Box::new(s) as _)];
        for stream in streams.into_iter().flatten() {
            let send = send.clone();
            std::thread::spawn(move || {
                BufReader::new(stream).lines().map_while(Result::ok).for_each(|line| drop(send.send(line)))
            });
        }
        Ok(Self { child, port, dir: dir.to_owned(), root: String::new(), lines, said: Vec::new() })
    }

    fn wait(&mut self, product: &Product, setup: &Setup, holes: &BTreeMap<String, String>) -> Result<(), String> {
        let end = Instant::now() + READY;
        while Instant::now() < end {
            if !self.stirred() {
                break;
            }
            let ready = match (&product.ready_line, &product.ready_url) {
                (Some(text), _) => self.said.iter().any(|line| line.contains(&deeply(text, holes))),
                (None, Some(url)) => answered(&deeply(url, holes)),
                (None, None) => accepts(setup.address, self.port),
            };
            if ready {
                return Ok(());
            }
        }
        let status = self.child.try_wait().ok().flatten();
        Err(format!("{} did not get ready ({status:?}):\n{}", product.name, self.said.join("\n")))
    }
}

impl Running {
    /// Waits for its next word, or a short while without one: then is when to look again. False once it is gone.
    pub fn stirred(&mut self) -> bool {
        match self.lines.recv_timeout(Duration::from_millis(10)) {
            Ok(line) => self.said.push(line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        true
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = crate::namespace::run("kill", &["-KILL", "--", &format!("-{}", self.child.id())]);
        let _ = self.child.wait();
    }
}

fn accepts(address: &str, port: u16) -> bool {
    let address: Result<IpAddr, _> = address.parse();
    address.is_ok_and(|ip| TcpStream::connect_timeout(&SocketAddr::from((ip, port)), Duration::from_secs(1)).is_ok())
}

/// Whether `ADDRESS:PORT/PATH` is answered 200.
fn answered(url: &str) -> bool {
    let Some((at, path)) = url.split_once('/') else { return false };
    let Ok(mut stream) = TcpStream::connect(at) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = stream.write_all(format!("GET /{path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.starts_with("HTTP/1.1 200")
}
