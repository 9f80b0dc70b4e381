//! Several edges and sites at once: who is to blame, and who only suffers.

use super::made::Made;

#[test]
fn a_healthy_run_over_several_paths_has_no_finding() {
    let told = Made::healthy(&["local", "lan", "tailnet", "edge:a", "edge:b", "tunnel:office", "public"]).judge();
    assert_eq!((told.found(), told.required_open(), told.outcome(), told.exit), (vec![], vec![], "healthy", 0));
}

#[test]
fn of_two_edges_only_the_wrong_one_has_a_finding() {
    let mut made = Made::healthy(&["local", "edge:right", "edge:wrong"]);
    let told = made.drops_upgrade("here/edge:wrong").judge();
    assert_eq!(told.roots(), ["WS-01@here/edge:wrong"]);
    assert!(told.found().iter().all(|id| id.ends_with("@here/edge:wrong")), "{:?}", told.found());
    assert_eq!(told.finding("WS-01@here/edge:wrong").certainty.as_str(), "proven");
    assert_eq!(told.finding("HEALTH-05@here/edge:wrong").explained_by, ["WS-01@here/edge:wrong"]);
    assert_eq!(told.clear("WS-01@here/edge:right"), Some(false));
    assert_eq!((told.outcome(), told.exit), ("symptoms", 1));
    assert_eq!(told.judgement.verdict.root.as_ref().map(|c| c.as_str()), Some("WS-01"));
}

#[test]
fn what_stops_the_gateway_explains_every_edge_that_rides_on_it() {
    let mut made = Made::healthy(&["local", "edge:a", "edge:b"]);
    made.refuses("here/local");
    made.facts.take("listener", Some(&"here".parse().unwrap()));
    made.set("listener@here = complete");
    for edge in ["edge:a", "edge:b"] {
        let health = ["status = 502", "author = edge", "body = html"].map(|l| format!("http@here/{edge}[probe=health].{l}"));
        let upgrade = ["outcome = refused", "status = 502", "author = edge", "arrived = unknown", "body = html"];
        made.set(&health.join("\n")).set(&upgrade.map(|line| format!("upgrade@here/{edge}.{line}")).join("\n"));
        made.blocks(&format!("here/{edge}"), "health").blocks(&format!("here/{edge}"), "upgrade");
    }
    let told = made.judge();
    assert_eq!(told.roots(), ["LISTEN-01@here/local"]);
    for edge in ["edge:a", "edge:b"] {
        let finding = told.finding(&format!("EDGE-01@here/{edge}"));
        assert_eq!(
            (finding.certainty.as_str(), &finding.explained_by[..]),
            ("suspected", &["LISTEN-01@here/local".to_owned()][..])
        );
    }
    assert_eq!(told.finding("LISTEN-01@here/local").certainty.as_str(), "proven");
}

#[test]
fn an_edge_that_rides_on_another_suffers_with_it() {
    let broken = |rides: &[&str]| {
        let mut made = Made::healthy(&["local", "edge:a", "edge:b"]);
        made.rides("here/edge:b", rides);
        let bad_gateway = |edge: &str| {
            let health = format!("http@here/{edge}[probe=health].status = 502\nhttp@here/{edge}[probe=health].author = edge");
            let upgrade =
                ["outcome = refused", "status = 502", "author = edge"].map(|line| format!("upgrade@here/{edge}.{line}"));
            format!("{health}\n{}", upgrade.join("\n"))
        };
        made.set(&bad_gateway("edge:a")).set(&bad_gateway("edge:b")).judge()
    };
    let riding = broken(&["edge:a", "local"]);
    assert_eq!(riding.roots(), ["EDGE-01@here/edge:a"]);
    assert_eq!(riding.finding("EDGE-01@here/edge:b").explained_by, ["EDGE-01@here/edge:a"], "the same code on an inner path");
    assert_eq!(broken(&["local"]).roots(), ["EDGE-01@here/edge:a", "EDGE-01@here/edge:b"], "side by side");
    // Through a third: rides-on is transitive.
    let mut made = Made::healthy(&["local", "edge:a", "edge:b", "edge:c"]);
    made.rides("here/edge:b", &["edge:a"]);
    made.rides("here/edge:c", &["edge:b"]);
    made.set("http@here/edge:a[probe=health].status = 502\nhttp@here/edge:a[probe=health].author = edge\nupgrade@here/edge:a.outcome = refused");
    let told = made.drops_upgrade("here/edge:c").judge();
    assert_eq!(told.finding("WS-01@here/edge:c").explained_by, ["EDGE-01@here/edge:a"]);
}

#[test]
fn the_same_code_inside_explains_it_outside_and_not_the_other_way_round() {
    let mut made = Made::healthy(&["local", "edge:a"]);
    for at in ["local", "edge:a"] {
        made.set(&format!("http@here/{at}[probe=startup].body = starting"));
    }
    let told = made.judge();
    assert_eq!(told.roots(), ["WS-07@here/local"]);
    assert_eq!(told.finding("WS-07@here/edge:a").explained_by, ["WS-07@here/local"]);
    assert_eq!(told.finding("HEALTH-03@here/local").explained_by, ["WS-07@here/local"]);
    assert!(told.finding("HEALTH-03@here/edge:a").explained_by.contains(&"WS-07@here/local".to_owned()));
    let outside = Made::healthy(&["local", "edge:a"]).set("http@here/edge:a[probe=startup].body = starting").judge();
    assert_eq!(outside.roots(), ["WS-07@here/edge:a"]);
}

#[test]
fn a_client_alone_only_suspects() {
    let mut made = Made::healthy(&["edge:corp"]);
    let told = made.drops_upgrade("here/edge:corp").judge();
    assert_eq!(told.finding("WS-01@here/edge:corp").certainty.as_str(), "suspected");
    assert_eq!((told.outcome(), told.exit), ("symptoms", 1), "a suspicion counts");
    assert_eq!((told.role("here"), told.roots()), ("unknown", vec!["WS-01@here/edge:corp"]));
}

#[test]
fn two_sites_prove_what_one_suspects() {
    let mut made = Made::healthy(&["local"]);
    made.also("laptop/edge:corp", &["here/local"]);
    made.set("upgrade@laptop/edge:corp.outcome = plain-answer\nupgrade@laptop/edge:corp.arrived = no");
    let told = made.judge();
    assert_eq!((told.role("here"), told.role("laptop")), ("gateway-host", "unknown"));
    assert_eq!(told.finding("WS-01@laptop/edge:corp").certainty.as_str(), "proven");
    // What stops the gateway explains the laptop's edge too, across sites.
    made.set("upgrade@laptop/edge:corp.outcome = switched\nhttp@laptop/edge:corp[probe=health].status = 502");
    made.set("http@laptop/edge:corp[probe=health].author = edge\nhttp@here/local[probe=health].outcome = silent");
    made.set("http@here/local[probe=health].author = absent");
    made.blocks("here/local", "health");
    let told = made.judge();
    assert_eq!(told.roots()[0], "HEALTH-04@here/local");
    let finding = told.judgement.verdict.findings.iter().find(|f| f.id == "EDGE-02@laptop/edge:corp");
    assert!(finding.is_none(), "a 502 leads nowhere else");
}

#[test]
fn a_dead_gateway_explains_another_sites_edge_that_rides_on_it() {
    let mut made = Made::healthy(&["local"]);
    made.also("laptop/edge:corp", &["here/local"]);
    made.also("laptop/edge:other", &[]);
    made.set("http@here/local[probe=startup].body = starting");
    for edge in ["corp", "other"] {
        made.set(&format!("http@laptop/edge:{edge}[probe=startup].body = starting"));
    }
    let told = made.judge();
    assert_eq!(told.roots(), ["WS-07@here/local", "WS-07@laptop/edge:other"], "scopes have to agree");
}

#[test]
fn a_gateway_hosts_listener_does_not_explain_what_it_has_no_part_in() {
    let wide = "config@here.state = found\nconfig@here.bind = loopback\nconfig@here.port = 18789
listener@here[address=0.0.0.0,port=18789].family = v4
listener@here[address=0.0.0.0,port=18789].reach = wildcard
listener@here[address=0.0.0.0,port=18789].owner = gateway";
    let mut made = Made::healthy(&["local", "edge:corp"]);
    let told = made.set(wide).drops_upgrade("here/edge:corp").judge();
    assert_eq!(told.roots(), ["WS-01@here/edge:corp", "LISTEN-09@here"], "an error stands before a warning of an inner layer");
}
