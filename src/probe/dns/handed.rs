//! In which order the system hands the addresses of a name to a client.
//!
//! RFC 6724 orders them by rules that every system has in a table of its own: glibc's differs from the standard's for fd00::/8, which
//! is the tailnet's, and `/etc/gai.conf` changes it. So the system itself is asked, as Node asks it (`getaddrinfo`).

use std::net::{IpAddr, ToSocketAddrs};

use tokio::sync::oneshot;

use crate::clock::Deadline;
use crate::eyeballs::in_turn;

/// The addresses as a client gets them; `None` where the system does not tell in time. One address has no order.
pub async fn handed(host: &str, found: &[IpAddr], deadline: &Deadline) -> Option<Vec<IpAddr>> {
    if found.len() < 2 {
        return Some(found.to_vec());
    }
    // A static glibc loads the shared one's modules for this, and may not find those of its own release.
    if cfg!(all(target_env = "gnu", target_feature = "crt-static")) {
        return None;
    }
    let (tell, told) = oneshot::channel();
    let host = host.to_owned();
    // On a thread of its own: the end of a run does not wait for a resolver that does not answer.
    std::thread::spawn(move || {
        let all = (host.as_str(), 0).to_socket_addrs().map(|all| all.map(|a| a.ip()).collect::<Vec<_>>());
        tell.send(all)
    });
    let told = tokio::time::timeout_at(deadline.at(), told).await.ok()?.ok()?.ok()?;
    let mut handed: Vec<IpAddr> = Vec::new();
    for address in told {
        if !handed.contains(&address) {
            handed.push(address);
        }
    }
    Some(handed)
}

/// The addresses to dial, those that clients get first and as clients try them, and then all others that were found.
pub fn to_try(handed: Option<&[IpAddr]>, found: &[IpAddr]) -> Vec<IpAddr> {
    let mut all = in_turn(handed.unwrap_or(found), |address| address.is_ipv4());
    for address in found {
        if !all.contains(address) {
            all.push(*address);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock;

    fn ips(all: &[&str]) -> Vec<IpAddr> {
        all.iter().map(|a| a.parse().unwrap()).collect()
    }

    fn soon() -> Deadline {
        Deadline::new(Duration::from_secs(5), clock::now() + Duration::from_secs(60))
    }

    #[tokio::test]
    async fn the_system_is_asked_where_there_is_an_order() {
        assert_eq!(handed("nobody.invalid", &ips(&["192.0.2.1"]), &soon()).await, Some(ips(&["192.0.2.1"])), "no question");
        let told = handed("localhost", &ips(&["::1", "127.0.0.1"]), &soon()).await.unwrap();
        assert!(!told.is_empty() && told.iter().all(IpAddr::is_loopback), "{told:?}");
    }

    #[test]
    fn what_clients_get_comes_first_and_nothing_is_left_out() {
        let found = ips(&["192.0.2.1", "192.0.2.2", "2001:db8::1"]);
        let handed = ips(&["2001:db8::1", "192.0.2.2"]);
        assert_eq!(to_try(Some(&handed), &found), ips(&["2001:db8::1", "192.0.2.2", "192.0.2.1"]));
        assert_eq!(to_try(None, &found), ips(&["192.0.2.1", "2001:db8::1", "192.0.2.2"]));
    }
}
