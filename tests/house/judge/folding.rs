//! Undecided rows fold beneath the finding that kept them from being decided, and stay required.

use clawprobe::facts::{Because, Reason};

use super::made::{Made, shelf};

#[test]
fn what_is_blocked_folds_beneath_what_blocked_it() {
    let mut made = Made::healthy(&["local"]);
    made.refuses("here/local");
    made.facts.take("listener", Some(&"here".parse().unwrap()));
    let told = made.set("listener@here = complete").judge();
    assert_eq!((told.roots(), told.exit), (vec!["LISTEN-01@here/local"], 1));
    assert!(told.required_open().contains(&"AUTH-02@here/local"));
    for open in told.judgement.verdict.undecided.iter().filter(|u| u.required) {
        assert_eq!(open.reason.reason, Reason::Blocked, "{}", open.id);
        assert_eq!(open.beneath.as_deref(), Some("LISTEN-01@here/local"), "{}", open.id);
    }
}

#[test]
fn a_withheld_credential_folds_beneath_the_certificate_that_forbade_it() {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    made.set(
        "path@here/edge:corp.scheme = wss\ntls@here/edge:corp.outcome = established\ntls@here/edge:corp.trust = self-signed",
    );
    made.dark("here/edge:corp", "connect", Because::new(Reason::Withheld, "tls@here/edge:corp[purpose=use].trust"));
    let told = made.judge();
    assert_eq!(told.roots(), ["TLS-05@here/edge:corp"]);
    let open = told.open("AUTH-02@here/edge:corp");
    assert_eq!((open.required, open.reason.reason), (true, Reason::Withheld));
    assert_eq!(open.beneath.as_deref(), Some("TLS-05@here/edge:corp"));
    // Kept back for a reason no finding is about: it stands alone, and required.
    let mut plain = Made::healthy(&["local", "edge:corp"]);
    plain.dark("here/edge:corp", "connect", Because::new(Reason::Withheld, "path@here/edge:corp.scheme"));
    let told = plain.judge();
    assert_eq!((told.open("AUTH-02@here/edge:corp").beneath.as_deref(), told.outcome(), told.exit), (None, "inconclusive", 3));
}

#[test]
fn a_credential_refused_further_in_folds_the_outer_paths() {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    made.set("connect@here/local.outcome = refused\nconnect@here/local.detail-code = AUTH_TOKEN_MISMATCH");
    made.dark("here/edge:corp", "connect", Because::new(Reason::Withheld, "connect@here/local.outcome"));
    let told = made.judge();
    assert_eq!(told.roots(), ["AUTH-02@here/local"]);
    assert_eq!(told.open("AUTH-02@here/edge:corp").beneath.as_deref(), Some("AUTH-02@here/local"));
}

#[test]
fn what_breaks_at_the_same_probe_as_further_in_folds_beneath_what_broke_there() {
    let blocked = Because::new(Reason::Blocked, "upgrade@here/edge:corp");
    let both = |inner: &str| {
        let mut made = Made::healthy(&["local", "edge:corp"]);
        made.set("upgrade@here/edge:corp.outcome = refused\nupgrade@here/edge:corp.status = 504");
        made.set("upgrade@here/edge:corp.author = edge\nupgrade@here/edge:corp.arrived = unknown");
        made.dark("here/edge:corp", "challenge", blocked.clone()).dark("here/edge:corp", "connect", blocked.clone());
        made.set(inner).judge()
    };
    let told = both("upgrade@here/local.outcome = silent");
    assert_eq!(told.roots(), ["WS-04@here/local"]);
    assert_eq!(told.open("AUTH-02@here/edge:corp").beneath.as_deref(), Some("WS-04@here/local"));
    // What broke further in is another thing: the credential.
    let told = both("connect@here/local.outcome = refused\nconnect@here/local.detail-code = AUTH_TOKEN_MISMATCH");
    assert_eq!(told.open("AUTH-07@here/edge:corp").beneath.as_deref(), Some("WS-01@here/edge:corp"));
}

#[test]
fn no_credential_anywhere_is_no_finding_and_exit_3() {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    made.set("credential@here.state = none");
    made.dark("here/local", "connect", Reason::NoCredential).dark("here/edge:corp", "connect", Reason::NoCredential);
    let told = made.judge();
    assert_eq!((told.found(), told.outcome(), told.exit), (vec![], "inconclusive", 3));
    assert_eq!(told.open("AUTH-02@here/local").beneath, None);
    assert_eq!(told.open("AUTH-02@here/local").reason.reason, Reason::NoCredential);
    let mut ci = Made::of(made.shelf.clone(), "ci", &["local", "edge:corp"]);
    ci.set("credential@here.state = none");
    ci.dark("here/local", "connect", Reason::NoCredential).dark("here/edge:corp", "connect", Reason::NoCredential);
    assert_eq!((ci.judge().exit, ci.judge().required_open()), (0, vec![]), "ci does not require it");
}

#[test]
fn an_empty_credential_is_the_finding_the_rest_folds_beneath() {
    let mut made = Made::healthy(&["local"]);
    made.set("credential@here.state = empty").dark("here/local", "connect", Reason::NoCredential);
    let told = made.judge();
    assert_eq!((told.roots(), told.exit), (vec!["AUTH-01@here/local"], 1));
    assert_eq!(told.open("AUTH-02@here/local").beneath.as_deref(), Some("AUTH-01@here/local"));
}

#[test]
fn a_listen_run_without_its_first_exchange_knows_less() {
    let mut made = Made::of(shelf(""), "listen", &["local"]);
    assert_eq!(made.judge().exit, 0);
    let told = made.dark("here/local", "health", Reason::Deadline).judge();
    assert_eq!(told.exit, 3);
    assert!(told.required_open().contains(&"LISTEN-08@here/local"), "whether it closes at once was not seen");
}

#[test]
fn what_ran_out_of_time_folds_nowhere() {
    let mut made = Made::healthy(&["local", "edge:corp"]);
    made.drops_upgrade("here/edge:corp").dark("here/local", "connect", Reason::Deadline);
    let told = made.judge();
    assert_eq!(told.open("AUTH-02@here/local").beneath, None);
    assert_eq!(told.open("AUTH-02@here/edge:corp").beneath.as_deref(), Some("WS-01@here/edge:corp"), "that one was blocked");
}
