//! Where a world stands: a runtime of its own, sockets on free ports, files in a folder that goes with it.

use std::collections::BTreeMap;
use std::io;
use std::mem::take;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;

use super::certificate::Authority;
use super::document::Document;
use super::fault::{Fault, Need, is_plain};
use super::folder::Folder;
use super::front::no_family;
use super::gateway::Gateway;
use super::seat::{self, Seats};
use super::world::{Client, STANDS, World};
use super::{edge, resolver, script, within};
use crate::complaint::Complaint;
use crate::harmless::in_line;
use crate::own;

/// How long a world may take to give up its sockets; it is a matter of milliseconds.
const CLOSING: Duration = Duration::from_secs(2);
/// How long a connection over loopback may take; the kernel answers at once.
const NEAR: Duration = Duration::from_secs(2);

/// The threads that worlds run on, and what is known of the machine beneath them. Worlds end with it.
#[derive(Debug)]
pub struct Ground {
    runtime: Runtime,
    address: OnceLock<Option<IpAddr>>,
    found: Mutex<BTreeMap<Need, bool>>,
}

/// A world that stands for as long as this value lives.
#[derive(Debug)]
pub struct Standing {
    /// What clawprobe is to be told.
    pub client: Client,
    /// The world as it was told.
    pub document: Document,
    /// What the holes were filled with: `gateway.port`, `dir`, `token`.
    pub holes: BTreeMap<String, String>,
    /// The gateway, to look at and to end.
    pub gateway: Option<Arc<Gateway>>,
    /// Where each stand-in listens, by name: `127.0.0.1:18789`, `[::1]:18789`, `unix:PATH`.
    pub listens: BTreeMap<String, Vec<String>>,
    other: Option<Arc<Gateway>>,
    gateways: JoinSet<()>,
    tasks: JoinSet<()>,
    folder: Folder,
    runtime: Handle,
}

impl Ground {
    /// Threads for worlds.
    ///
    /// # Errors
    /// The system gives no event loop.
    pub fn new() -> Result<Self, Complaint> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|why| Complaint::new(format!("the reference world cannot stand: {why}")))?;
        Ok(Self { runtime, address: OnceLock::new(), found: Mutex::default() })
    }

    /// Whether a connection over loopback comes about: without it a world stands and nobody reaches it.
    ///
    /// # Errors
    /// What the system says.
    pub fn loopback(&self) -> io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        TcpStream::connect_timeout(&listener.local_addr()?, NEAR).map(drop)
    }

    /// Refuses a fault that this machine cannot make.
    ///
    /// # Errors
    /// A complaint that says what is lacking, or why that cannot be told.
    pub fn admit(&self, fault: &Fault) -> Result<(), Complaint> {
        match self.lacks(fault)? {
            Some(need) => Err(Complaint::new(format!("{} cannot be made here: this machine lacks {need}", fault.name))),
            None => Ok(()),
        }
    }

    /// The first thing that a fault needs and this machine does not have.
    ///
    /// # Errors
    /// A complaint when the system does not let itself be asked: that something is absent is only said when it is.
    pub fn lacks(&self, fault: &Fault) -> Result<Option<Need>, Complaint> {
        for need in &fault.expect.needs {
            let had = self.has(*need);
            if !had.map_err(|why| Complaint::new(format!("whether this machine has {need} cannot be told: {why}")))? {
                return Ok(Some(*need));
            }
        }
        Ok(None)
    }

    /// Whether this machine has what a fault needs, found out once.
    fn has(&self, need: Need) -> io::Result<bool> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = found.get(&need) {
            return Ok(*known);
        }
        // Whoever lists addresses or reads files finds none where no descriptor is left.
        drop(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?);
        let has = match need {
            Need::Ipv6 => bindable(UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)))?,
            Need::Address => self.address().is_some(),
            Need::NoContainer => !own::in_container(Path::new("/")),
        };
        found.insert(need, has);
        Ok(has)
    }

    /// An address of this machine beside loopback.
    fn address(&self) -> Option<IpAddr> {
        *self.address.get_or_init(|| own::address(true))
    }

    /// Makes a world stand. Every socket listens when this returns.
    ///
    /// # Errors
    /// A complaint about a document that is no world, or an address that cannot be had.
    pub fn raise(&self, document: impl Into<Document>) -> Result<Standing, Complaint> {
        self.raise_with(document, BTreeMap::new())
    }

    /// The same with holes of the caller's: a `token` or `password` that is not to be made up.
    ///
    /// # Errors
    /// As for [`Self::raise`].
    pub fn raise_with(&self, document: impl Into<Document>, own: BTreeMap<String, String>) -> Result<Standing, Complaint> {
        let _inside = self.runtime.enter();
        let document = document.into();
        let folder = Folder::new().map_err(|why| Complaint::new(format!("no folder for the reference world: {why}")))?;
        let authority = Authority::new().map_err(|why| Complaint::new(format!("no certificate: {why}")))?;
        let mut holes = self.holes(&folder)?;
        holes.extend(own);
        document.has_holes_of(&names(&document, &holes))?;
        let mut seats = seat::stands(&document, &authority, &mut holes)?;
        let name_server = seat::name_server(&document, &mut holes)?;
        let table = document.filled(&holes);
        within::check(&document, &table, &holes)?;
        let world: World =
            table.try_into().map_err(|why: toml::de::Error| Complaint::new(format!("this is no world: {}", why.message())))?;
        furnish(&folder, &authority, &world, &document)?;
        let mut standing = Standing {
            client: world.client.clone(),
            document,
            holes,
            gateway: None,
            listens: seats.iter().map(|(name, (front, _))| ((*name).to_owned(), front.listens())).collect(),
            other: None,
            gateways: JoinSet::new(),
            tasks: JoinSet::new(),
            folder,
            runtime: self.runtime.handle().clone(),
        };
        standing.people(world, &mut seats, name_server, &authority)?;
        Ok(standing)
    }

    /// What texts of a document may say before anybody is seated.
    fn holes(&self, folder: &Folder) -> Result<BTreeMap<String, String>, Complaint> {
        let made_up = [("token".to_owned(), random()?), ("password".to_owned(), random()?)];
        let dir = ("dir".to_owned(), folder.path().display().to_string());
        let address = self.address().map(|address| ("address".to_owned(), address.to_string()));
        Ok(made_up.into_iter().chain([dir]).chain(address).collect())
    }

    /// Waits for the end that is asked for, and then until every gateway has told its clients and is gone.
    pub fn hold<T>(&self, standing: &mut Standing, asked: impl Future<Output = T>) -> T {
        self.runtime.block_on(async {
            let answer = asked.await;
            [&standing.gateway, &standing.other].into_iter().flatten().for_each(|gateway| gateway.drain());
            while standing.gateways.join_next().await.is_some() {}
            answer
        })
    }
}

impl Standing {
    /// Lets everybody of a world serve where they are seated.
    fn people(
        &mut self,
        world: World,
        seats: &mut Seats,
        name_server: Option<resolver::Seat>,
        authority: &Authority,
    ) -> Result<(), Complaint> {
        let no_tls = |why: &dyn std::fmt::Display| Complaint::new(format!("no TLS: {why}"));
        for (name, options, seen) in [("gateway", world.gateway, &mut self.gateway), ("other", world.other, &mut self.other)] {
            if let (Some(options), Some((front, leaf))) = (options, seats.remove(name)) {
                let tls = leaf.map(|leaf| leaf.gateway(&["http/1.1"]).map(Arc::new)).transpose().map_err(|why| no_tls(&why))?;
                let gateway = Gateway::new(options).map_err(|why| misfit(&self.document, &[name, "release"], why))?;
                self.gateways.spawn(Arc::clone(&gateway).serve(front, tls));
                *seen = Some(gateway);
            }
        }
        for (name, options) in [("edge", world.edge), ("edge-2", world.edge_2)] {
            if let (Some(options), Some((front, leaf))) = (options, seats.remove(name)) {
                let tls = leaf.map(|leaf| edge::tls(&options, &leaf, authority).map(Arc::new)).transpose();
                self.tasks.spawn(edge::serve(options, front, tls.map_err(|why| no_tls(&why))?));
            }
        }
        if let (Some(options), Some((front, leaf))) = (world.peer, seats.remove("peer")) {
            let tls = leaf.map(|leaf| leaf.server(&["http/1.1"]).map(Arc::new)).transpose().map_err(|why| no_tls(&why))?;
            self.tasks.spawn(script::serve(options, front, tls));
        }
        if let (Some(options), Some(seat)) = (world.resolver, name_server) {
            self.tasks.spawn(resolver::serve(options, seat));
        }
        Ok(())
    }

    /// Keeps one more file beside the world's own, for this user alone; under another name if there is one of that name.
    ///
    /// # Errors
    /// What the system says.
    pub fn keep(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        match self.folder.keep(name, text) {
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => self.folder.keep(&format!("{name}-of-the-gateway"), text),
            kept => kept,
        }
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Takes the world down. Whoever drops it instead does the same and is not told what went wrong.
    ///
    /// # Errors
    /// A complaint about files that are left behind.
    pub fn end(mut self) -> Result<(), Complaint> {
        let folder = self.folder.path().to_owned();
        self.close().map_err(|why| Complaint::new(format!("the reference world leaves {} behind: {why}", folder.display())))
    }

    /// Closes the sockets, then removes the files: a process that has run out of descriptors has some again by then.
    fn close(&mut self) -> io::Result<()> {
        let (gateways, tasks) = (take(&mut self.gateways), take(&mut self.tasks));
        let (tell, closed) = mpsc::channel();
        drop(self.runtime.spawn(async move {
            for mut serving in [gateways, tasks] {
                serving.shutdown().await;
            }
            let _ = tell.send(());
        }));
        // A runtime that is gone has closed them already, and hangs up.
        let _ = closed.recv_timeout(CLOSING);
        self.folder.remove()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// Whether a socket was bound; `false` only when the system has no such address or no such family.
fn bindable(bound: io::Result<UdpSocket>) -> io::Result<bool> {
    match bound {
        Ok(_) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::AddrNotAvailable || no_family(&why) => Ok(false),
        Err(why) => Err(why),
    }
}

/// Puts a world's files into its folder.
fn furnish(folder: &Folder, authority: &Authority, world: &World, document: &Document) -> Result<(), Complaint> {
    let (client, key) = authority.client().map_err(|why| Complaint::new(format!("no certificate: {why}")))?;
    for (name, text) in [("root.pem", authority.pem()), ("client.pem", &client), ("client.key", &key)] {
        folder.keep(name, text).map_err(|why| Complaint::new(format!("{name}: {why}")))?;
    }
    world.file.iter().try_for_each(|(name, text)| {
        put(folder, name, text).map_err(|why| document.wrong_key(&["file", name], why, "not this name"))
    })
}

/// Puts a file of the world's into its folder and nowhere else.
fn put(folder: &Folder, name: &str, text: &str) -> Result<(), String> {
    if !is_plain(name) {
        return Err(format!("`{}` is not in this world's folder", in_line(name)));
    }
    let parent = folder.path().join(name).parent().map_or(Ok(()), std::fs::create_dir_all);
    parent.and_then(|()| folder.keep(name, text)).map(drop).map_err(|why| match why.kind() {
        io::ErrorKind::AlreadyExists => format!("the file {name} is the reference world's own"),
        _ => format!("the file {name} cannot be written: {why}"),
    })
}

/// The same complaint at a value of the document.
fn misfit(document: &Document, path: &[&str], why: Complaint) -> Complaint {
    let label = why.place.map_or_else(String::new, |place| place.label);
    Complaint { help: why.help, ..document.wrong(path, None, why.title, label) }
}

/// The names of all holes a world has, those of ports and pins included that nobody knows yet.
fn names(document: &Document, known: &BTreeMap<String, String>) -> Vec<String> {
    let stands = STANDS.iter().copied().chain(["resolver"]).filter_map(|name| Some((name, document.table.get(name)?)));
    let of = |(name, table): (&str, &toml::Value)| {
        let pin = table.get("tls").map(|_| format!("{name}.pin"));
        [Some(format!("{name}.port")), pin].into_iter().flatten()
    };
    known.keys().cloned().chain(stands.flat_map(of)).collect()
}

/// A secret that nobody knows.
fn random() -> Result<String, Complaint> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|why| Complaint::new(format!("the system gives no random bytes: {why}")))?;
    Ok(data_encoding::BASE64URL_NOPAD.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_absent_address_or_family_is_absent() {
        let says = |code| bindable(Err(io::Error::from_raw_os_error(code))).ok();
        // Linux: EADDRNOTAVAIL, EAFNOSUPPORT, EMFILE, EACCES.
        if cfg!(target_os = "linux") {
            assert_eq!([99, 97, 24, 13].map(says), [Some(false), Some(false), None, None]);
        }
    }

    #[test]
    fn a_world_that_ends_leaves_neither_port_nor_file() {
        let ground = Ground::new().unwrap();
        let standing = ground.raise(super::super::fault::world().unwrap()).unwrap_or_else(|c| panic!("{c}"));
        let (folder, at) = (standing.folder().to_owned(), standing.listens["gateway"][0].clone());
        assert!(TcpStream::connect(&at).is_ok() && folder.join("openclaw.json").exists());
        standing.end().unwrap();
        assert!(TcpStream::connect(&at).is_err() && !folder.exists());
    }

    #[test]
    fn every_gateway_is_done_when_a_held_world_ends() {
        let ground = Ground::new().unwrap();
        let fault = super::super::fault::named("host/other-gateway-on-other-family").unwrap();
        if ground.lacks(&fault).unwrap().is_some() {
            return println!("skipped: no IPv6");
        }
        let mut standing = ground.raise(fault.world().unwrap()).unwrap_or_else(|c| panic!("{c}"));
        ground.hold(&mut standing, std::future::ready(()));
        assert!(standing.gateways.is_empty());
        assert!(standing.other.as_ref().is_some_and(|other| other.seen().open == 0));
    }
}
