//! Where a world stands: a runtime of its own, sockets on free ports, files in a folder that goes with it.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use toml::Table;

use super::certificate::{self, Authority, Kind, Leaf};
use super::fault::Need;
use super::front::Front;
use super::gateway::{self, Gateway};
use super::hostile::{self, Hostile};
use super::world::{Client, STANDS, World, fill};
use super::{edge, resolver, script};
use crate::complaint::Complaint;
use crate::own;

/// The threads that worlds run on. Worlds end with it.
#[derive(Debug)]
pub struct Ground {
    runtime: Runtime,
}

/// A world that stands for as long as this value lives.
#[derive(Debug)]
pub struct Standing {
    /// What clawprobe is to be told.
    pub client: Client,
    /// What the holes were filled with: `gateway.port`, `dir`, `token`.
    pub holes: BTreeMap<String, String>,
    /// The gateway, to look at and to end.
    pub gateway: Option<Arc<Gateway>>,
    /// Where each stand-in listens, by name: `127.0.0.1:18789`, `[::1]:18789`, `unix:PATH`.
    pub listens: BTreeMap<String, Vec<String>>,
    gateways: JoinSet<()>,
    _tasks: JoinSet<()>,
    folder: TempDir,
}

/// Where a stand-in sits, read before its other options because ports fill their holes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Seat {
    listen: Vec<String>,
    port: u16,
    stopped: bool,
    hostile: Option<hostile::Options>,
    tls: Option<Kind>,
}

impl Ground {
    /// Threads for worlds.
    ///
    /// # Errors
    /// The system gives no event loop.
    pub fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        Ok(Self { runtime })
    }

    /// Whether this machine has what a fault needs.
    pub fn has(&self, need: Need) -> bool {
        let _inside = self.runtime.enter();
        match need {
            Need::Ipv6 => Front::bind(&["::1".to_owned()], 0).is_ok(),
            Need::Address => own::address(true).is_some(),
            Need::NoContainer => !own::in_container(Path::new("/")),
        }
    }

    /// Makes a world stand. Every socket listens when this returns.
    ///
    /// # Errors
    /// A complaint about a document that is no world, or an address that cannot be had.
    pub fn raise(&self, document: Table) -> Result<Standing, Complaint> {
        self.raise_with(document, BTreeMap::new())
    }

    /// The same with holes of the caller's: a `token` or `password` that is not to be made up.
    ///
    /// # Errors
    /// As for [`Self::raise`].
    pub fn raise_with(&self, mut document: Table, own: BTreeMap<String, String>) -> Result<Standing, Complaint> {
        let _inside = self.runtime.enter();
        let folder = tempfile::tempdir().map_err(|why| Complaint::new(format!("no folder for the reference world: {why}")))?;
        let authority = Authority::new().map_err(|why| Complaint::new(format!("no certificate: {why}")))?;
        let mut holes = BTreeMap::from([
            ("dir".to_owned(), folder.path().display().to_string()),
            ("token".to_owned(), random()?),
            ("password".to_owned(), random()?),
        ]);
        holes.extend(own);
        holes.extend(own::address(true).map(|address| ("address".to_owned(), address.to_string())));
        fill(&mut document, &holes);
        let mut seats = seat(&document, &authority, &mut holes)?;
        let name_server = seat_resolver(&document, &mut holes)?;
        fill(&mut document, &holes);
        let world: World =
            document.try_into().map_err(|why: toml::de::Error| Complaint::new(format!("this is no world: {}", why.message())))?;
        let keep = |name: &str, text: &str| {
            private(&folder.path().join(name), text).map_err(|why| Complaint::new(format!("{name}: {why}")))
        };
        keep("root.pem", authority.pem())?;
        let (client, key) = authority.client().map_err(|why| Complaint::new(format!("no certificate: {why}")))?;
        keep("client.pem", &client)?;
        keep("client.key", &key)?;
        world.file.iter().try_for_each(|(name, text)| keep(name, text))?;
        let listens = seats.iter().map(|(name, (front, _))| ((*name).to_owned(), front.listens())).collect();
        let (mut tasks, mut gateways) = (JoinSet::new(), JoinSet::new());
        let no_tls = |why: rustls::Error| Complaint::new(format!("no TLS: {why}"));
        let mut first = None;
        for (name, options) in [("gateway", world.gateway), ("other", world.other)] {
            if let (Some(options), Some((front, leaf))) = (options, seats.remove(name)) {
                let tls = leaf.map(|leaf| leaf.gateway(&["http/1.1"]).map(Arc::new)).transpose().map_err(no_tls)?;
                let gateway = Gateway::new(options)?;
                gateways.spawn(Arc::clone(&gateway).serve(front, tls));
                first.get_or_insert(gateway);
            }
        }
        for (name, options) in [("edge", world.edge), ("edge-2", world.edge_2)] {
            if let (Some(options), Some((front, leaf))) = (options, seats.remove(name)) {
                let tls = leaf.map(|leaf| edge::tls(&options, &leaf, &authority).map(Arc::new)).transpose();
                let tls = tls.map_err(|why| Complaint::new(format!("no TLS: {why}")))?;
                tasks.spawn(edge::serve(options, front, tls));
            }
        }
        if let (Some(options), Some((front, leaf))) = (world.peer, seats.remove("peer")) {
            let tls = leaf.map(|leaf| leaf.server(&["http/1.1"]).map(Arc::new)).transpose().map_err(no_tls)?;
            tasks.spawn(script::serve(options, front, tls));
        }
        if let (Some(options), Some(seat)) = (world.resolver, name_server) {
            tasks.spawn(resolver::serve(options, seat));
        }
        Ok(Standing { client: world.client, holes, gateway: first, listens, gateways, _tasks: tasks, folder })
    }

    /// Waits for the end that is asked for, and then until the gateway has told its clients and is gone.
    pub fn hold<T>(&self, mut standing: Standing, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let answer = asked.await;
            if let Some(gateway) = &standing.gateway {
                gateway.drain();
                standing.gateways.join_next().await;
            }
            answer
        })
    }
}

impl Standing {
    /// Keeps one more file beside the world's own, for this user alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let file = self.folder.path().join(name);
        private(&file, text).map(|()| file)
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The listening sockets of a stand-in, and its certificate if it speaks TLS.
type Seats = BTreeMap<&'static str, (Front, Option<Leaf>)>;

/// Binds a front for every stand-in and learns its port, makes its certificate and learns its pin. The other gateway shares the
/// first one's port.
fn seat(document: &Table, authority: &Authority, holes: &mut BTreeMap<String, String>) -> Result<Seats, Complaint> {
    let mut seats = Seats::new();
    for name in STANDS.iter().copied() {
        let Some(seat) = Seat::of(document, name)? else { continue };
        let port = match seats.get("gateway") {
            Some((Front { port, .. }, _)) if name == "other" => *port,
            _ => seat.port,
        };
        let front = match seat.hostile.as_ref().map(|h| h.what) {
            Some(Hostile::DropsPackets) => Front::full(&seat.listen, port),
            _ if seat.stopped => Front::closed(&seat.listen, port),
            _ => Front::bind(&seat.listen, port),
        };
        let front = front.map_err(|why| seat.taken(name, &why))?;
        let ips: Vec<String> = seat.listen.into_iter().filter(|place| place.parse::<IpAddr>().is_ok()).collect();
        let leaf = seat.tls.map(|kind| match (name, kind) {
            ("gateway" | "other", Kind::SelfSigned) => certificate::own(),
            _ => authority.leaf(kind, &ips),
        });
        let leaf = leaf.transpose();
        let leaf = leaf.map_err(|why| Complaint::new(format!("no certificate for the {name}: {why}")))?;
        holes.insert(format!("{name}.port"), front.port.to_string());
        holes.extend(leaf.as_ref().map(|leaf| (format!("{name}.pin"), leaf.pin())));
        seats.insert(name, (front, leaf));
    }
    Ok(seats)
}

fn seat_resolver(document: &Table, holes: &mut BTreeMap<String, String>) -> Result<Option<resolver::Seat>, Complaint> {
    let Some(seat) = Seat::of(document, "resolver")? else { return Ok(None) };
    let bound = resolver::Seat::bind(&seat.listen, seat.port, !seat.stopped).map_err(|why| seat.taken("resolver", &why))?;
    holes.insert("resolver.port".to_owned(), bound.port.to_string());
    Ok(Some(bound))
}

impl Seat {
    /// The seat of a stand-in, if the document has it.
    fn of(document: &Table, name: &str) -> Result<Option<Self>, Complaint> {
        let Some(table) = document.get(name) else { return Ok(None) };
        let mut seat: Self =
            table.clone().try_into().map_err(|why: toml::de::Error| Complaint::new(format!("{name}: {}", why.message())))?;
        if seat.listen.is_empty() {
            seat.listen = match name {
                "gateway" | "other" => gateway::Options::default().listen,
                _ => vec![String::from("127.0.0.1")],
            };
        }
        Ok(Some(seat))
    }

    fn taken(&self, name: &str, why: &io::Error) -> Complaint {
        Complaint::new(format!("the {name} cannot listen on {}: {why}", self.listen.join(", ")))
    }
}

/// Writes a file that nobody else may read: some hold a secret, and the folder is open.
fn private(file: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    io::Write::write_all(&mut options.open(file)?, text.as_bytes())
}

/// A secret that nobody knows.
fn random() -> Result<String, Complaint> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|why| Complaint::new(format!("the system gives no random bytes: {why}")))?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}
