//! What `advise` prints: right for every gateway, with no hole left and no word of a user's that means more than it says. Whether
//! real products take it is for `tests/peers`.

use clawprobe::advise::ask::{Ask, Hop, TICK_MS};
use clawprobe::advise::page::{Page, page};
use clawprobe::advise::product::{self, Product};
use clawprobe::advise::syntax::Syntax;
use clawprobe::facts::tables::path::Scheme;
use clawprobe::target::Endpoint;

use super::desk::Desk;

fn products() -> Vec<Product> {
    product::all().unwrap_or_else(|complaint| panic!("{complaint}"))
}

fn gateway(scheme: Scheme, host: &str) -> Endpoint {
    Endpoint { scheme, host: host.into(), port: if scheme == Scheme::Unix { 0 } else { 29_443 }, path: "/".into(), query: None }
}

fn ask(gateway: Endpoint, hop: Hop) -> Ask {
    let from = vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
    Ask {
        hop,
        name: Some("claw.example".into()),
        listen: None,
        cert: None,
        key: None,
        gateway,
        gateway_ca: None,
        pin: None,
        base_path: None,
        from,
        before: Vec::new(),
        tick_ms: TICK_MS,
        measured: false,
    }
}

/// Every product with every gateway and hop it takes.
fn pages() -> Vec<(Product, Ask, Page)> {
    let gateways = [
        gateway(Scheme::Ws, "127.0.0.1"),
        gateway(Scheme::Wss, "::1"),
        gateway(Scheme::Ws, "gw.lan"),
        gateway(Scheme::Unix, "/run/claw/gw.sock"),
    ];
    let mut pages = Vec::new();
    for product in products() {
        for (gateway, hop) in gateways.iter().flat_map(|g| [Hop::Outer, Hop::Inner].map(|hop| (g, hop))) {
            let ask = ask(gateway.clone(), hop);
            if (hop == Hop::Outer || product.hops) && (gateway.scheme != Scheme::Unix || product.unix) {
                let page = page(&product, &ask).unwrap_or_else(|complaint| panic!("{complaint}"));
                pages.push((product.clone(), ask, page));
            }
        }
    }
    pages
}

#[test]
fn every_hole_is_filled_by_this_gateway() {
    for (product, ask, page) in pages() {
        let text = page.text();
        assert!(!text.contains("{{") && !text.contains("{%") && !text.contains("NAME") && !text.contains("TICK"), "{text}");
        let place = if ask.gateway.scheme == Scheme::Unix { "/run/claw/gw.sock".to_owned() } else { "29443".to_owned() };
        assert!(page.configuration.contains(&place), "{} does not lead to {place}:\n{text}", product.product);
        assert!(ask.hop == Hop::Inner || text.contains("claw.example"), "{text}");
        assert!(page.check[0].starts_with("clawprobe run edge "), "{text}");
    }
}

#[test]
fn a_proxy_is_told_to_the_gateway_and_only_the_outer_one_throws_claims_away() {
    for (product, ask, page) in pages().into_iter().filter(|(product, ..)| product.proxy) {
        let settings: serde_json::Value = json5::from_str(page.gateway.as_deref().unwrap()).unwrap();
        assert_eq!(settings["gateway"]["trustedProxies"], serde_json::json!(["127.0.0.1", "::1"]));
        let origin = &settings["gateway"]["controlUi"]["allowedOrigins"];
        assert_eq!(origin.is_array(), ask.hop == Hop::Outer, "{}", product.product);
        if product.hops {
            let words = product::words().unwrap();
            let (said, not) = match ask.hop {
                Hop::Outer => ("overwritten", "appended"),
                Hop::Inner => ("appended", "overwritten"),
            };
            // Traefik's own settings decide, not its file.
            let text = page.text();
            assert!(product.product == "traefik" || text.contains(words[said].as_str()), "{text}");
            assert!(!text.contains(words[not].as_str()), "{text}");
        }
    }
}

#[test]
fn tls_to_the_gateway_is_spoken_where_the_gateway_speaks_it() {
    for (product, ask, page) in pages().into_iter().filter(|(product, ..)| product.hops) {
        let speaks = page.configuration.contains("TLS is 1.3 only");
        assert_eq!(speaks, ask.gateway.scheme == Scheme::Wss, "{}:\n{}", product.product, page.configuration);
    }
}

#[test]
fn what_is_not_checked_and_what_goes_in_plain_text_is_said() {
    let said = |product: &Product, ask: &Ask, what: &str| page(product, ask).unwrap().notes.iter().any(|n| n.starts_with(what));
    for product in products().into_iter().filter(|p| p.proxy) {
        let skips = |page: &Page| {
            ["tls_insecure_skip_verify", "verify none", "insecureSkipVerify", "noTLSVerify"]
                .iter()
                .any(|w| page.configuration.contains(w))
        };
        for (host, near) in [("127.0.0.1", true), ("192.0.2.7", false), ("100.64.0.9", false), ("gw.lan", false)] {
            let open = ask(gateway(Scheme::Wss, host), Hop::Outer);
            assert_eq!(said(&product, &open, "NOT CHECKED"), !near, "{} {host}", product.product);
            assert_eq!(page(&product, &open).unwrap().configuration.contains("NOT CHECKED"), !near, "{} {host}", product.product);
            let shut = Ask { gateway_ca: Some("/etc/gateway.pem".into()), ..open };
            let printed = page(&product, &shut).unwrap();
            assert!(!printed.text().contains("NOT CHECKED") && !skips(&printed), "{}", printed.text());
            assert!(printed.configuration.contains("/etc/gateway.pem"), "{}", printed.text());
            assert_eq!(said(&product, &shut, &format!("{} takes only", product.title)), product.names);
        }
        for (host, plain) in [("127.0.0.1", false), ("100.64.0.9", false), ("10.0.0.9", true), ("gw.lan", true)] {
            assert_eq!(said(&product, &ask(gateway(Scheme::Ws, host), Hop::Outer), "PLAIN TEXT"), plain, "{host}");
        }
    }
}

#[test]
fn the_check_names_the_gateways_certificate() {
    for product in products().into_iter().filter(|p| p.proxy || p.product == "ssh") {
        let tls = ask(gateway(Scheme::Wss, "127.0.0.1"), Hop::Outer);
        let hole = page(&product, &tls).unwrap();
        // Beside an edge, which shows a certificate of its own, the pin is for the gateway's path alone.
        let path = if product.proxy { "gateway=" } else { "" };
        assert!(
            hole.check[0].contains(&format!(" --pin {path}sha256:HEX")) && hole.text().contains("HEX below is"),
            "{}",
            hole.text()
        );
        let known = page(&product, &Ask { pin: Some("0f".repeat(32)), ..tls }).unwrap();
        assert!(known.check[0].contains(&format!(" --pin {path}sha256:{}", "0f".repeat(32))), "{:?}", known.check);
        assert!(!known.text().contains("HEX"), "{}", known.text());
        let plain = page(&product, &ask(gateway(Scheme::Ws, "127.0.0.1"), Hop::Outer)).unwrap();
        assert!(!plain.text().contains("--pin"), "{}", plain.text());
    }
}

#[test]
fn timers_follow_the_measured_cadence() {
    let nginx = products().into_iter().find(|p| p.product == "nginx").unwrap();
    let with = |tick_ms: f64| {
        let ask = Ask { tick_ms, measured: true, ..ask(gateway(Scheme::Ws, "127.0.0.1"), Hop::Outer) };
        page(&nginx, &ask).unwrap().configuration
    };
    assert!(with(30_000.0).contains("proxy_read_timeout 3600s;") && with(30_000.0).contains("Above 60 s"));
    assert!(with(7_200_000.0).contains("proxy_read_timeout 18000s;"), "{}", with(7_200_000.0));
}

#[test]
fn a_file_name_is_quoted_or_refused() {
    let base = ask(gateway(Scheme::Ws, "127.0.0.1"), Hop::Outer);
    for product in products().into_iter().filter(|p| p.hops) {
        let with = |cert: &str| page(&product, &Ask { cert: Some(cert.into()), key: Some("/k".into()), ..base.clone() });
        let text = with("/etc/my certs/a.pem").unwrap().configuration;
        assert!(text.contains("\"/etc/my certs/a.pem\"") || text.contains("'/etc/my certs/a.pem'"), "{text}");
        for (evil, written) in EVIL {
            let expected = written.iter().find(|(syntax, _)| *syntax == product.syntax).map(|(_, word)| *word);
            match (with(evil), expected) {
                (Err(complaint), None) => assert!(complaint.to_string().contains("--cert"), "{complaint}"),
                (Ok(page), Some(word)) => assert!(page.configuration.contains(word), "{word}: {}", page.configuration),
                (done, expected) => {
                    panic!("{}: {evil:?} is {expected:?}, not {:?}", product.product, done.map(|p| p.configuration))
                }
            }
        }
    }
}

/// What somebody may type for a file, and how each syntax writes it; where none is named, it is refused.
const EVIL: &[(&str, &[(Syntax, &str)])] = &[
    ("/a\";x", &[(Syntax::Nginx, r#" "/a\";x";"#), (Syntax::Haproxy, r#" '/a";x' "#), (Syntax::Yaml, r#" "/a\";x""#)]),
    (
        "/a'x",
        &[
            (Syntax::Nginx, r#" "/a'x";"#),
            (Syntax::Caddy, r#" "/a'x" "#),
            (Syntax::Apache, r#" "/a'x""#),
            (Syntax::Yaml, r#" "/a'x""#),
        ],
    ),
    ("/a$HOME", &[(Syntax::Caddy, r#" "/a$HOME" "#), (Syntax::Haproxy, " '/a$HOME' "), (Syntax::Yaml, r#" "/a$HOME""#)]),
    ("/a{b}", &[(Syntax::Nginx, r#" "/a{b}";"#), (Syntax::Haproxy, " '/a{b}' "), (Syntax::Apache, r#" "/a{b}""#)]),
    ("/a\\", &[(Syntax::Nginx, r#" "/a\\";"#), (Syntax::Haproxy, r" '/a\' "), (Syntax::Yaml, r#" "/a\\""#)]),
    ("/a\nb", &[]),
    ("/a%{x}", &[(Syntax::Nginx, r#" "/a%{x}";"#), (Syntax::Haproxy, " '/a%{x}' "), (Syntax::Apache, r#" "/a%{x}""#)]),
];

#[test]
fn a_command_is_quoted_for_a_shell() {
    let desk = Desk::new();
    for product in ["nginx", "alb"] {
        let done = desk.run(&["advise", product, "--gateway", "unix:/tmp/my dir;x/gw.sock"]);
        let line = "clawprobe run edge --gateway 'unix:/tmp/my dir;x/gw.sock' --edge ";
        assert!(done.out.contains(line), "{}{}", done.out, done.err);
        let bracketed = desk.run(&["advise", product, "--gateway", "ws://[::1]:7"]);
        assert!(bracketed.out.contains(" --gateway 'ws://[::1]:7' --edge "), "{}{}", bracketed.out, bracketed.err);
    }
    let ssh = desk.run(&["advise", "ssh", "--gateway", "ws://127.0.0.1:7", "--listen", "[::1]:8443"]);
    assert!(ssh.out.contains(" run edge --tunnel 'ws://[::1]:8443'"), "{}{}", ssh.out, ssh.err);
    assert!(ssh.out.contains("url: 'ws://[::1]:8443'") && ssh.out.contains("LocalForward [::1]:8443 127.0.0.1:7"), "{}", ssh.out);
}

#[test]
fn a_forward_listens_where_a_user_may() {
    let desk = Desk::new();
    for (gateway, forward) in [
        ("unix:/run/gw.sock", "LocalForward 127.0.0.1:18789 /run/gw.sock"),
        ("wss://127.0.0.1:443", "LocalForward 127.0.0.1:18789 127.0.0.1:443"),
        ("ws://127.0.0.1:1024", "LocalForward 127.0.0.1:1024 127.0.0.1:1024"),
    ] {
        let done = desk.run(&["advise", "ssh", "--gateway", gateway]);
        assert!(done.out.contains(forward), "{}{}", done.out, done.err);
    }
}

#[test]
fn what_a_product_cannot_do_is_a_complaint() {
    let of = |name: &str| products().into_iter().find(|p| p.product == name).unwrap();
    let unix = page(&of("traefik"), &ask(gateway(Scheme::Unix, "/run/x"), Hop::Outer)).unwrap_err().to_string();
    assert!(unix.contains("does not reach a Unix socket"), "{unix}");
    let inner = page(&of("serve"), &ask(gateway(Scheme::Ws, "127.0.0.1"), Hop::Inner)).unwrap_err().to_string();
    assert!(inner.contains("--hop inner"), "{inner}");
}

#[test]
fn settings_of_the_gateway_are_json5() {
    for (product, ask, page) in pages() {
        if matches!(product.product.as_str(), "serve" | "funnel") {
            let settings: serde_json::Value = json5::from_str(&page.text()).unwrap();
            assert_eq!(settings["gateway"]["port"], ask.gateway.port);
            assert_eq!(settings["gateway"]["tailscale"]["mode"], product.product.as_str());
        }
    }
}

#[test]
fn the_command_lists_prints_and_says_what_was_meant() {
    let desk = Desk::new();
    let list = desk.run(&["advise"]);
    assert_eq!(list.status, 0, "{}", list.err);
    for product in products() {
        assert!(list.out.contains(&product.product) && list.out.contains(&product.title), "{}", list.out);
        assert!(!product.references.is_empty(), "{} has no source", product.product);
        assert_eq!(desk.run(&["advise", &product.product]).status, 0);
    }
    for (typed, meant) in [("ngnix", "nginx"), ("haproxi", "haproxy"), ("gpc", "gcp")] {
        let lost = desk.run(&["advise", typed]);
        assert!(lost.status == 2 && lost.err.contains(&format!("did you mean `{meant}`?")), "{}", lost.err);
    }
    let json: serde_json::Value = serde_json::from_str(&desk.run(&["advise", "NGINX", "--format", "json"]).out).unwrap();
    assert_eq!((&json["product"], &json["hop"], &json["untested"]), (&"nginx".into(), &"outer".into(), &serde_json::Value::Null));
}

#[test]
fn the_gateway_is_found_as_a_run_finds_it() {
    let desk = Desk::new();
    let config = r#"{gateway: {mode: "local", port: 23532, tls: {enabled: true}}}"#;
    desk.put(".openclaw/openclaw.json", config);
    let found = desk.run(&["advise", "nginx"]);
    assert!(found.out.contains("proxy_pass https://127.0.0.1:23532;"), "{}{}", found.out, found.err);
    let named =
        desk.run(&["advise", "caddy", "--gateway", "ws://localhost:7", "--listen", "[::1]:8443", "--name", "Claw.Example"]);
    assert!(named.out.contains("reverse_proxy 127.0.0.1:7 {") && named.out.contains("bind ::1"), "{}{}", named.out, named.err);
    assert!(named.out.contains("https://claw.example:8443 {"), "{}", named.out);
    desk.put(".openclaw/openclaw.json", r#"{gateway: {mode: "remote", remote: {url: "wss://claw.example"}}}"#);
    let remote = desk.run(&["advise", "nginx"]);
    assert!(remote.status == 2 && remote.err.contains("names an edge"), "{}", remote.err);
}

#[test]
fn what_the_user_got_wrong_is_underlined() {
    let desk = Desk::new();
    for (args, marked) in [
        (&["advise", "nginx", "--name", "a b"][..], " "),
        (&["advise", "nginx", "--hop", "middle"], "middle"),
        (&["advise", "nginx", "--listen", "0"], "0"),
        (&["advise", "nginx", "--gateway", "ftp://x"], "ftp"),
        (&["advise", "nginx", "--cert", "/a$b"], "/a$b"),
        (&["advise", "nginx", "--before", "x"], "x"),
        (&["advise", "nginx", "--before", "192.0.2.2"], "192.0.2.2"),
        (&["advise", "caddy", "--gateway", "ws://127.0.0.1:7/base"], "/base"),
        (&["advise", "ssh", "--gateway", "https://[::1]:7/a/b/?token=x"], "/a/b/"),
        (&["advise", "alb", "--gateway", "wss://127.0.0.1/base"], "/base"),
        (&["advise", "nginx", "--gateway", "ws://203.0.113.5:18789"], "ws://203.0.113.5:18789"),
        (&["advise", "ssh", "--gateway", "ws://[fe80::1]:18789"], "ws://[fe80::1]:18789"),
        (&["advise", "alb", "--gateway", "ws://203.0.113.5:18789"], "ws://203.0.113.5:18789"),
        (&["advise", "nginx", "--gateway", "wss://127.0.0.1:7", "--gateway-ca", "/a$b"], "/a$b"),
        (&["advise", "nginx", "--gateway", "ws://127.0.0.1:7", "--gateway-ca", "/ca.pem"], "/ca.pem"),
        (&["advise", "ssh", "--gateway", "wss://127.0.0.1:7", "--gateway-ca", "/ca.pem"], "/ca.pem"),
        (&["advise", "alb", "--gateway-ca", "/ca.pem"], "/ca.pem"),
        (&["advise", "alb", "--name", "a b"], " "),
        (&["advise", "alb", "--hop", "inner"], "inner"),
        (&["advise", "alb", "--listen", "[::1]:443"], "[::1]:443"),
        (&["advise", "alb", "--cert", "/c.pem"], "/c.pem"),
        (&["advise", "alb", "--cert", "/c.pem", "--key", "/k.pem"], "/c.pem"),
        (&["advise", "alb", "--from", "192.0.2.1"], "192.0.2.1"),
        (&["advise", "alb", "--before", "192.0.2.2"], "192.0.2.2"),
    ] {
        let done = desk.run(args);
        assert!(done.status == 2 && done.out.is_empty(), "{args:?}: {}{}", done.out, done.err);
        assert_eq!(done.underlined(), [marked], "{args:?}: {}", done.err);
    }
}

#[test]
fn a_path_of_the_gateway_is_named_with_what_to_write() {
    let done = Desk::new().run(&["advise", "nginx", "--gateway", "http://127.0.0.1:7/base?token=planted"]);
    assert!(done.err.contains("write --gateway ws://127.0.0.1:7:") && done.err.contains("the edge for /base"), "{}", done.err);
    assert!(!done.err.contains("planted"), "{}", done.err);
    assert_eq!(Desk::new().run(&["advise", "nginx", "--gateway", "http://127.0.0.1:7/"]).status, 0);
}

#[test]
fn caddy_takes_port_80_for_redirects_only_beside_443_and_says_so() {
    let caddy = products().into_iter().find(|p| p.product == "caddy").unwrap();
    let with = |hop: Hop, port: Option<&str>, cert: Option<&str>| {
        let listen = port.map(|port| port.parse().unwrap());
        page(&caddy, &Ask { listen, cert: cert.map(str::to_owned), ..ask(gateway(Scheme::Ws, "127.0.0.1"), hop) }).unwrap()
    };
    let (leaves, says) = ("{\n    # Port 80 is left alone", "Caddy takes port 80 as well");
    for (port, other) in [(None, false), (Some("443"), false), (Some("8443"), true), (Some("127.0.0.1:443"), false)] {
        let page = with(Hop::Outer, port, Some("/c.pem"));
        assert_eq!(page.configuration.starts_with(leaves), other, "{port:?}: {}", page.configuration);
        assert_eq!(page.configuration.contains("auto_https disable_redirects"), other, "{port:?}: {}", page.configuration);
        assert_eq!(page.notes.iter().any(|note| note.starts_with(says)), !other, "{port:?}: {:?}", page.notes);
    }
    // In plain text nothing is redirected; TLS of a hop further in is.
    let plain = with(Hop::Inner, None, None).text();
    assert!(!plain.contains("port 80") && !plain.contains("auto_https"), "{plain}");
    assert!(with(Hop::Inner, None, Some("/c.pem")).configuration.starts_with(leaves));
    let public = |cert| with(Hop::Outer, Some("8443"), cert).text().contains("A public authority asks port 80 or 443");
    assert!(public(None) && !public(Some("/c.pem")));
}

#[test]
fn an_edge_that_somebody_else_runs_is_told_with_its_sources() {
    let desk = Desk::new();
    for product in ["alb", "nlb", "gcp", "azure"] {
        let done = desk.run(&["advise", product, "--gateway", "ws://127.0.0.1:7"]);
        assert!(done.status == 0 && done.out.contains("Untested") && done.out.contains("2026-"), "{}{}", done.out, done.err);
        assert!(done.out.contains("--gateway ws://127.0.0.1:7 "), "{}", done.out);
    }
    assert!(desk.run(&["advise", "gcp"]).out.contains("busy or not"));
    let nlb = desk.run(&["advise", "nlb"]).out;
    assert!(nlb.contains("targets named by instance keep each client's own address"), "{nlb}");
    assert!(!nlb.contains("if it only hands on bytes"), "{nlb}");
    assert!(desk.run(&["advise", "elb"]).out.contains("if it only hands on bytes"));
    let named = desk.run(&["advise", "alb", "--name", "Claw.Example"]);
    assert!(named.out.contains(" --edge https://claw.example\n"), "{}{}", named.out, named.err);
    let lost = desk.run(&["advise", "zzzzzzzz"]);
    assert_eq!(lost.err.matches("cloudflare").count(), 1, "{}", lost.err);
}

#[test]
fn a_recording_gives_the_cadence() {
    let desk = Desk::new();
    let recording = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/nginx-upgrade.jsonl");
    desk.put("run.jsonl", std::fs::read(recording).unwrap());
    let done = desk.run(&["advise", "nginx", "--measured", "run.jsonl"]);
    assert!(done.out.contains("(measured)"), "{}{}", done.out, done.err);
    desk.put("empty.jsonl", "");
    assert_eq!(desk.run(&["advise", "nginx", "--measured", "empty.jsonl"]).status, 2);
}
