//! The owner of a socket on Linux: the process that has its inode among its open files.
//!
//! Looking through every process costs milliseconds, so gateways are looked at first, then the processes of the socket's own
//! user, newest first, and the search ends with the last socket found.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use super::{Process, classify, shown};
use crate::facts::tables::listener::Owner;
use crate::probe::user;

/// A socket whose owner is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The socket's inode.
    pub inode: u32,
    /// The user that made it.
    pub uid: u32,
    /// Whether the search goes on until it is found; otherwise only gateways are asked for it.
    pub needed: bool,
}

struct Candidate {
    pid: u32,
    argv: Vec<String>,
    owner: Owner,
}

/// The owners of sockets, by inode. A socket that is not among them belongs to a process this user may not look into.
pub fn find(sockets: &[Wanted]) -> HashMap<u32, Process> {
    let mut found = HashMap::new();
    if sockets.is_empty() {
        return found;
    }
    let (gateways, mut others): (Vec<_>, Vec<_>) = candidates().into_iter().partition(|c| c.owner == Owner::Gateway);
    for gateway in &gateways {
        look_into(gateway, sockets, &mut found);
    }
    let mut left: Vec<Wanted> = sockets.iter().filter(|s| s.needed && !found.contains_key(&s.inode)).copied().collect();
    // In a world of our own all sockets are this very process's: that is known before anybody else's are looked through.
    if let Some(own) = others.iter().position(|c| c.pid == std::process::id()) {
        search([others.swap_remove(own)], &mut left, &mut found);
    }
    if !left.is_empty() {
        let asked = |user: Option<u32>| left.iter().any(|s| user == Some(s.uid));
        others.sort_by_cached_key(|c| (!asked(user_of(c.pid)), std::cmp::Reverse(c.pid)));
        search(others, &mut left, &mut found);
    }
    found
}

/// Looks into one process after the other until no socket is left.
fn search(candidates: impl IntoIterator<Item = Candidate>, left: &mut Vec<Wanted>, found: &mut HashMap<u32, Process>) {
    for candidate in candidates {
        if left.is_empty() {
            break;
        }
        look_into(&candidate, left, found);
        left.retain(|s| !found.contains_key(&s.inode));
    }
}

/// Notes which of the sockets a process holds.
fn look_into(candidate: &Candidate, sockets: &[Wanted], found: &mut HashMap<u32, Process>) {
    for inode in inodes(candidate.pid).filter(|i| sockets.iter().any(|s| s.inode == *i)) {
        found.entry(inode).or_insert_with(|| describe(candidate));
    }
}

/// More of a command line than this tells nothing about the program.
const LONGEST: usize = 4_096;

/// Every process that has a command line; kernel threads have none.
fn candidates() -> Vec<Candidate> {
    let mut line = [0_u8; LONGEST];
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let length =
            fs::File::open(format!("/proc/{pid}/cmdline")).and_then(|mut f| f.read(&mut line)).ok().filter(|n| *n > 0)?;
        let words = line[..length].split(|b| *b == 0).filter(|w| !w.is_empty());
        let argv: Vec<String> = words.map(|w| String::from_utf8_lossy(w).into_owned()).collect();
        let owner = classify(&argv.iter().map(String::as_str).collect::<Vec<_>>());
        Some(Candidate { pid, argv, owner })
    })
    .collect()
}

fn user_of(pid: u32) -> Option<u32> {
    fs::metadata(format!("/proc/{pid}")).ok().map(|m| m.uid())
}

/// The inodes of a process's sockets; none when this user may not look.
fn inodes(pid: u32) -> impl Iterator<Item = u32> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    files.filter_map(|file| {
        let target = fs::read_link(file.path()).ok()?;
        target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
    })
}

fn describe(candidate: &Candidate) -> Process {
    let argv: Vec<&str> = candidate.argv.iter().map(String::as_str).collect();
    Process { pid: candidate.pid, owner: candidate.owner, command: shown(&argv), user: user_of(candidate.pid).map(user::name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::netlink;

    #[test]
    fn our_own_socket_is_ours() {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = server.local_addr().unwrap();
        let seen = netlink::listening().unwrap().into_iter().find(|l| l.local == at).unwrap();
        let wanted = |needed| Wanted { inode: seen.inode, uid: seen.uid.unwrap(), needed };
        assert_eq!(find(&[wanted(true)])[&seen.inode].pid, std::process::id());
        assert_eq!(find(&[wanted(false)]), HashMap::new(), "only a gateway is asked for a socket nobody needs");
    }
}
