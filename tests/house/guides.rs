//! What the guides say: the lists of patterns and answers, how they are found, and how a site changes them.

use clawprobe::cli::{explain, guides};
use clawprobe::facts::tables::deployment::Pattern;
use clawprobe::shelf::Shelf;
use clawprobe::shelf::pattern::FIELDS;

use super::desk::Desk;
use super::fresh::fresh;

/// The answers that were asked for: a question people ask, and what is typed to find its answer.
const ANSWERS: &[(&str, &str)] = &[
    ("expose-18789", "should I expose 18789 to the internet"),
    ("serve-or-funnel", "serve or funnel"),
    ("default-pattern", "default pattern"),
    ("health-passes-clients-fail", "health checks pass but clients fail"),
    ("forwarded-headers", "can I trust forwarded headers"),
    ("why-not-all-interfaces", "why not bind 0.0.0.0"),
    ("loopback-is-the-gate", "is the loopback bind the cause"),
    ("tunnels-route", "does a tunnel authenticate"),
    ("cloudflare-or-tailnet", "cloudflare or tailnet"),
    ("what-tailscale-does", "what does tailscale do"),
    ("round-trip-time", "150 ms round trip"),
    ("departures", "somebody leaves the team"),
    ("heavy-work-elsewhere", "heavy work on the gateway machine"),
];

const PATTERNS: &[&str] = &["cloudflare-tunnel", "first-party-proxy", "funnel", "public-bind", "serve", "ssh", "tailnet-bind"];

fn shelf() -> Shelf {
    Shelf::builtin().unwrap_or_else(|complaint| panic!("{complaint}"))
}

fn explained(words: &str) -> String {
    explain::text(&shelf(), &[words.to_owned()], 100).unwrap_or_else(|complaint| panic!("{complaint}"))
}

#[test]
fn every_question_has_one_answer_with_sources_and_rows() {
    let shelf = shelf();
    let mut names: Vec<&str> = ANSWERS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(shelf.answers.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), names);
    for answer in &shelf.answers {
        assert!(answer.question.ends_with('?') && !answer.references.is_empty(), "{}", answer.name);
        assert!(!answer.codes.is_empty() && !answer.requirements.is_empty(), "{} is linked to no row", answer.name);
        assert!(answer.page.text().len() > 200, "{} says nothing at length", answer.name);
    }
}

#[test]
fn every_question_is_found_by_its_words() {
    for (name, words) in ANSWERS {
        let text = explained(words);
        let first = format!("answer:{name} ");
        assert!(text.starts_with(&first), "`{words}` finds\n{text}");
    }
}

#[test]
fn the_answers_say_what_was_asked_for() {
    for (name, parts) in [
        ("forwarded-headers", &["mTLS", "signed token", "HMAC"][..]),
        ("why-not-all-interfaces", &["1.", "2.", "3.", "4.", "5.", "6."]),
        ("loopback-is-the-gate", &["first gate", "not the cause", "userspace"]),
        ("tunnels-route", &["Tunnels route; they do not authenticate"]),
        ("round-trip-time", &["80 to 150 ms"]),
        ("health-passes-clients-fail", &["buffering", "HTTP/2", "timers", "clawprobe run ci"]),
    ] {
        let text = explained(&format!("answer:{name}"));
        parts.iter().for_each(|part| assert!(text.contains(part), "{name} does not say `{part}`:\n{text}"));
    }
}

#[test]
fn every_pattern_says_everything_that_is_compared() {
    let shelf = shelf();
    assert_eq!(shelf.patterns.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), PATTERNS);
    let products: Vec<String> = clawprobe::advise::product::all().unwrap().into_iter().map(|p| p.product).collect();
    for pattern in &shelf.patterns {
        assert_eq!(pattern.said.len(), FIELDS.len());
        assert!(!pattern.references.is_empty() && !pattern.requirements.is_empty(), "{}", pattern.name);
        assert!(pattern.advise.iter().all(|p| products.contains(p)), "{}: {:?}", pattern.name, pattern.advise);
        let text = explained(&format!("pattern:{}", pattern.name));
        FIELDS.iter().for_each(|(_, heading)| assert!(text.contains(heading), "no {heading} in\n{text}"));
    }
    // What a run recognises has a page, and the other way round.
    let mut known: Vec<&str> =
        Pattern::ALL.iter().map(|label| label.name).filter(|name| !["none", "unknown"].contains(name)).collect();
    known.sort_unstable();
    assert_eq!(known, PATTERNS);
    let advised: Vec<&String> = shelf.patterns.iter().flat_map(|p| &p.advise).collect();
    assert!(products.iter().all(|p| advised.contains(&p)), "a product belongs to no pattern: {products:?} {advised:?}");
}

#[test]
fn patterns_and_answers_are_listed_and_misspelt_ones_are_answered() {
    let list = explained("pattern");
    PATTERNS.iter().for_each(|name| assert!(list.contains(name), "{list}"));
    let list = explained("answer");
    ANSWERS.iter().for_each(|(name, _)| assert!(list.contains(name), "{list}"));
    for (typed, meant) in
        [("pattern:serv", "serve"), ("answer:departure", "departures"), ("pattern:first-party-prox", "first-party-proxy")]
    {
        let complaint = explain::text(&shelf(), &[typed.to_owned()], 80).unwrap_err().to_string();
        assert!(complaint.contains(&format!("did you mean `{meant}`?")) && complaint.contains("^^^"), "{complaint}");
    }
}

#[test]
fn rows_and_reports_lead_to_answers() {
    assert!(explained("WS-01").contains("answer:health-passes-clients-fail"));
    let desk = Desk::new();
    let url = format!("ws://127.0.0.1:{}", super::desk::closed_port());
    let human = desk.run(&["preflight", "--gateway", &url]);
    assert!(human.out.contains("clawprobe explain LISTEN-01, answer:loopback-is-the-gate"), "{}", human.out);
    let json = desk.run(&["preflight", "--gateway", &url, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["findings"][0]["answers"], serde_json::json!(["loopback-is-the-gate"]));
}

#[test]
fn a_run_tells_how_the_gateway_is_deployed_or_that_nothing_tells() {
    let desk = Desk::new();
    let url = format!("ws://127.0.0.1:{}", super::desk::closed_port());
    let json =
        desk.run(&["preflight", "--gateway", &url, "--edge", "https://claw.invalid", "--budget", "9s", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["deployment"][0]["site"], &json["deployment"][0]["tailscale"]), (&"here".into(), &"unknown".into()));
    let pattern = |id: &str| json["vantages"].as_array().unwrap().iter().find(|v| v["id"] == id).unwrap()["pattern"].clone();
    assert_eq!((pattern("here/edge"), pattern("here")), ("unknown".into(), serde_json::Value::Null));
    let human = desk.run(&["preflight", "--gateway", &url, "--edge", "https://claw.invalid", "--budget", "9s"]);
    for piece in ["mode: ", "Tailscale: unknown", "pattern: unknown"] {
        assert!(human.out.contains(piece), "no {piece} in\n{}", human.out);
    }
}

const OWN: &str = "+++\nanswer = \"x-vpn\"\nquestion = \"May I use the company's VPN?\"\nshort = \"Yes, on port 443.\"\ncodes = [\"WS-01\"]\n\
                   patterns = [\"serve\"]\n+++\n\nAsk the network team first.\n";

#[test]
fn a_site_adds_its_own_and_alters_words() {
    let shelf = |files: &[(&str, &str)]| {
        let files: Vec<(String, String)> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Shelf::with_overlays(&files).map_err(|complaint| complaint.to_string())
    };
    let alter =
        "[[alter]]\npattern = \"serve\"\ntypical-users = \"Us.\"\n[[alter]]\nanswer = \"departures\"\nshort = \"Call 4711.\"\n";
    let site = shelf(&[("x-vpn.md", OWN), ("site.toml", alter)]).unwrap();
    let text = |words: &str| explain::text(&site, &[words.to_owned()], 100).unwrap();
    assert!(text("company's VPN").starts_with("answer:x-vpn"), "{}", text("company's VPN"));
    assert!(text("WS-01").contains("answer:x-vpn"));
    assert!(text("pattern:serve").contains("Us.") && text("pattern:serve").contains("typical-users set by site.toml"));
    assert!(text("answer:departures").contains("Call 4711."));
    for (name, file, wrong) in [
        ("x-vpn.md", OWN.replace("WS-01", "WS-99"), "there is no code WS-99"),
        ("x-vpn.md", OWN.replace("\"serve\"", "\"serv\""), "did you mean `serve`?"),
        ("vpn.md", OWN.replace("x-vpn", "vpn"), "begins without x-"),
        ("departures.md", OWN.replace("x-vpn", "departures"), "taken"),
        ("other.md", OWN.to_owned(), "to be named x-vpn.md"),
        ("x-vpn.md", OWN.replace("short", "shrt"), "did you mean `short`?"),
        ("site.toml", alter.replace("serve", "serv"), "did you mean `serve`?"),
        ("site.toml", alter.replace("typical-users", "typical-user"), "did you mean `typical-users`?"),
    ] {
        let complaint = shelf(&[(name, &file)]).unwrap_err();
        assert!(complaint.contains(wrong) && complaint.contains('^'), "{complaint}");
    }
    let desk = Desk::new();
    desk.put("x-vpn.md", OWN);
    let lint = desk.run(&["matrix", "lint", "x-vpn.md"]);
    assert!(lint.status == 0 && lint.out.contains("answer x-vpn"), "{}{}", lint.out, lint.err);
}

#[test]
fn the_page_of_patterns_is_fresh() {
    fresh(&[("reports/PATTERNS.md", guides::markdown(&shelf()))]);
}
