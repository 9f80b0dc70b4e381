//! The places that `--listen` names: whether they go together, and how they are dialled.

use std::net::IpAddr;

use crate::complaint::Complaint;
use crate::reference::front::near;

/// An address as a client's URL has it: whoever listens everywhere is reached by loopback.
pub fn host(ip: IpAddr) -> String {
    match near(ip) {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// The address at which an edge on this machine reaches whoever listens at these places: loopback if there is any.
pub fn upstream(places: &[String]) -> Option<IpAddr> {
    let ips = || places.iter().filter_map(|place| place.parse().ok()).map(near);
    ips().find(IpAddr::is_loopback).or_else(|| ips().next())
}

/// Places that can be had together, as their files are named from the root.
///
/// # Errors
/// A complaint about two that are one.
pub fn apart(places: &[String]) -> Result<(), Complaint> {
    for (number, place) in places.iter().enumerate() {
        let Some(other) = places[..number].iter().find(|other| overlap(other, place)) else { continue };
        let complaint = if other == place {
            Complaint::new(format!("{place} is given twice")).flag("--listen", place, "again")
        } else {
            Complaint::new(format!("{place} and {other} overlap")).flag("--listen", place, format!("beside {other}"))
        };
        return Err(
            complaint.help("0.0.0.0 is every address of IPv4, and :: every address of both families: leave out the others")
        );
    }
    Ok(())
}

fn overlap(one: &str, other: &str) -> bool {
    match (one.parse::<IpAddr>(), other.parse::<IpAddr>()) {
        (Ok(one), Ok(other)) => {
            let (one, other) = (one.to_canonical(), other.to_canonical());
            let holds = |one: IpAddr, other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
            one == other || holds(one, other) || holds(other, one)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(list: &[&str]) -> Vec<String> {
        list.iter().map(|place| (*place).to_owned()).collect()
    }

    #[test]
    fn places_that_are_one_are_told() {
        for (list, words) in [
            (&["0.0.0.0", "127.0.0.1"][..], "127.0.0.1 and 0.0.0.0 overlap"),
            (&["127.0.0.1", "::"], ":: and 127.0.0.1 overlap"),
            (&["::", "0.0.0.0"], "0.0.0.0 and :: overlap"),
            (&["::1", "127.0.0.1", "::1"], "::1 is given twice"),
            (&["::1", "0:0::1"], "0:0::1 and ::1 overlap"),
            (&["unix:/a", "unix:/a"], "unix:/a is given twice"),
        ] {
            let complaint = apart(&places(list)).unwrap_err().to_string();
            assert!(complaint.contains(words), "{list:?}: {complaint}");
        }
        for list in [&["127.0.0.1", "::1"][..], &["0.0.0.0", "::1"], &["127.0.0.1", "127.0.0.2"], &["unix:/a", "unix:/b", "::"]] {
            assert!(apart(&places(list)).is_ok(), "{list:?}");
        }
    }

    #[test]
    fn an_edge_leads_to_loopback_if_it_can() {
        let to = |list: &[&str]| upstream(&places(list)).map(host);
        assert_eq!(to(&["unix:/a", "::1"]).as_deref(), Some("[::1]"));
        assert_eq!(to(&["192.0.2.1", "0.0.0.0"]).as_deref(), Some("127.0.0.1"));
        assert_eq!(to(&["192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(to(&["unix:/a"]), None);
    }
}
