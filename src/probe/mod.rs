//! Primitives: the only code that touches the world, one file each.
//!
//! A primitive gets an [`Ask`], talks to the world until its deadline, and hands back finished [`Sheet`]s. It never prints,
//! never judges and never writes a peer's text without the redactor.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::clock::Deadline;
use crate::facts::series::Taken;
use crate::facts::tables::http::By;
use crate::facts::value::{Because, Reason};
use crate::facts::{Sheet, Table};
use crate::path::Vantage;
use crate::plan::Step;
use crate::secret::Redactor;
use crate::target::{Target, Way};

pub mod answer;
#[cfg(test)]
pub(crate) mod bench;
mod capture;
pub mod challenge;
pub mod client;
pub mod connect;
pub mod dial;
pub mod dns;
pub mod exchange;
pub mod frames;
pub mod hold;
pub mod http;
pub mod line;
pub mod listener;
pub mod netlink;
pub mod owner;
pub mod rounds;
pub mod run;
pub mod secure;
pub mod site;
pub mod sizes;
pub mod socket;
pub mod tap;
pub mod tcp;
pub mod tls;
#[cfg(test)]
mod trial;
pub mod trust;
pub mod unix;
pub mod upgrade;
pub mod user;

pub use run::run;

/// Everything a primitive may know and use.
pub struct Ask<'a> {
    /// The planned step: parameters and limits.
    pub step: &'a Step,
    /// What the settings yielded.
    pub target: &'a Target,
    /// The way that is asked; `None` for the probes of the site itself.
    pub way: Option<&'a Way>,
    /// The vantage of the facts: the site, or the site and the path.
    pub vantage: &'a Vantage,
    /// When to be over.
    pub deadline: Deadline,
    /// What earlier probes of the same lane left behind.
    pub lane: &'a mut LaneState,
    /// Hides known secrets in what a peer sent.
    pub redactor: &'a Redactor,
    /// Counts pre-authentication sockets of the whole run.
    pub sockets: Arc<tokio::sync::Semaphore>,
    /// The word to stop, for primitives that then hand over what they saw: see [`run::hears_the_stop`].
    pub stopped: tokio::sync::watch::Receiver<bool>,
}

/// What the probes of one lane hand on to the next.
#[derive(Default)]
pub struct LaneState {
    /// Addresses the way's host stands for, in the order in which a client tries them; the literal address if it is one.
    pub addresses: Vec<IpAddr>,
    /// The same as the system hands them to a client; `None` where it did not tell.
    pub handed: Option<Vec<IpAddr>>,
    /// The address to dial from, when the system's own choice would make the gateway refuse a right edge.
    pub source: Option<IpAddr>,
    /// The named address that a client takes, or the first that accepted: where every later probe of the lane goes.
    pub peer: Option<SocketAddr>,
    /// The other loopback family, if it accepted as well.
    pub other: Option<SocketAddr>,
    /// The WebSocket that the upgrade left open for the challenge and the connect.
    pub websocket: Option<socket::Open>,
    /// Whether the gateway let us in on this lane with the credential.
    pub admitted: bool,
    /// Whether the way's Unix socket was connected to.
    pub reached: bool,
    /// Whether TLS verification failed on this lane: no credential is sent past that.
    pub untrusted: bool,
    /// Whether the health request, sent in plain text, ended as it does at a port that speaks TLS.
    pub suspects_tls: bool,
    /// What the health request is worth being asked by once more, as no gateway answered it.
    pub otherwise: Option<By>,
    /// The paths to compare this one with, request by request.
    pub beside: Vec<Beside>,
    /// Samples that the probe took, timed from its own beginning.
    pub taken: Vec<Taken>,
    /// Why the lane's later probes cannot run, if so: the fact id that tells.
    pub blocked: Option<String>,
}

/// Another path that was reached, and how it is dialled.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its name in facts.
    pub vantage: Vantage,
    /// Where it leads.
    pub way: Way,
    /// The address that accepted.
    pub peer: Option<SocketAddr>,
    /// The address it is dialled from.
    pub source: Option<IpAddr>,
}

/// What a primitive hands back.
pub struct Done {
    /// Finished sheets.
    pub sheets: Vec<Sheet>,
    /// Whether probes that need this one may run.
    pub succeeded: bool,
}

impl Ask<'_> {
    /// A parameter of the probe file.
    pub fn with(&self, name: &str) -> Option<&str> {
        self.step.with.get(name).map(String::as_str)
    }

    /// What the probe says when its time ended: a finding about the peer if the time was its own, otherwise not measured.
    pub fn silence(&self) -> Option<Because> {
        (!self.deadline.is_own()).then(|| Because::from(Reason::Deadline))
    }
}

/// The sheets of a probe that did not run, as [`crate::facts::blank`] has them.
pub fn blank(tables: &[&'static Table], step: &Step, vantage: &Vantage, because: &Because) -> Vec<Sheet> {
    crate::facts::blank(tables, &step.with, vantage, because)
}
