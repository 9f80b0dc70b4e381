//! What `clawprobe advise` prints, unedited, on the real products in front of a real gateway: a run through it is healthy and has
//! no finding. How a product takes the printed file up is data: `tests/edges/advised/NAME.toml`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clawprobe::reference::certificate::Kind;
use clawprobe::reference::ground::Standing;
use libtest_mimic::Trial;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;

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
}

const CASES: &[Case] = &[
    Case { name: "outer", gateway: "trusted", scheme: "ws", hop: "outer" },
    Case { name: "outer-tls", gateway: "trusted-tls", scheme: "wss", hop: "outer" },
    // The real gateway listens at no Unix socket: the reference gateway does.
    Case { name: "unix", gateway: "", scheme: "unix", hop: "outer" },
    Case { name: "inner", gateway: "trusted", scheme: "ws", hop: "inner" },
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
    // A tunnel hands on bytes: it is no hop, and the gateway's own certificate names nobody.
    let hops = |(product, case): &(Product, &Case)| match case.name {
        "outer" => true,
        "unix" => !tunnels(product) && product.name != "traefik",
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
    let (direct, _standing) = match case.scheme {
        "unix" => socket(stage, folder.path()).map(|(direct, standing)| (direct, Some(standing)))?,
        scheme => (format!("{scheme}://127.0.0.1:{}", stage.with_gateway(case.gateway, |gateway| gateway.port)?), None),
    };
    let advised = Advised { stage, folder: folder.path().to_owned(), beneath: RefCell::default() };
    let edge = advised.raise(product, &direct, case.hop)?;
    match case.hop {
        "inner" => {
            let inner = format!("http://127.0.0.1:{}", edge.port);
            advised.healthy(&direct, &inner, &edge.root)?;
            let outermost = advised.raise(outer, &format!("ws://127.0.0.1:{}", edge.port), "outer")?;
            advised.healthy(&direct, &format!("https://{NAME}:{}", outermost.port), &outermost.root)
        }
        // The gateway's own certificate names no host: by its own TLS only the edge is asked.
        _ if tunnels(product) => advised.healthy(&direct, &format!("ws://127.0.0.1:{}", edge.port), &edge.root),
        _ => advised.healthy(&direct, &format!("https://{NAME}:{}", edge.port), &edge.root),
    }
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

/// Waits until a product leads to the gateway: its health route is answered 200.
fn routed(port: u16, root: Option<&str>) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if asked(port, root).is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(());
        }
        std::thread::yield_now();
    }
    Err(format!("nothing is led to the gateway within {PATIENCE:?}: {:?}", asked(port, root)))
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
    /// Starts a product with what is printed for a gateway, as it is printed.
    fn raise(&self, product: &Product, gateway: &str, hop: &str) -> Result<Running, String> {
        let (_, program) = self.stage.product(&product.name)?;
        let listen = if hop == "inner" || tunnels(product) { "127.0.0.1:{port}" } else { "{port}" };
        let ask = format!("--gateway {gateway} --name {NAME} --hop {hop} --listen {listen}");
        let certificate = if hop == "inner" { "" } else { "--cert {dir}/both.pem --key {dir}/key.pem" };
        let mut holes = BTreeMap::from([
            ("advise".to_owned(), format!("HOME={{dir}} {} advise", self.stage.program().display())),
            ("host".to_owned(), String::from("127.0.0.1")),
            ("ask".to_owned(), format!("{ask} {certificate}")),
        ]);
        if let Some(behind) = &product.behind {
            let (behind, program) = self.stage.product(behind)?;
            let running = behind.start(&self.folder, &program, &self.setup(gateway, &holes)?)?;
            holes.insert("hop-0.dir".into(), running.dir.display().to_string());
            holes.insert("hop-0.port".into(), running.port.to_string());
            self.beneath.borrow_mut().push(running);
        }
        let running = product.start(&self.folder, &program, &self.setup(gateway, &holes)?)?;
        let tls = hop == "outer" && !tunnels(product);
        routed(running.port, tls.then_some(running.root.as_str()))?;
        Ok(running)
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

    /// A preflight and the matrix of edges through it, beside the direct path where that can be verified.
    fn healthy(&self, direct: &str, edge: &str, root: &str) -> Result<(), String> {
        let file = self.folder.join("root.pem");
        std::fs::write(&file, root).map_err(|e| e.to_string())?;
        for matrix in ["preflight", "edge"] {
            let mut command = Command::new(self.stage.program());
            let by = if edge.starts_with("ws:") { "--tunnel" } else { "--edge" };
            command.args(["run", matrix, by, edge, "--format", "json", "--quiet", "--no-overlay"]).arg("--ca").arg(&file);
            if !direct.starts_with("wss:") {
                command.args(["--gateway", direct]);
            }
            command.env_clear().env("HOME", &self.folder).env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
            let done = command.output().map_err(|e| e.to_string())?;
            let report: Value =
                serde_json::from_slice(&done.stdout).map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&done.stderr)))?;
            let undecided = report["undecided"].as_array().into_iter().flatten().filter(|u| u["required"] == true).count();
            // Without the direct path the matrix of edges says so itself; nothing else may be open.
            let lacking = usize::from(direct.starts_with("wss:") && matrix == "edge");
            if report["findings"].as_array().is_none_or(|all| !all.is_empty()) || undecided > lacking {
                return Err(format!("{matrix} through {edge}: {:#}\n{:#}", report["findings"], report["undecided"]));
            }
        }
        Ok(())
    }
}
