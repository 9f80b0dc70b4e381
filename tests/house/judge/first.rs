//! What to do first: said for the case that the facts tell, and by the site for every case.

use super::made::{Made, shelf};

/// An edge of nginx that refuses with a status, as told by these facts.
fn first(overlay: &str, facts: &str) -> String {
    let mut made = Made::of(shelf(overlay), "preflight", &["local", "edge:corp"]);
    let told = made.set(facts).judge();
    let finding = told.judgement.verdict.findings.iter().find(|f| f.code.as_str() == "WS-01");
    finding.unwrap_or_else(|| panic!("{:?}", told.roots())).first_response.clone()
}

fn refused(status: u16, arrived: &str) -> String {
    let at = "upgrade@here/edge:corp";
    format!("{at}.outcome = refused\n{at}.arrived = {arrived}\n{at}.author = edge\n{at}.status = {status}")
}

#[test]
fn the_first_case_that_holds_says_what_to_do() {
    for (status, arrived, says) in [
        (429, "unknown", "the edge answered 429 by itself"),
        (503, "no", "the edge answered 503 by itself"),
        (431, "no", "size of a request's head"),
        (403, "no", "Let the edge pass Upgrade and Connection on"),
        (403, "unknown", "Allow upgrades for this site at the edge"),
        (500, "unknown", "Compare the site's configuration"),
    ] {
        let said = first("", &refused(status, arrived));
        assert!(said.contains(says), "{status} {arrived}: {said}");
    }
}

#[test]
fn what_a_site_says_holds_in_every_case() {
    let overlay = "[[alter]]\ncode = 'WS-01'\nfirst-response = 'Page the edge team.'";
    for status in [429, 403, 500] {
        assert_eq!(first(overlay, &refused(status, "unknown")), "Page the edge team.");
    }
}
