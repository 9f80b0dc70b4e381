//! Who has failed too often to authenticate, and who holds how many sockets without having done so.
//!
//! Source: 2026.9.6, tried: ten failures within 60 s lock an address out for 300 s. A loopback address is never locked out; its
//! failures are answered after 250, 500, 1 000 … at most 5 000 ms, a count that all loopback clients share. A page on loopback is
//! counted by its origin instead, and is locked out like anybody else.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{self, Instant};
use crate::openclaw::limits::{LONGEST_DELAY, PRE_AUTH_SOCKETS};

/// `gateway.auth.rateLimit.maxAttempts`.
const ATTEMPTS: usize = 10;
/// `gateway.auth.rateLimit.windowMs`.
const WINDOW: Duration = Duration::from_secs(60);
/// `gateway.auth.rateLimit.lockoutMs`.
const LOCKOUT: Duration = Duration::from_secs(300);
/// The most addresses whose failures are counted: clients behind a trusted proxy may name any. Beyond it those are forgotten whose
/// time is over, and then the one that has been known for longest.
const ADDRESSES: usize = 1_024;
/// The first delay on loopback; each one after is twice as long.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// Whose failures are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// All clients on loopback that are no pages; a Unix socket counts as loopback.
    Loopback,
    /// The clients of another address.
    Address(IpAddr),
    /// The pages of an origin, on loopback.
    Page(String),
}

impl Subject {
    /// Whom a client counts for, by its address and the origin it names.
    pub fn of(address: Option<IpAddr>, origin: Option<&str>) -> Self {
        match (address.filter(|ip| !ip.is_loopback()), origin.map(str::trim).filter(|origin| !origin.is_empty())) {
            (Some(address), _) => Self::Address(address),
            (None, Some(origin)) => Self::Page(origin.trim_end_matches('/').to_lowercase()),
            (None, None) => Self::Loopback,
        }
    }
}

/// Counts failures by address.
#[derive(Debug)]
pub struct Limiter {
    counts: Mutex<HashMap<Subject, Failures>>,
    rules: Rules,
}

/// What the limiter does.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Addresses that are not on loopback are locked out from the start.
    pub locked_out: bool,
    /// Failures lock out.
    pub locks_out: bool,
    /// Failures on loopback are answered late.
    pub delays: bool,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    number: usize,
    since: Instant,
    until: Option<Instant>,
}

/// How an attempt with a secret ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The secret is right; the count starts anew.
    Right,
    /// It is wrong, and is to be answered after a delay.
    Wrong(Duration),
    /// Whatever the secret is, the address has to wait this long.
    LockedOut(Duration),
}

impl Limiter {
    /// A limiter that has counted nothing.
    pub fn new(rules: Rules) -> Self {
        Self { counts: Mutex::default(), rules }
    }

    /// An attempt of a subject.
    pub fn turn(&self, subject: Subject, right: bool) -> Turn {
        let loopback = subject == Subject::Loopback;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = clock::now();
        let fresh = Failures {
            number: 0,
            since: now,
            until: (self.rules.locked_out && matches!(subject, Subject::Address(_))).then(|| now + LOCKOUT),
        };
        if counts.len() >= ADDRESSES && !counts.contains_key(&subject) {
            forget(&mut counts, now);
        }
        let failures = counts.entry(subject.clone()).or_insert(fresh);
        if let Some(until) = failures.until.filter(|until| *until > now) {
            return Turn::LockedOut(until - now);
        }
        if right {
            counts.remove(&subject);
            return Turn::Right;
        }
        if failures.until.is_some() || now.duration_since(failures.since) > WINDOW {
            *failures = Failures { number: 0, since: now, until: None };
        }
        failures.number += 1;
        if loopback {
            let doubled = FIRST_DELAY.saturating_mul(1 << (failures.number - 1).min(8));
            return Turn::Wrong(if self.rules.delays { doubled.min(LONGEST_DELAY) } else { Duration::ZERO });
        }
        failures.until = (self.rules.locks_out && failures.number >= ATTEMPTS).then(|| now + LOCKOUT);
        Turn::Wrong(Duration::ZERO)
    }
}

/// Makes room for another address.
fn forget(counts: &mut HashMap<Subject, Failures>, now: Instant) {
    counts.retain(|_, failures| match failures.until {
        Some(until) => until > now,
        None => now.duration_since(failures.since) <= WINDOW,
    });
    let oldest = counts.iter().min_by_key(|(_, failures)| failures.since).map(|(subject, _)| subject.clone());
    if let Some(oldest) = oldest.filter(|_| counts.len() >= ADDRESSES) {
        counts.remove(&oldest);
    }
}

/// Counts sockets before hello-ok by address.
#[derive(Debug)]
pub struct Seats {
    held: Mutex<HashMap<Option<IpAddr>, usize>>,
    taken: usize,
}

/// A socket's place among those of its address, given back when dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Arc<Seats>,
    address: Option<IpAddr>,
}

impl Seats {
    /// No seats held, but those that others have `taken` already.
    pub fn new(taken: usize) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), taken })
    }

    /// A seat, unless the address holds as many as it may.
    pub fn take(self: &Arc<Self>, address: Option<IpAddr>) -> Option<Seat> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let number = held.entry(address).or_default();
        if *number + self.taken >= PRE_AUTH_SOCKETS {
            return None;
        }
        *number += 1;
        Some(Seat { seats: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.seats.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = held.get_mut(&self.address) {
            *number -= 1;
            if *number == 0 {
                held.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURRENT: Rules = Rules { locked_out: false, locks_out: true, delays: true };
    const REMOTE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const LOCAL: Option<IpAddr> = Some(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST));

    #[tokio::test(start_paused = true)]
    async fn ten_failures_lock_a_remote_address_out() {
        let limiter = Limiter::new(CURRENT);
        for _ in 0..ATTEMPTS {
            assert_eq!(limiter.turn(Subject::of(REMOTE, None), false), Turn::Wrong(Duration::ZERO));
        }
        assert_eq!(limiter.turn(Subject::of(REMOTE, None), true), Turn::LockedOut(LOCKOUT));
        assert_eq!(limiter.turn(Subject::of(Some("192.0.2.2".parse().unwrap()), None), true), Turn::Right);
        tokio::time::advance(LOCKOUT).await;
        assert_eq!(limiter.turn(Subject::of(REMOTE, None), false), Turn::Wrong(Duration::ZERO));
        assert_eq!(limiter.turn(Subject::of(REMOTE, None), true), Turn::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_are_forgotten_after_the_window() {
        let limiter = Limiter::new(CURRENT);
        for _ in 1..ATTEMPTS {
            limiter.turn(Subject::of(REMOTE, None), false);
        }
        tokio::time::advance(WINDOW + Duration::from_secs(1)).await;
        limiter.turn(Subject::of(REMOTE, None), false);
        assert_eq!(limiter.turn(Subject::of(REMOTE, None), true), Turn::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_on_loopback_is_locked_out_by_its_origin() {
        let limiter = Limiter::new(CURRENT);
        let page = |origin: &str| Subject::of(LOCAL, Some(origin));
        for _ in 0..ATTEMPTS {
            assert_eq!(limiter.turn(page("http://localhost:5173"), false), Turn::Wrong(Duration::ZERO));
        }
        assert_eq!(limiter.turn(page("HTTP://localhost:5173/"), true), Turn::LockedOut(LOCKOUT));
        assert_eq!(limiter.turn(page("http://localhost:5174"), true), Turn::Right);
        assert_eq!(limiter.turn(Subject::of(LOCAL, Some(" ")), true), Turn::Right, "no origin at all");
        assert_eq!(Subject::of(REMOTE, Some("http://localhost:5173")), Subject::of(REMOTE, None));
    }

    #[tokio::test(start_paused = true)]
    async fn loopback_is_delayed_more_and_more_and_never_locked_out() {
        let limiter = Limiter::new(Rules { locked_out: true, ..CURRENT });
        let delays: Vec<_> = (0..7).map(|_| limiter.turn(Subject::of(LOCAL, None), false)).collect();
        let ms = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000].map(|ms| Turn::Wrong(Duration::from_millis(ms)));
        assert_eq!(delays, ms);
        assert_eq!(limiter.turn(Subject::of(None, None), true), Turn::Right);
        assert!(matches!(limiter.turn(Subject::of(REMOTE, None), true), Turn::LockedOut(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_forgotten_before_they_are_too_many() {
        let limiter = Limiter::new(CURRENT);
        let number = u32::try_from(2 * ADDRESSES).unwrap();
        for address in 0..number {
            tokio::time::advance(Duration::from_millis(1)).await;
            limiter.turn(Subject::Address(IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0b00_0000 + address))), false);
        }
        let known = || limiter.counts.lock().unwrap().len();
        assert_eq!(known(), ADDRESSES);
        tokio::time::advance(WINDOW + Duration::from_secs(1)).await;
        limiter.turn(Subject::of(REMOTE, None), false);
        assert_eq!(known(), 1, "the time of all others is over");
    }

    #[test]
    fn older_releases_neither_delay_nor_lock_out() {
        let limiter = Limiter::new(Rules::default());
        for address in [LOCAL, REMOTE] {
            for _ in 0..20 {
                assert_eq!(limiter.turn(Subject::of(address, None), false), Turn::Wrong(Duration::ZERO));
            }
            assert_eq!(limiter.turn(Subject::of(address, None), true), Turn::Right);
        }
    }

    #[test]
    fn an_address_has_32_seats_and_gets_them_back() {
        let seats = Seats::new(0);
        let mut held: Vec<_> = (0..32).map(|_| seats.take(REMOTE).unwrap()).collect();
        assert!(seats.take(REMOTE).is_none());
        assert!(seats.take(LOCAL).is_some());
        held.pop();
        assert!(seats.take(REMOTE).is_some());
        assert!(Seats::new(32).take(LOCAL).is_none());
    }
}
