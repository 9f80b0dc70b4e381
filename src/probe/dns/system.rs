//! What this machine's own resolver would do with a name: its hosts file first, then its name servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_resolver::Hosts;
use hickory_resolver::proto::op::Query;
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::system_conf::read_system_conf;

use super::query::{Told, query};
use crate::clock::Deadline;
use crate::facts::tables::dns::{Answer, Record};

/// The port of DNS (RFC 1035).
const PORT: u16 = 53;

/// The machine's resolver settings.
#[derive(Debug, Default)]
pub struct System {
    /// The hosts file.
    pub hosts: Hosts,
    /// Name servers, in the order in which they are tried.
    pub servers: Vec<SocketAddr>,
    /// Domains appended to short names.
    pub search: Vec<Name>,
    /// A name with at least so many dots is asked for as it is first.
    pub ndots: usize,
}

impl System {
    /// Reads the machine's settings. Without any, the C library asks the machine itself, and so do we.
    pub async fn load() -> Self {
        tokio::task::spawn_blocking(Self::read).await.unwrap_or_default()
    }

    fn read() -> Self {
        let hosts = Hosts::from_system().unwrap_or_default();
        match read_system_conf() {
            Ok((config, options)) => Self {
                hosts,
                servers: config.name_servers.iter().map(|s| SocketAddr::new(s.ip, PORT)).collect(),
                search: config.search,
                ndots: options.ndots,
            },
            Err(_) => Self { hosts, servers: vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)], ..Self::default() },
        }
    }

    /// What the machine knows of a name by itself: such a name is never asked of a resolver.
    pub fn own(&self, name: &Name) -> Option<Vec<IpAddr>> {
        let mut found = self.of_file(name);
        if found.is_empty() && is_localhost(name) {
            found = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        }
        (!found.is_empty()).then_some(found)
    }

    /// Whether the C library may be asked for a name too: one of this machine that its hosts file does not have would go out to a
    /// name server.
    pub fn may_ask_library(&self, name: &Name) -> bool {
        !is_localhost(name) || !self.of_file(name).is_empty()
    }

    fn of_file(&self, name: &Name) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            let lookup = self.hosts.lookup_static_host(&Query::query(name.clone(), kind));
            found.extend(lookup.iter().flat_map(|l| l.answers()).filter_map(|r| r.data.ip_addr()));
        }
        found
    }

    /// Asks the machine's name servers, as its C library would: each spelling of the name, each server until one answers.
    pub async fn ask(&self, name: &Name, record: Record, deadline: &Deadline) -> Told {
        let mut first = None;
        for spelling in self.spellings(name) {
            let told = self.ask_servers(&spelling, record, deadline).await;
            if told.found.is_ok() {
                return told;
            }
            first.get_or_insert(told);
        }
        first.unwrap_or(Told { found: Err(Answer::Failed), rcode: None, after: None, server: None })
    }

    async fn ask_servers(&self, name: &Name, record: Record, deadline: &Deadline) -> Told {
        let mut last = Told { found: Err(Answer::Failed), rcode: None, after: None, server: None };
        for (index, server) in self.servers.iter().enumerate() {
            // Each server gets its share of what is left.
            let share: Duration = deadline.left() / u32::try_from(self.servers.len() - index).unwrap_or(1);
            last = query(*server, name, record, &deadline.within(share)).await;
            if matches!(last.found, Ok(_) | Err(Answer::None)) {
                break;
            }
        }
        last
    }

    /// The name as given, and with each search domain; which comes first depends on its dots.
    fn spellings(&self, name: &Name) -> Vec<Name> {
        if name.is_fqdn() {
            return vec![name.clone()];
        }
        let mut bare = name.clone();
        bare.set_fqdn(true);
        let mut all: Vec<Name> = self.search.iter().filter_map(|domain| name.clone().append_domain(domain).ok()).collect();
        let dots = usize::from(name.num_labels()).saturating_sub(1);
        all.insert(if dots >= self.ndots { 0 } else { all.len() }, bare);
        all
    }
}

/// `localhost` and all below it never leave the machine (RFC 6761, section 6.3).
fn is_localhost(name: &Name) -> bool {
    name.iter().next_back().is_some_and(|label| label.eq_ignore_ascii_case(b"localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::from_utf8(text).unwrap()
    }

    #[test]
    fn search_domains_follow_the_dots() {
        let system = System { search: vec![name("corp.example.")], ndots: 1, ..System::default() };
        let all = |text| system.spellings(&name(text)).iter().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(all("gw"), ["gw.corp.example.", "gw."]);
        assert_eq!(all("gw.lab"), ["gw.lab.", "gw.lab.corp.example."]);
        assert_eq!(all("gw."), ["gw."]);
    }

    #[test]
    fn localhost_is_known_without_any_file() {
        let loopback = |text: &str| System::default().own(&name(text)).is_some_and(|a| a.iter().all(IpAddr::is_loopback));
        assert!(loopback("localhost") && loopback("gw.localhost.") && loopback("LOCALHOST"));
        assert!(!loopback("localhost.example"));
        let may = |text: &str| System::default().may_ask_library(&name(text));
        assert!(may("gw.example") && !may("gw.localhost"));
    }
}
