//! What `clawprobe advise` prints, unedited, on the real products in front of a real gateway: a run through it is healthy and has
//! no finding. How a product takes the printed file up is data: `tests/edges/advised/NAME.toml`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clawprobe::reference::certificate::Kind;
use clawprobe::reference::ground::Standing;
use libtest_mimic::Trial;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

use crate::cast::fingerprint;
use crate::gateway::TOKEN;
use crate::parts;
use crate::product::{Product, Running, Setup, files};
use crate::stage::Stage;

/// The name that a certificate is made out to and that leads to loopback everywhere (RFC 6761).
const NAME: &str = "localhost";

/// A way to stand in front of a gateway.
struct Case {
    name: &'static str,
    /// The gateway's configuration, and the scheme it is asked by.
    gateway: &'static str,
    scheme: &'static str,
    /// The hop that is advised; an inner one stands alone, and once more behind an advised nginx.
    hop: &'static str,
    /// Whether the gateway's certificate is checked.
    checked: bool,
}

const CASES: &[Case] = &[
    Case { name: "outer", gateway: "trusted", scheme: "ws", hop: "outer", checked: false },
    Case { name: "outer-tls", gateway: "trusted-tls", scheme: "wss", hop: "outer", checked: false },
    Case { name: "checked", gateway: "trusted-tls", scheme: "wss", hop: "outer", checked: true },
    // The real gateway listens at no Unix socket: the reference gateway does.
    Case { name: "unix", gateway: "", scheme: "unix", hop: "outer", checked: false },
    Case { name: "inner", gateway: "trusted", scheme: "ws", hop: "inner", checked: false },
];

/// Every product that takes advice up.
fn products() -> Result<Vec<Product>, String> {
    let read = |(name, text): (String, String)| {
        let product: Product = toml::from_str(&text).map_err(|e| format!("advised {name}: {e}"))?;
        Ok(Product { name, ..product })
    };
    files("advised")?.into_iter().map(read).collect()
}

/// The gateways they stand in front of, before anything is measured.
pub fn prepare(stage: &Stage, asked: impl Fn(&str) -> bool) {
    for product in products().unwrap_or_default() {
        for case in
            CASES.iter().filter(|case| !case.gateway.is_empty() && asked(&format!("advise::{}::{}", product.name, case.name)))
        {
            let _ = stage.with_gateway(case.gateway, |_| ());
        }
    }
}

/// The trials: each product in each way.
pub fn trials(stage: &Arc<Stage>) -> Vec<Trial> {
    let products = match products() {
        Ok(products) => products,
        Err(why) => return vec![parts::trial("advise::products".into(), None, || Err(why))],
    };
    let outer = products.iter().find(|p| p.name == "nginx").cloned().unwrap_or_default();
    let pairs = products.iter().flat_map(|product| CASES.iter().map(move |case| (product.clone(), case)));
    // A tunnel hands on bytes: it is no hop, and checks no certificate. Traefik reaches no Unix socket.
    let hops = |(product, case): &(Product, &Case)| match case.name {
        "outer" | "outer-tls" => true,
        "unix" => product.name != "traefik",
        _ => !tunnels(product),
    };
    pairs
        .filter(hops)
        .map(|(product, case)| {
            let absent = [&product, &outer].into_iter().find(|p| p.installed().is_none()).map(|p| p.name.clone());
            let absent = absent.or_else(|| parts::absent_release(crate::gateway::CURRENT));
            let (stage, outer) = (Arc::clone(stage), outer.clone());
            parts::trial(format!("advise::{}::{}", product.name, case.name), absent, move || play(&stage, &product, &outer, case))
        })
        .collect()
}

fn tunnels(product: &Product) -> bool {
    product.by.as_deref() == Some("tunnel")
}

fn play(stage: &Stage, product: &Product, outer: &Product, case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    // A product that runs as nobody reaches its own folder below.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).map_err(|e| e.to_string())?;
    port_80_taken()?;
    let gateway = gateway(stage, product, case, folder.path())?;
    let advised = Advised { stage, folder: folder.path().to_owned(), beneath: RefCell::default() };
    let own = gateway.certificate.as_deref().filter(|_| case.checked);
    let edge = advised.raise(product, &gateway.url, case.hop, own)?;
    if case.checked {
        let stranger = folder.path().join("stranger.pem");
        std::fs::write(&stranger, &edge.root).map_err(|e| e.to_string())?;
        return advised
            .healthy(product, &gateway, "outer", &edge)
            .and_then(|()| advised.refuses(product, &gateway.url, &stranger));
    }
    advised.healthy(product, &gateway, case.hop, &edge)?;
    if case.hop == "inner" {
        let outermost = advised.raise(outer, &format!("ws://127.0.0.1:{}", edge.port), "outer", None)?;
        let through = Behind { url: gateway.url.clone(), ..Behind::default() };
        advised.healthy(outer, &through, "outer", &outermost)?;
    }
    Ok(())
}

/// From now on another program has port 80, as on a machine that serves something already: whoever gives an edge another port than
/// 443 does not mean it to take 80. Outside of a namespace of our own the port is none of a user's anyway.
fn port_80_taken() -> Result<(), String> {
    static TAKEN: OnceLock<Result<TcpListener, String>> = OnceLock::new();
    if !crate::namespace::own() {
        return Ok(());
    }
    let taken = TAKEN.get_or_init(|| TcpListener::bind(("::", 80)).map_err(|e| format!("port 80: {e}")));
    taken.as_ref().map(drop).map_err(Clone::clone)
}

/// The gateway of a case.
#[derive(Default)]
struct Behind {
    url: String,
    /// The fingerprint of its certificate.
    pin: String,
    /// The file that its certificate is held against.
    certificate: Option<PathBuf>,
    _standing: Option<Standing>,
}

/// The real gateway; the reference gateway where the real one cannot be had: behind a Unix socket, and with a certificate that
/// names a host, as products written in Go insist on.
fn gateway(stage: &Stage, product: &Product, case: &Case, folder: &Path) -> Result<Behind, String> {
    let named = ["caddy", "traefik"].contains(&product.name.as_str());
    match case.scheme {
        "unix" => socket(stage, folder).map(|(url, standing)| Behind { url, _standing: Some(standing), ..Behind::default() }),
        _ if case.checked && named => certified(stage, folder),
        scheme => stage.with_gateway(case.gateway, |gateway| {
            let made = gateway.folder.path().join("state/gateway/tls/gateway-cert.pem");
            let url = format!("{scheme}://127.0.0.1:{}", gateway.port);
            let Some(pin) = fingerprint(&made) else { return Ok(Behind { url, ..Behind::default() }) };
            // A product that runs as nobody may read it here.
            let certificate = folder.join("gateway.pem");
            readable(&made, &certificate)?;
            Ok(Behind { url, pin, certificate: Some(certificate), _standing: None })
        })?,
    }
}

/// A copy that everybody may read.
fn readable(from: &Path, to: &Path) -> Result<(), String> {
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::copy(from, to).and_then(|_| std::fs::set_permissions(to, open)).map_err(|e| e.to_string())
}

/// The reference gateway with a certificate that its own authority vouches for.
fn certified(stage: &Stage, folder: &Path) -> Result<Behind, String> {
    let world = format!("[gateway]\nsecret = '{TOKEN}'\ntls = 'trusted'\ntrusted-proxies = ['127.0.0.1', '::1']\n");
    let table = world.parse::<toml::Table>().map_err(|e: toml::de::Error| e.to_string())?;
    let standing = stage.ground().raise(table).map_err(|c| c.to_string())?;
    let hole = |name: &str| standing.holes.get(name).cloned().ok_or_else(|| format!("no {name}"));
    let certificate = folder.join("authority.pem");
    readable(&standing.folder().join("root.pem"), &certificate)?;
    let url = format!("wss://127.0.0.1:{}", hole("gateway.port")?);
    let pin = hole("gateway.pin")?.trim_start_matches("sha256:").to_owned();
    Ok(Behind { url, pin, certificate: Some(certificate), _standing: Some(standing) })
}

/// The reference gateway behind a Unix socket that everybody may connect to.
fn socket(stage: &Stage, folder: &Path) -> Result<(String, Standing), String> {
    let file = folder.join("gateway.sock");
    let at = format!("unix:{}", file.display());
    let world = format!("[gateway]\nlisten = ['{at}']\nsecret = '{TOKEN}'\ntrusted-proxies = ['127.0.0.1', '::1']\n");
    let table = world.parse::<toml::Table>().map_err(|e: toml::de::Error| e.to_string())?;
    let standing = stage.ground().raise(table).map_err(|c| c.to_string())?;
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(&file, open).map_err(|e| e.to_string())?;
    Ok((at, standing))
}

/// The longest a product may take from accepting to leading anywhere: Traefik answers 404 until its file is read.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a product has made up its mind, and gives the first line of its answer to the health route. Traefik answers 404 until
/// its file is read.
fn answered(running: &mut Running, root: Option<&str>) -> Result<String, String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = asked(running.port, root);
        match &answer {
            Ok(text) if !text.is_empty() && !text.starts_with("HTTP/1.1 404") => {
                return Ok(text.lines().next().unwrap_or_default().to_owned());
            }
            _ if !running.stirred() || Instant::now() > end => return Err(format!("no answer within {PATIENCE:?}: {answer:?}")),
            _ => {}
        }
    }
}

fn asked(port: u16, root: Option<&str>) -> std::io::Result<String> {
    let tcp = TcpStream::connect(("127.0.0.1", port))?;
    tcp.set_read_timeout(Some(Duration::from_secs(5)))?;
    let question = format!("GET /health HTTP/1.1\r\nHost: {NAME}:{port}\r\nConnection: close\r\n\r\n");
    let mut answer = Vec::new();
    let ended = match root {
        None => {
            let mut tcp = tcp;
            tcp.write_all(question.as_bytes())?;
            tcp.read_to_end(&mut answer)
        }
        Some(root) => {
            let mut roots = rustls::RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(root.as_bytes()).flatten() {
                roots.add(certificate).map_err(std::io::Error::other)?;
            }
            let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
            let name = NAME.try_into().map_err(std::io::Error::other)?;
            let session = rustls::ClientConnection::new(Arc::new(config), name).map_err(std::io::Error::other)?;
            let mut tls = rustls::StreamOwned::new(session, tcp);
            tls.write_all(question.as_bytes())?;
            tls.read_to_end(&mut answer)
        }
    };
    // An end without close_notify is none of our business here.
    if answer.is_empty() { ended.map(|_| String::new()) } else { Ok(String::from_utf8_lossy(&answer).into_owned()) }
}

/// What stands, and where its files are.
struct Advised<'a> {
    stage: &'a Stage,
    folder: PathBuf,
    /// What stands behind a tunnel's near end.
    beneath: RefCell<Vec<Running>>,
}

impl Advised<'_> {
    /// Starts a product with what is printed for a gateway, as it is printed, and sees it lead there.
    fn raise(&self, product: &Product, gateway: &str, hop: &str, checked: Option<&Path>) -> Result<Running, String> {
        let (mut running, answer) = self.stand(product, gateway, hop, checked)?;
        match answer.starts_with("HTTP/1.1 200") {
            true => Ok(running),
            false => {
                running.stirred();
                Err(format!("nothing is led to the gateway: {answer}"))
            }
        }
    }

    /// A gateway with another certificate than the one that was named is not led to.
    fn refuses(&self, product: &Product, gateway: &str, stranger: &Path) -> Result<(), String> {
        let (_running, answer) = self.stand(product, gateway, "outer", Some(stranger))?;
        match answer.starts_with("HTTP/1.1 5") {
            true => Ok(()),
            false => Err(format!("another certificate than the named one is taken: {answer}")),
        }
    }

    fn stand(&self, product: &Product, gateway: &str, hop: &str, checked: Option<&Path>) -> Result<(Running, String), String> {
        let (_, program) = self.stage.product(&product.name)?;
        let checked = checked.map(|file| format!("--gateway-ca {}", file.display())).unwrap_or_default();
        let certificate = if hop == "inner" { "" } else { "--cert {dir}/both.pem --key {dir}/key.pem" };
        let mut holes = BTreeMap::from([
            ("advise".to_owned(), format!("HOME={{dir}} {} advise", self.stage.program().display())),
            ("host".to_owned(), String::from("127.0.0.1")),
            ("ask".to_owned(), format!("{} {certificate} {checked}", ask(product, gateway, hop, "{port}"))),
        ]);
        if let Some(behind) = &product.behind {
            let (behind, program) = self.stage.product(behind)?;
            let running = behind.start(&self.folder, &program, &self.setup(gateway, &holes)?)?;
            holes.insert("hop-0.dir".into(), running.dir.display().to_string());
            holes.insert("hop-0.port".into(), running.port.to_string());
            self.beneath.borrow_mut().push(running);
        }
        let mut running = product.start(&self.folder, &program, &self.setup(gateway, &holes)?)?;
        if tunnels(product) {
            // Bytes are handed on to whatever is there: the run through it tells.
            return Ok((running, String::from("HTTP/1.1 200")));
        }
        let root = running.root.clone();
        let answer = answered(&mut running, Some(root.as_str()).filter(|_| hop == "outer"))?;
        Ok((running, answer))
    }

    fn setup<'b>(&self, gateway: &'b str, holes: &'b BTreeMap<String, String>) -> Result<Setup<'b>, String> {
        static NOTHING: BTreeMap<String, String> = BTreeMap::new();
        Ok(Setup {
            address: "127.0.0.1",
            upstream: gateway,
            with: &[],
            part: &NOTHING,
            tls: Some(Kind::Trusted),
            holes,
            client: self.stage.client()?,
        })
    }

    /// The check that is printed, as it is printed, and a preflight by the same ways: no finding, and nothing required is open.
    fn healthy(&self, product: &Product, gateway: &Behind, hop: &str, edge: &Running) -> Result<(), String> {
        let file = self.folder.join("root.pem");
        std::fs::write(&file, &edge.root).map_err(|e| e.to_string())?;
        let printed =
            self.printed(product, &gateway.url, hop, edge.port)?.replace("sha256:HEX", &format!("sha256:{}", gateway.pin));
        for line in [printed.clone(), printed.replace("clawprobe run edge", "clawprobe preflight")] {
            let mut command = Command::new("/bin/sh");
            let more = format!("{line} --ca {} --format json --quiet --no-overlay", file.display());
            let path = self.stage.program().parent().map(|p| p.display().to_string()).unwrap_or_default();
            command
                .args(["-c", &more])
                .env_clear()
                .env("HOME", &self.folder)
                .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
                .env("PATH", path);
            let done = command.output().map_err(|e| e.to_string())?;
            let report: Value = serde_json::from_slice(&done.stdout)
                .map_err(|e| format!("{line}: {e}: {}", String::from_utf8_lossy(&done.stderr)))?;
            let open: Vec<&str> = report["undecided"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|u| u["required"] == true)
                .filter_map(|u| u["code"].as_str())
                .collect();
            if report["findings"].as_array().is_none_or(|all| !all.is_empty()) || !open.is_empty() {
                return Err(format!("{line}: {:#}\n{open:?} {:#}", report["findings"], report["undecided"]));
            }
        }
        Ok(())
    }

    /// The line with which the printed page has itself checked.
    fn printed(&self, product: &Product, gateway: &str, hop: &str, port: u16) -> Result<String, String> {
        let mut command = Command::new(self.stage.program());
        command.arg("advise").arg(&product.name).args(["--format", "json"]).env_clear().env("HOME", &self.folder);
        command.args(ask(product, gateway, hop, &port.to_string()).split_whitespace());
        let done = command.output().map_err(|e| e.to_string())?;
        let page: Value =
            serde_json::from_slice(&done.stdout).map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&done.stderr)))?;
        page["check"][0].as_str().map(str::to_owned).ok_or_else(|| format!("{page:#}"))
    }
}

/// The flags that are given beside those of certificates.
fn ask(product: &Product, gateway: &str, hop: &str, port: &str) -> String {
    let near = if hop == "inner" || tunnels(product) { "127.0.0.1:" } else { "" };
    let name = if hop == "inner" { String::new() } else { format!("--name {NAME}") };
    format!("--gateway {gateway} {name} --hop {hop} --listen {near}{port}")
}
