//! Which of several addresses a client takes: pure rules, from attempts that were measured one by one.
//!
//! Node's `net` (`autoSelectFamily`, on by default since Node 20; read off `lib/net.js` of 20.20 and 24.21, and tried): families in
//! turn, beginning with the family of the first address; each but the last gets 250 ms and is then given up. Browsers (RFC 8305,
//! section 5): in the same turns, the next begins after 250 ms or as soon as one failed, and the first that accepts is taken.

/// What an attempt gets before the next one begins: `autoSelectFamilyAttemptTimeout` of Node 20 to 24, and the "Connection Attempt
/// Delay" that RFC 8305 recommends (section 8), in milliseconds.
pub const PATIENCE_MS: f64 = 250.0;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The peer accepted.
    Accepted,
    /// It failed at once: refused, or no way.
    Failed,
    /// Nothing came as long as was waited.
    Silent,
}

/// An attempt at one address.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attempt {
    /// How it ended.
    pub end: End,
    /// When, in milliseconds from its own beginning.
    pub after: f64,
}

/// Nobody can tell from these attempts: one of them was not waited for long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unclear;

/// The addresses in the order in which a client tries them: families in turn, the first address's family first.
pub fn in_turn<T: Copy + PartialEq>(handed: &[T], is_v4: impl Fn(T) -> bool) -> Vec<T> {
    let Some(first) = handed.first() else { return Vec::new() };
    let mut once: Vec<T> = Vec::new();
    handed.iter().for_each(|address| {
        if !once.contains(address) {
            once.push(*address);
        }
    });
    let (near, far): (Vec<T>, Vec<T>) = once.into_iter().partition(|address| is_v4(*address) == is_v4(*first));
    let turn = |index: usize| near.get(index).into_iter().chain(far.get(index)).copied();
    (0..near.len().max(far.len())).flat_map(turn).collect()
}

/// The attempt that Node's client ends with, if any.
///
/// # Errors
/// The attempts do not tell.
pub fn node(attempts: &[Attempt]) -> Result<Option<usize>, Unclear> {
    for (index, attempt) in attempts.iter().enumerate() {
        let last = index + 1 == attempts.len();
        match attempt.end {
            End::Accepted if last || attempt.after < PATIENCE_MS => return Ok(Some(index)),
            End::Silent if !last && attempt.after < PATIENCE_MS => return Err(Unclear),
            End::Accepted | End::Failed | End::Silent => {}
        }
    }
    Ok(None)
}

/// The attempt that a browser ends with, if any.
///
/// # Errors
/// The attempts do not tell.
pub fn browser(attempts: &[Attempt]) -> Result<Option<usize>, Unclear> {
    let mut begins = 0.0;
    let mut best: Option<(usize, f64)> = None;
    let mut unknown_from = f64::INFINITY;
    for (index, attempt) in attempts.iter().enumerate() {
        // Nobody is tried any more once one has accepted.
        if best.is_some_and(|(_, at)| at <= begins) {
            break;
        }
        let ends = begins + attempt.after;
        match attempt.end {
            End::Accepted if best.is_none_or(|(_, at)| ends < at) => best = Some((index, ends)),
            End::Silent => unknown_from = unknown_from.min(ends),
            End::Accepted | End::Failed => {}
        }
        begins += if attempt.end == End::Failed { attempt.after.min(PATIENCE_MS) } else { PATIENCE_MS };
    }
    match best {
        // What was not waited for any longer might have been quicker.
        Some((_, at)) if unknown_from < at => Err(Unclear),
        best => Ok(best.map(|(index, _)| index)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn ips(all: &[&str]) -> Vec<IpAddr> {
        all.iter().map(|a| a.parse().unwrap()).collect()
    }

    /// `a12` accepted after 12 ms, `f` failed, `s` was silent.
    fn attempts(words: &str) -> Vec<Attempt> {
        let end = |word: &str| match &word[..1] {
            "a" => End::Accepted,
            "f" => End::Failed,
            _ => End::Silent,
        };
        words.split(' ').map(|word| Attempt { end: end(word), after: word[1..].parse().unwrap() }).collect()
    }

    #[test]
    fn families_take_turns() {
        let four = ips(&["2001:db8::1", "2001:db8::2", "2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]);
        let turns = ips(&["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "192.0.2.3"]);
        let is_v4 = |address: IpAddr| address.is_ipv4();
        assert_eq!(in_turn(&four, is_v4), turns);
        assert_eq!(in_turn(&ips(&["192.0.2.1", "::1"]), is_v4), ips(&["192.0.2.1", "::1"]));
        assert!(in_turn(&[], is_v4).is_empty());
    }

    #[test]
    fn each_client_by_its_rule() {
        for (words, by_node, by_browser) in [
            ("a1", Ok(Some(0)), Ok(Some(0))),
            ("a900", Ok(Some(0)), Ok(Some(0))),
            ("s2000", Ok(None), Ok(None)),
            ("f0 a1", Ok(Some(1)), Ok(Some(1))),
            ("a1 a1", Ok(Some(0)), Ok(Some(0))),
            ("s1000 a1", Ok(Some(1)), Ok(Some(1))),
            ("a1 s1000", Ok(Some(0)), Ok(Some(0))),
            // Node gives the first up, and a browser goes on with both.
            ("a400 a200", Ok(Some(1)), Ok(Some(0))),
            ("a400 a100", Ok(Some(1)), Ok(Some(1))),
            ("a400 f0", Ok(None), Ok(Some(0))),
            ("a249 a0", Ok(Some(0)), Ok(Some(0))),
            ("f0 f0", Ok(None), Ok(None)),
            ("f100 s1000 a900", Ok(Some(2)), Err(Unclear)),
            ("s100 a1", Err(Unclear), Err(Unclear)),
            ("s400 f0", Ok(None), Ok(None)),
        ] {
            assert_eq!((node(&attempts(words)), browser(&attempts(words))), (by_node, by_browser), "{words}");
        }
    }
}
