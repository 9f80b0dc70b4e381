//! Facts that follow from others, and what rows make of them.

use clawprobe::record::Event;

use super::made::Made;

const TCP: &str = "tcp@here/local[address=127.0.0.1,port=18789]";
const LISTENER: &str = "listener@here[address=127.0.0.1,port=18789]";

#[test]
fn a_role_follows_from_what_a_direct_path_dials() {
    let role = |paths: &[&str], lines: &str| Made::healthy(paths).set(lines).judge().role("here");
    assert_eq!(role(&["local"], ""), "gateway-host");
    assert_eq!(role(&["edge"], ""), "unknown", "an edge tells nothing");
    assert_eq!(role(&["local"], &format!("{TCP}.own = absent")), "unknown");
    assert_eq!(role(&["lan"], "tcp@here/lan[address=192.168.1.5,port=18789].own = false"), "client");
    assert_eq!(role(&["local", "lan"], "tcp@here/lan[address=192.168.1.5,port=18789].own = false"), "gateway-host");
    let remote = "config@here.state = found\nconfig@here.mode = remote";
    assert_eq!(role(&["local"], remote), "unknown", "the settings say that the gateway is elsewhere");
    let other = "tcp@here/local[address=::1,port=18789].own = true\ntcp@here/local[address=::1,port=18789].named = false";
    assert_eq!(role(&["local"], &format!("{TCP}.own = absent\n{other}")), "unknown", "nobody named that address");
}

#[test]
fn what_is_dialled_is_told_as_a_url_too() {
    let url = |lines: &str| Made::healthy(&["local"]).set(lines).judge().fact("path", "here/local", &[], "url");
    assert_eq!(url(""), "http://127.0.0.1:18789");
    assert_eq!(url("path@here/local.host = ::1\npath@here/local.scheme = wss"), "https://[::1]:18789");
    assert_eq!(url("path@here/local.scheme = unix"), "absent");
}

#[test]
fn a_recorded_derived_fact_is_not_believed() {
    let lie =
        format!("site@here.role = client\npath@here/local.class = edge\n{TCP}.manner = refused\nconfig@here.applies = true");
    let told = Made::healthy(&["local"]).set(&lie).judge();
    assert_eq!((told.role("here"), told.class("here/local"), told.found()), ("gateway-host", "direct", vec![]));
    assert_eq!(told.fact("config", "here", &[], "applies"), "false");
}

#[test]
fn ssh_at_the_dialled_socket_makes_a_loopback_path_an_edge() {
    let class = |lines: &str| Made::healthy(&["local"]).set(lines).judge().class("here/local");
    assert_eq!(class(&format!("{LISTENER}.owner = ssh")), "edge");
    assert_eq!(class(&format!("{LISTENER}.owner = docker-proxy")), "direct");
    assert_eq!(class(&format!("{LISTENER}.owner = not measured: not-permitted")), "direct");
    assert_eq!(class("listener@here[address=127.0.0.1,port=2222].owner = ssh"), "direct", "another port");
    let told = Made::healthy(&["lan"]).set("listener@here[address=192.168.1.5,port=18789].owner = ssh").judge();
    assert_eq!(told.class("here/lan"), "direct", "only loopback ends are tunnels");
    // A tunnel's end is no gateway host, and rows about edges are asked of it.
    let told = Made::healthy(&["local"]).set(&format!("{LISTENER}.owner = ssh")).judge();
    assert_eq!(told.role("here"), "unknown");
    assert!(told.required_open().contains(&"EDGE-01@here/local") || told.clear("EDGE-01@here/local").is_some());
}

#[test]
fn an_owner_nobody_may_see_changes_no_verdict() {
    let told = Made::healthy(&["local", "edge"]).set(&format!("{LISTENER}.owner = not measured: not-permitted")).judge();
    assert_eq!((told.exit, told.required_open(), told.found()), (0, vec![], vec![]));
}

#[test]
fn manner_counts_the_first_exchange() {
    let manner = |lines: &str| {
        let told = Made::healthy(&["local"]).set(lines).judge();
        told.fact("tcp", "here/local", &[("address", "127.0.0.1")], "manner")
    };
    let http = |outcome: &str| format!("http@here/local[probe=health].outcome = {outcome}");
    assert_eq!(manner(""), "accepted");
    assert_eq!(manner(&http("closed-empty")), "closed-empty");
    assert_eq!(manner(&http("reset")), "closed-empty");
    assert_eq!(manner(&http("silent")), "accepted");
    assert_eq!(manner(&http("not measured: deadline")), "not measured: deadline", "nobody can tell whether it closes at once");
    assert_eq!(manner("tls@here/local.outcome = closed-empty"), "closed-empty");
    for shown in ["established", "alert"] {
        let tls_only = format!("{}\ntls@here/local[purpose=cross-check].outcome = {shown}", http("closed-empty"));
        assert_eq!(manner(&tls_only), "accepted", "it only speaks TLS");
    }
    assert_eq!(manner(&format!("{TCP}.connected = silent")), "silent");
    assert_eq!(manner(&format!("{TCP}.connected = not measured: deadline")), "not measured: deadline");
}

#[test]
fn a_host_is_a_url_with_brackets_where_it_is_an_address_of_ipv6() {
    for (host, url, usual) in [
        ("gw.example", "https://gw.example:18789", "https://gw.example"),
        ("2001:db8::5", "https://[2001:db8::5]:18789", "https://[2001:db8::5]"),
    ] {
        let lines =
            format!("path@here/edge:corp.scheme = wss\npath@here/edge:corp.host = \"{host}\"\npath@here/edge:corp.port = 18789");
        let told = Made::healthy(&["local", "edge:corp"]).set(&lines).judge();
        assert_eq!(told.fact("path", "here/edge:corp", &[], "url"), url);
        assert_eq!(told.fact("path", "here/edge:corp", &[], "usual-url"), usual);
    }
}

#[test]
fn the_other_loopback_family_has_its_own_manner() {
    let other = "tcp@here/local[address=::1,port=18789].named = false
tcp@here/local[address=::1,port=18789].connected = accepted
http@here/local[probe=health,address=::1].outcome = closed-empty";
    let told = Made::healthy(&["local"]).set(other).judge();
    assert_eq!(told.fact("tcp", "here/local", &[("address", "::1")], "manner"), "closed-empty");
    assert_eq!(told.fact("tcp", "here/local", &[("address", "127.0.0.1")], "manner"), "accepted");
    assert_eq!(told.found(), Vec::<&str>::new());
}

#[test]
fn a_configuration_speaks_for_the_gateway_that_is_dialled_here() {
    let applies = |paths: &[&str], lines: &str| {
        let file = "config@here.state = found\nconfig@here.bind = loopback\nconfig@here.port = 18789\n\
                    setting@here[source=file,key=port].value = 18789";
        let told = Made::healthy(paths).set(file).set(lines).judge();
        let setting = told.fact("setting", "here", &[("source", "file")], "applies");
        assert_eq!(told.fact("config", "here", &[], "applies"), setting);
        setting
    };
    assert_eq!(applies(&["local"], ""), "true");
    assert_eq!(applies(&["local"], "config@here.port = 18790"), "false");
    assert_eq!(applies(&["local"], "config@here.state = invalid"), "false");
    assert_eq!(applies(&["local"], "config@here.state = not measured: budget"), "not measured: budget");
    assert_eq!(applies(&["local"], "config@here.port = not measured: budget"), "not measured: budget");
    assert_eq!(applies(&["edge"], "config@here.state = not measured: budget"), "false", "whatever it says");
    assert_eq!(applies(&["edge"], ""), "false", "no direct path dials it");
    assert_eq!(applies(&["lan"], "tcp@here/lan[address=192.168.1.5,port=18789].own = false"), "false", "a client's own file");
    assert_eq!(applies(&["local"], &format!("{LISTENER}.owner = ssh")), "false", "the other end of a tunnel");
}

#[test]
fn a_wildcard_against_the_file_is_one_root() {
    let wide = "config@here.state = found\nconfig@here.bind = loopback\nconfig@here.port = 18789
listener@here[address=0.0.0.0,port=18789].family = v4
listener@here[address=0.0.0.0,port=18789].reach = wildcard
listener@here[address=0.0.0.0,port=18789].owner = gateway";
    let told = Made::healthy(&["local"]).set(wide).judge();
    assert_eq!((told.roots(), told.found(), told.exit), (vec!["LISTEN-09@here"], vec!["LISTEN-09@here", "LISTEN-03@here"], 1));
    let nobody = Made::healthy(&["local"]).set(&wide.replace("owner = gateway", "owner = not measured: not-permitted")).judge();
    let certainty: Vec<_> = nobody.judgement.verdict.findings.iter().map(|f| f.certainty.as_str()).collect();
    assert_eq!(certainty, ["suspected", "suspected"], "who listens was not seen");
    let elsewhere = Made::healthy(&["local"]).set(&wide.replace("port = 18789\n", "port = 18790\n")).judge();
    assert_eq!((elsewhere.found(), elsewhere.exit), (vec![], 0), "another gateway's file is no false alarm");
}

/// Two paths that were asked at the same moments.
fn pair(lines: &str) -> String {
    paired(lines, "here/edge:corp", "same-gateway")
}

/// A cell of the pair of the same two paths, seen from one of them.
fn paired(lines: &str, from: &str, field: &str) -> String {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    for at in ["here/local", "here/edge:corp"] {
        let (probe, vantage) = (String::from("connect"), at.parse().unwrap());
        made.events.push(Event::Started { probe: probe.clone(), vantage, at_ms: 100.0 });
        made.events.push(Event::Finished { probe, vantage: at.parse().unwrap(), at_ms: 110.0 });
    }
    let facts = made.set(lines).judge().judgement.facts;
    let (rows, _) = facts.rows("pair", None);
    let row = rows.iter().find(|r| r.key("a").unwrap().to_string() == from).unwrap();
    row.cell(field).unwrap().to_string()
}

#[test]
fn a_pair_tells_how_the_upgrade_fared_on_both() {
    let outcome = |lines: &str| paired(lines, "here/edge:corp", "outcome");
    assert_eq!(outcome(""), "both");
    assert_eq!(outcome("upgrade@here/edge:corp.outcome = refused"), "only-b");
    assert_eq!(outcome("upgrade@here/local.outcome = silent"), "only-a");
    assert_eq!(outcome("upgrade@here/local.outcome = silent\nupgrade@here/edge:corp.outcome = closed"), "neither");
    assert_eq!(outcome("upgrade@here/local.outcome = not measured: deadline"), "not measured: deadline");
}

#[test]
fn a_pair_tells_what_the_one_adds_and_never_of_two_gateways() {
    let rounds = "rounds@here/edge:corp[beside=here/local].added = 50 ms\nrounds@here/edge:corp[beside=here/local].n = 20";
    let cell = |from: &str, field: &str| paired(rounds, from, field);
    assert_eq!((cell("here/edge:corp", "added"), cell("here/edge:corp", "pairs")), ("50 ms".into(), "20".into()));
    assert_eq!((cell("here/local", "added"), cell("here/local", "pairs")), ("-50 ms".into(), "20".into()));
    let two = format!("{rounds}\nconnect@here/local.boot-id = x\nconnect@here/edge:corp.boot-id = y");
    assert_eq!(paired(&two, "here/edge:corp", "added"), "absent");
    assert_eq!(paired(&two, "here/edge:corp", "outcome"), "absent");
}

#[test]
fn two_paths_are_of_one_gateway_proven_assumed_or_refuted() {
    let both = |field: &str, local: &str, edge: &str| {
        format!("connect@here/local.{field} = {local}\nconnect@here/edge:corp.{field} = {edge}")
    };
    assert_eq!(pair(""), "assumed", "equal versions prove nothing");
    assert_eq!(pair(&both("boot-id", "b1", "b1")), "proven");
    assert_eq!(pair(&both("boot-id", "b1", "b2")), "refuted");
    assert_eq!(pair(&both("version", "2026.9.6", "2026.7.1")), "refuted");
    assert_eq!(pair(&both("uptime", "60 s", "60.9 s")), "proven");
    assert_eq!(pair(&both("uptime", "60 s", "62 s")), "refuted");
    assert_eq!(pair(&format!("{}\n{}", both("boot-id", "b1", "b1"), both("uptime", "60 s", "90 s"))), "proven");
    assert_eq!(pair("connect@here/local.boot-id = b1"), "assumed");
}

#[test]
fn two_families_that_tell_of_two_gateways_are_one_finding() {
    let other = |version: &str| {
        format!(
            "http@here/local[probe=startup].version = 2026.9.6
http@here/local[probe=startup,address=::1].version = {version}"
        )
    };
    let told = Made::healthy(&["local"]).set(&other("2026.7.1")).judge();
    assert_eq!((told.found(), told.exit), (vec!["LISTEN-05@here/local"], 1));
    assert_eq!(Made::healthy(&["local"]).set(&other("2026.9.6")).judge().found(), Vec::<&str>::new());
}

#[test]
fn an_edge_is_compared_with_the_innermost_path_to_its_own_gateway() {
    let mut made = Made::healthy(&["local", "lan", "edge:corp"]);
    made.drops_upgrade("here/edge:corp");
    let rests = |made: &Made| {
        let told = made.judge();
        let ids: Vec<String> = told.finding("WS-01@here/edge:corp").evidence.iter().map(|e| e.id.clone()).collect();
        ids.into_iter().find(|id| id.starts_with("upgrade@here/l")).unwrap()
    };
    assert!(rests(&made).starts_with("upgrade@here/local["));
    // The startup route still answers through the edge, and tells of another release than the local gateway's.
    made.set("http@here/edge:corp[probe=startup].version = 2026.7.1");
    made.set("connect@here/lan.version = 2026.7.1\nconnect@here/local.version = 2026.9.6");
    assert!(rests(&made).starts_with("upgrade@here/lan["), "local is another gateway");
    made.set("connect@here/lan.version = 2026.9.6");
    let told = made.judge();
    assert_eq!(told.finding("WS-01@here/edge:corp").certainty.as_str(), "suspected", "nothing is left to compare with");
}

#[test]
fn what_becomes_of_a_prefix_follows_from_what_health_is() {
    let prefix = |lines: &str| Made::healthy(&["local", "edge"]).set(lines).judge().fact("passage", "here/edge", &[], "prefix");
    let below = "path@here/edge.below = /claw\nhttp@here/edge[probe=health].path = /claw/health\n";
    assert_eq!(prefix("path@here/edge.below = absent"), "absent");
    assert_eq!(prefix(below), "stripped");
    assert_eq!(prefix(&format!("{below}http@here/edge[probe=health].body = control-ui")), "kept");
    assert_eq!(prefix(&format!("{below}http@here/edge[probe=health].body = html")), "absent", "another site says nothing of it");
    assert!(prefix(&format!("{below}http@here/edge[probe=health].body = not measured: deadline")).starts_with("not measured"));
}

#[test]
fn names_are_compared_at_one_address_only() {
    let names = |lines: &str| {
        let told = Made::healthy(&["edge:a", "edge:b"]).set(lines).judge();
        (told.fact("passage", "here/edge:a", &[], "names"), told.fact("passage", "here/edge:b", &[], "names"))
    };
    let both = |word: &str| (word.to_owned(), word.to_owned());
    let below = "path@here/edge:a.below = absent\npath@here/edge:b.below = absent\n";
    let named = format!("{below}path@here/edge:a.host = claw.example\n");
    let elsewhere = "http@here/edge:b[probe=health].author = edge\nhttp@here/edge:b[probe=health].status = 404\n";
    let unasked = "not measured: not planned: no path asks the same address by another name";
    assert_eq!(names(below), both(unasked), "by one name");
    assert_eq!(names(&named), both("do-not-matter"));
    assert_eq!(names(&format!("{named}{elsewhere}")), both("decide"));
    assert_eq!(names(&format!("{named}{elsewhere}path@here/edge:a.below = /claw")), both(unasked), "the path differs too");
    assert_eq!(names(&format!("{named}http@here/edge:b[probe=health].author = not measured: deadline")), both("absent"));
}

#[test]
fn where_tls_ends_is_seen_from_both_ends() {
    let ends = |lines: &str| Made::healthy(&["local", "edge"]).set(lines).judge().fact("passage", "here/edge", &[], "tls");
    let tls = |path: &str, fingerprint: &str| {
        let at = format!("tls@here/{path}");
        format!(
            "path@here/{path}.scheme = wss\n{at}.outcome = established\n{at}.trust = trusted\n{at}.fingerprint = {fingerprint}\n"
        )
    };
    assert_eq!(ends(""), "nowhere");
    assert_eq!(ends(&tls("edge", "aa")), "at-edge");
    assert_eq!(ends(&(tls("edge", "aa") + &tls("local", "bb"))), "twice");
    assert_eq!(ends(&(tls("edge", "aa") + &tls("local", "aa"))), "one-certificate");
    assert_eq!(ends(&tls("local", "bb")), "behind-only");
    assert_eq!(ends(&format!("{}tls@here/edge.outcome = alert", tls("edge", "aa"))), "absent");
    let alone = Made::healthy(&["edge"]).set(&tls("edge", "aa")).judge().fact("passage", "here/edge", &[], "tls");
    assert!(alone.starts_with("not measured: not planned"), "{alone}");
}

#[test]
fn an_offer_of_http3_is_told_as_seen() {
    let told = |lines: &str| Made::healthy(&["local", "edge"]).set(lines).judge();
    assert_eq!(told("").fact("passage", "here/edge", &[], "http3"), "false");
    let offered = told("http@here/edge[probe=health].alt-svc = h3=\":443\"; ma=86400");
    assert_eq!(offered.fact("passage", "here/edge", &[], "http3"), "true");
    assert_eq!((offered.exit, offered.found()), (0, vec![]), "it is no finding");
}
