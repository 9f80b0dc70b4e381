use super::*;

const EDGE: &str = "127.0.0.1";

fn head(first: &str, lines: &[(&str, &str)]) -> Head {
    let lines = lines.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect();
    Head { first: first.into(), lines, rest: Vec::new() }
}

/// The contract of a request of the companion line that arrives with these headers.
fn marked(lines: &[(&str, &str)]) -> Contract {
    let all = [&[("Host", "gw.example"), (MARK, "plain")], lines].concat();
    Contract::of(&head("GET /clawprobe-contract HTTP/1.1", &all), EDGE.parse().ok(), false, &[])
}

fn fate_of(contract: &Contract, name: &str) -> Option<Fate> {
    contract.headers.iter().find(|line| line.name == name).map(|line| line.fate)
}

#[test]
fn each_claim_has_a_fate() {
    let contract = marked(&[
        ("X-Forwarded-For", "198.51.100.77"),
        ("X-Forwarded-For", "203.0.113.5"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=198.51.100.77;proto=claimed;host=claimed.invalid"),
        ("X-Request-Id", "secret-looking"),
        ("Via", "1.1 varnish"),
        ("User-Agent", "curl"),
    ]);
    for (name, fate) in [
        ("X-Forwarded-For", Some(Fate::Appended)),
        ("X-Forwarded-Proto", Some(Fate::Overwritten)),
        ("Forwarded", Some(Fate::Passed)),
        ("X-Real-IP", Some(Fate::Stripped)),
        ("X-Request-Id", Some(Fate::Added)),
        ("Via", Some(Fate::Added)),
        ("User-Agent", None),
        ("Host", None),
        (MARK, None),
    ] {
        assert_eq!(fate_of(&contract, name), fate, "{name}");
    }
    let text = contract.to_string();
    assert!(text.contains("X-Forwarded-For: 198.51.100.77, 203.0.113.5") && text.contains("Via: 1.1 varnish"), "{text}");
    assert!(!text.contains("secret-looking"), "values of other headers may be secrets: {text}");
}

#[test]
fn a_longer_value_is_appended_only_behind_a_comma() {
    for (value, fate) in [("7", Fate::Passed), ("7, 443", Fate::Appended), ("7443", Fate::Overwritten)] {
        assert_eq!(fate_of(&marked(&[("X-Forwarded-Port", value)]), "X-Forwarded-Port"), Some(fate), "{value}");
    }
}

#[test]
fn the_verdict_says_what_to_set() {
    for (told, verdict, client, proxies) in [
        (Some("203.0.113.5"), Verdict::Right, Some("203.0.113.5"), vec!["127.0.0.1"]),
        (Some("198.51.100.77, 203.0.113.5"), Verdict::Right, Some("203.0.113.5"), vec!["127.0.0.1"]),
        (Some("198.51.100.77, 203.0.113.5, 10.0.0.7"), Verdict::Right, Some("203.0.113.5"), vec!["10.0.0.7", "127.0.0.1"]),
        (Some("203.0.113.5, 127.0.0.1"), Verdict::Right, Some("203.0.113.5"), vec!["127.0.0.1"]),
        (Some("198.51.100.77"), Verdict::Believed, Some("198.51.100.77"), vec![]),
        (Some("127.0.0.1"), Verdict::Loopback, None, vec![]),
        (None, Verdict::Local, Some(EDGE), vec![]),
    ] {
        let lines: Vec<_> = told.map(|value| ("X-Forwarded-For", value)).into_iter().collect();
        let trust = marked(&lines).trust;
        let shown = trust.client.map(|ip| ip.to_string());
        assert_eq!((trust.verdict, shown.as_deref()), (verdict, client), "{told:?}");
        let list: Vec<String> = trust.trusted_proxies.iter().map(IpAddr::to_string).collect();
        assert_eq!(list, proxies, "{told:?}");
        assert_eq!(trust.known, proxies.is_empty(), "nothing was trusted: {told:?}");
    }
    let alone = marked(&[("X-Real-IP", "203.0.113.5")]).trust;
    assert_eq!(alone.verdict, Verdict::NoAddress);
    assert!(alone.advice.contains("X-Real-IP does not count"));
    let others = marked(&[("X-Forwarded-Proto", "claimed"), ("Tailscale-User-Name", "claimed")]).trust;
    assert_eq!(others.verdict, Verdict::Local, "what is claimed beside the address is no concern of others");
    let far = Contract::of(&head("GET / HTTP/1.1", &[]), "10.0.0.7".parse().ok(), false, &[]);
    assert_eq!(far.trust.verdict, Verdict::Unnamed);
}

#[test]
fn what_was_told_is_known_and_the_advice_can_be_pasted() {
    let head = head("GET / HTTP/1.1", &[("X-Forwarded-For", "203.0.113.5")]);
    let trusted = [EDGE.parse().unwrap()];
    let contract = Contract::of(&head, Some(trusted[0]), false, &trusted);
    assert!(contract.trust.known && contract.claims.is_none());
    assert_eq!(contract.trust.advice, r#"gateway.trustedProxies: ["127.0.0.1"]"#);
    assert_eq!(fate_of(&contract, "X-Forwarded-For"), Some(Fate::Arrives), "only a claim tells who set it");
}

#[test]
fn prefixes_and_lost_upgrades_show() {
    let kept = head("GET /oc/clawprobe-contract HTTP/1.0", &[(MARK, "upgrade"), ("Connection", "close")]);
    let contract = Contract::of(&kept, EDGE.parse().ok(), false, &[]);
    assert_eq!(contract.prefix.as_deref(), Some("/oc"));
    assert_eq!(contract.upgrade, Some(["none".to_owned(), "close".to_owned()]));
    assert!(contract.request.ends_with("HTTP/1.0"));
    let plain = head("GET /a?token=x HTTP/1.1", &[("Connection", "keep-alive")]);
    let contract = Contract::of(&plain, EDGE.parse().ok(), false, &[]);
    assert_eq!((contract.upgrade.clone(), contract.request.as_str()), (None, "GET /a HTTP/1.1"));
}

#[test]
fn one_shape_is_told_once_whoever_asks_for_whatever() {
    let of = |first: &str, told: &str| {
        let head = head(first, &[("X-Forwarded-For", told)]);
        Contract::of(&head, EDGE.parse().ok(), false, &[]).shape()
    };
    assert_eq!(of("GET /a HTTP/1.1", "203.0.113.5"), of("GET /b HTTP/1.1", "203.0.113.6"));
    assert_ne!(of("GET /a HTTP/1.1", "203.0.113.5"), of("POST /a HTTP/1.1", "203.0.113.5"));
    assert_ne!(of("GET /a HTTP/1.1", "203.0.113.5"), of("GET /a HTTP/1.1", "127.0.0.1"));
}

#[test]
fn what_is_no_request_is_named() {
    let peer = EDGE.parse().ok();
    let line = Arrival::junk(b"PROXY TCP4 203.0.113.5 127.0.0.1 50000 18789\r\nGET / HTTP/1.1\r\n", peer);
    assert!(line.to_string().contains("PROXY TCP4 203.0.113.5") && line.to_string().contains("turn it off"), "{line}");
    assert!(matches!(Arrival::junk(PROXY_V2_START, peer), Arrival::ProxyLine { .. }));
    assert!(matches!(Arrival::junk(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", peer), Arrival::Http2 { .. }));
    assert!(matches!(Arrival::junk(b"SSH-2.0-x\r\n", peer), Arrival::Junk { bytes: 11, .. }));
    assert!(matches!(Arrival::junk(&[0x16, 3, 1], peer), Arrival::Tls { name: None, .. }));
}

const PROXY_V2_START: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11";

#[test]
fn the_companion_lines_claim_everything_and_mark_themselves() {
    let [honest, plain, upgrade] = line("https://gw.example/oc/");
    assert_eq!(plain.last().map(String::as_str), Some("https://gw.example/oc/clawprobe-contract"));
    for (name, value) in CLAIMS {
        assert!(plain.contains(&format!("{name}: {value}")) && upgrade.contains(&format!("{name}: {value}")), "{name}");
    }
    assert!(plain.contains(&format!("{MARK}: plain")) && upgrade.contains(&format!("{MARK}: upgrade")));
    assert!(honest.contains(&format!("{MARK}: nothing")) && !honest.iter().any(|word| word.contains("198.51.100.77")));
    assert!(upgrade.contains(&"Upgrade: websocket".to_owned()) && !plain.contains(&"Upgrade: websocket".to_owned()));
}
