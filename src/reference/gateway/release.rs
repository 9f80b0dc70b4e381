//! How releases differ on the wire: one table, and what a release not in it is told.
//!
//! Source: each release installed and asked over loopback; the research behind it is summarized in the fields' sentences.

use std::time::Duration;

use crate::complaint::{Complaint, meant};
use crate::openclaw::limits::{NEWEST_PROTOCOL, OLDEST_PROTOCOL};

/// What one release does differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Its version.
    pub name: &'static str,
    /// The protocol it speaks.
    pub protocol: u16,
    /// The lowest protocol a probe may offer at most.
    pub probe_minimum: u16,
    /// Whether `/health` and `/ready` answer JSON; before, the Control UI's page shadows them.
    pub probes: bool,
    /// Whether it is 2026.8.1 or later, which brought so much at once: `/startup`, `FORBIDDEN`, build and boot ids, a presence
    /// list without probes, and late answers to wrong secrets from the gateway's own host.
    pub since_8_1: bool,
    /// How long it waits for a client to answer a close.
    pub linger: Duration,
    /// Whether failures lock an address out unless configured not to.
    pub locks_out: bool,
    /// How long it waits for a connect.
    pub patience: Duration,
    /// Whether it pings.
    pub pings: bool,
    /// Who keeps the scopes asked for without a device.
    pub keeps: Keeps,
    /// Who is on the gateway's own host.
    pub local: Local,
    /// Whether a proxy that cannot be attributed is refused; before, its clients are remote.
    pub refuses_proxies: bool,
    /// Whether `error.details` of a refused connect exist.
    pub details: bool,
    /// Whether they recommend a next step.
    pub advice: bool,
    /// Whether a mismatch of protocols has a code and names the client's range.
    pub ranges: bool,
    /// Whether `hello-ok.auth` is always there.
    pub tells_scopes: bool,
    /// Whether `hello-ok.auth.method`, the challenge's `capabilities` and the build id in the Control UI's page are there.
    pub tells_method: bool,
    /// Whether the server tells its real version; before, `dev`.
    pub tells_version: bool,
}

impl Release {
    /// Whether the readiness route tells of the event loop: from 2026.4.29 on, with the scopes in `hello-ok`.
    pub fn tells_event_loop(&self) -> bool {
        self.tells_scopes
    }

    /// Whether a refusal for want of pairing tells all about it: from 2026.4.29 on.
    pub fn tells_pairing(&self) -> bool {
        self.tells_scopes
    }

    /// Whether `hello-ok.snapshot.suspension` is there: from 2026.9.1 on.
    pub fn tells_suspension(&self) -> bool {
        self.since_8_1 && self.name != "2026.8.1"
    }
}

/// Who keeps the scopes asked for without a device, by client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Everybody, from anywhere.
    All,
    /// Nobody.
    None,
    /// `gateway-client`/`backend` on the gateway's own host.
    Backend,
    /// The same, and `cli`/`cli`.
    BackendAndCli,
}

/// Who counts as a client on the gateway's own host, if it comes without proxy headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// Whoever comes from a loopback address.
    Peer,
    /// The same, if it asked for a host of that kind, and loopback is no trusted proxy.
    PeerAndHost,
    /// The same, even if loopback is a trusted proxy; and whom a trusted proxy calls a loopback address.
    OldPeerAndHost,
}

/// The release that is played unless another is asked for.
pub const CURRENT: &str = "2026.9.6";

const NEWEST: Release = Release {
    name: CURRENT,
    protocol: NEWEST_PROTOCOL,
    probe_minimum: OLDEST_PROTOCOL,
    probes: true,
    since_8_1: true,
    linger: Duration::from_secs(1),
    locks_out: true,
    patience: Duration::from_secs(15),
    pings: true,
    keeps: Keeps::BackendAndCli,
    local: Local::Peer,
    refuses_proxies: true,
    details: true,
    advice: true,
    ranges: true,
    tells_scopes: true,
    tells_method: true,
    tells_version: true,
};

const R9_1: Release = Release { name: "2026.9.1", tells_method: false, ..NEWEST };
const R8_1: Release = Release { name: "2026.8.1", ..R9_1 };
const R7_1: Release =
    Release { name: "2026.7.1", since_8_1: false, linger: Duration::from_secs(30), refuses_proxies: false, ..R8_1 };
const R5_28: Release = Release { name: "2026.5.28", probe_minimum: NEWEST_PROTOCOL, keeps: Keeps::Backend, ..R7_1 };
const R5_12: Release = Release { name: "2026.5.12", locks_out: false, ranges: false, ..R5_28 };
const R5_7: Release = Release { name: "2026.5.7", protocol: 3, probe_minimum: 3, ..R5_12 };
const R4_29: Release = Release { name: "2026.4.29", pings: false, ..R5_7 };
const R3_31: Release =
    Release { name: "2026.3.31", patience: Duration::from_secs(10), keeps: Keeps::None, tells_scopes: false, ..R4_29 };
const R3_13: Release = Release { name: "2026.3.13", patience: Duration::from_secs(3), local: Local::PeerAndHost, ..R3_31 };
const R3_7: Release = Release { name: "2026.3.7", patience: Duration::from_secs(10), keeps: Keeps::All, advice: false, ..R3_13 };
const R2_26: Release = Release { name: "2026.2.26", probes: false, tells_version: false, ..R3_7 };
const R1_29: Release = Release { name: "2026.1.29", details: false, local: Local::OldPeerAndHost, ..R2_26 };

/// The releases that can be played, newest first.
pub const ALL: &[&Release] =
    &[&NEWEST, &R9_1, &R8_1, &R7_1, &R5_28, &R5_12, &R5_7, &R4_29, &R3_31, &R3_13, &R3_7, &R2_26, &R1_29];

/// The release of a name.
///
/// # Errors
/// A complaint that names those known.
pub fn named(name: &str) -> Result<&'static Release, Complaint> {
    let names = || ALL.iter().map(|r| r.name);
    ALL.iter().copied().find(|r| r.name == name).ok_or_else(|| {
        Complaint::new(format!("the reference gateway cannot behave as release `{name}`"))
            .at("release", name, 0..name.len(), meant(name, names(), "not played"))
            .help(format!("known are {}", names().collect::<Vec<_>>().join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_told_apart() {
        assert_eq!(named("2026.9.6"), Ok(&NEWEST));
        for pair in ALL.windows(2) {
            let (newer, older) = (pair[0], pair[1]);
            assert_ne!(Release { name: "", ..*newer }, Release { name: older.name, ..*older });
            assert!(newer.protocol >= older.protocol);
        }
    }

    #[test]
    fn an_unknown_release_is_told_which_are_known() {
        let complaint = named("2026.9.7").unwrap_err().to_string();
        assert!(complaint.contains("did you mean `2026.9.") && complaint.contains("2026.1.29"), "{complaint}");
    }
}
