//! The release of the gateway behind a path, as a number.

use crate::facts::store::Facts;
use crate::facts::value::Cell;
use crate::path::Vantage;

/// Year, month and number.
pub type Release = [u16; 3];

/// From this release on a client that cannot be attributed is refused, and there is a startup route.
pub const REFUSES: Release = [2026, 8, 1];

/// The release behind a path, as far as anybody told it.
pub fn release(facts: &Facts, at: &Vantage) -> Option<Release> {
    let http = |probe: &str| facts.look("http", at, &[("probe", probe), ("address", "named")], "version");
    let told = [facts.look("connect", at, &[], "version"), http("startup"), http("dashboard")];
    let started = facts.look("http", at, &[("probe", "startup"), ("address", "named")], "body");
    // Only releases that refuse have the startup route.
    let refuses = ["started", "starting", "draining"].iter().any(|body| started.is(body));
    told.iter().filter_map(Cell::text).find_map(version).or(refuses.then_some(REFUSES))
}

/// `2026.9.6`, also with something after it.
fn version(text: &str) -> Option<Release> {
    let digits = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    let mut parts = text.splitn(3, '.').map(digits);
    Some([parts.next()??, parts.next()??, parts.next()??])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_compared_by_number() {
        assert_eq!(version("2026.9.6"), Some([2026, 9, 6]));
        assert_eq!(version("2026.10.0-beta.1"), Some([2026, 10, 0]));
        assert!(version("2026.10.0") > version("2026.9.6"));
        assert_eq!(version("dev"), None);
    }
}
