//! What the gateway saw of its clients: for the tests of etiquette.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::reference::head::Head;

/// The most kinds of a thing that are told apart, and the longest name of one: whoever asks for anything else is counted beside
/// them, or a gateway that stands for days would grow with every stranger. A run of any matrix sees some dozens.
const KINDS: usize = 512;
const LONGEST_NAME: usize = 1 << 10;
/// Whatever is not told apart any more.
const OTHER: &str = "other";

/// Everything counted since the gateway was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Connections accepted.
    pub connections: usize,
    /// Connections open now.
    pub open: usize,
    /// Upgrades granted.
    pub upgrades: usize,
    /// Sockets that wait for a hello now.
    pub unauthenticated: usize,
    /// The most that ever waited at once.
    pub most_unauthenticated: usize,
    /// Connects without a secret.
    pub bare: usize,
    /// Connects with a secret that were accepted.
    pub accepted: usize,
    /// Connects with a secret that were refused, for whatever reason.
    pub refused: usize,
    /// Requests by method and path, such as `GET /health`; an upgrade is `UPGRADE /`.
    pub requests: BTreeMap<String, usize>,
    /// Requests that carried a credential in a header.
    pub bearers: usize,
    /// Methods asked over WebSocket, `connect` included.
    pub methods: BTreeMap<String, usize>,
    /// Names of request headers, in lower case.
    pub headers: BTreeSet<String>,
    /// Every kind of head that came: the request as above without its path, and the names of its headers in lower case and in
    /// order, as in `UPGRADE host connection upgrade`.
    pub heads: BTreeSet<String>,
}

/// The count as it grows.
#[derive(Debug, Default)]
pub struct Count(Mutex<Seen>);

impl Count {
    /// To count in, or to look at.
    pub fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request.
    pub fn request(&self, head: &Head) {
        let mut seen = self.lock();
        let method = if head.upgrades() { "UPGRADE" } else { head.method() };
        tally(&mut seen.requests, format!("{method} {}", head.path()));
        seen.bearers += usize::from(head.get("authorization").is_some());
        let names: Vec<String> = head.lines.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        note(&mut seen.heads, format!("{method} {}", names.join(" ")));
        names.into_iter().for_each(|name| note(&mut seen.headers, name));
    }

    /// Counts a method asked over WebSocket.
    pub fn method(&self, name: &str) {
        tally(&mut self.lock().methods, name.to_owned());
    }
}

fn tally(counts: &mut BTreeMap<String, usize>, name: String) {
    let known = counts.contains_key(&name);
    *counts.entry(told_apart(name, known, counts.len())).or_default() += 1;
}

fn note(names: &mut BTreeSet<String>, name: String) {
    let known = names.contains(&name);
    names.insert(told_apart(name, known, names.len()));
}

/// The name under which a thing is counted.
fn told_apart(name: String, known: bool, kinds: usize) -> String {
    let room = name.len() <= LONGEST_NAME && (known || kinds < KINDS);
    if room { name } else { OTHER.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_do_not_make_it_grow() {
        let count = Count::default();
        for number in 0..2 * KINDS {
            let lines = vec![(format!("X-{number}"), "a".into())];
            count.request(&Head { first: format!("GET /{number} HTTP/1.1"), lines, rest: Vec::new() });
            count.method(&format!("m-{number}"));
        }
        count.request(&Head {
            first: format!("GET /{} HTTP/1.1", "x".repeat(LONGEST_NAME)),
            lines: Vec::new(),
            rest: Vec::new(),
        });
        count.method("m-0");
        let seen = count.lock();
        assert_eq!((seen.requests.len(), seen.requests[OTHER]), (KINDS + 1, KINDS + 1));
        assert_eq!((seen.methods.len(), seen.methods[OTHER], seen.methods["m-0"]), (KINDS + 1, KINDS, 2));
        assert_eq!((seen.headers.len(), seen.heads.len()), (KINDS + 1, KINDS + 1));
    }

    #[test]
    fn requests_are_counted_by_what_they_are() {
        let count = Count::default();
        let lines =
            [("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        count.request(&Head { first: "GET /ws?a=1 HTTP/1.1".into(), lines: lines.to_vec(), rest: Vec::new() });
        count.request(&Head { first: "HEAD /health HTTP/1.1".into(), lines: Vec::new(), rest: Vec::new() });
        let seen = count.lock();
        assert_eq!(seen.requests.keys().collect::<Vec<_>>(), ["HEAD /health", "UPGRADE /ws"]);
        assert_eq!(seen.headers.iter().collect::<Vec<_>>(), ["connection", "host", "upgrade"]);
        assert_eq!(seen.heads.iter().collect::<Vec<_>>(), ["HEAD ", "UPGRADE host upgrade connection"]);
    }
}
