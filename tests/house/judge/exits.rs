//! From a judgement to an outcome and an exit code.

use clawprobe::facts::Reason;
use clawprobe::path::Kind;
use clawprobe::plan::Lack;

use super::made::{Made, shelf, weight};

/// A row of the site's own that holds while the challenge takes longer than a second.
fn slow(severity: &str) -> String {
    format!(
        r#"[[symptom]]
code = "X-SLOW-01"
name = "slow"
title = "The challenge is slow"
layer = "websocket"
plane = "access"
severity = "{severity}"
since = "1.0"
each = "p in path"
when = "challenge@p.after > 1 s"
explained-by = []
lookalikes = []
commands = []
requirements = []
references = []
observed = "By {{p}} it took {{challenge@p.after}}."
expected = "A second at most."
therefore = "Somebody will notice."
first-response = "Look."
fault = "peer/none"
page = """
```evidence present
challenge@here/local.after = 2 s
```

```evidence clear
challenge@here/local.after = 1 s
```

```evidence unknown
challenge@here/local.after = not measured: deadline
```
"""
"#
    )
}

const LATE: &str = "challenge@here/local.after = 2 s";

fn local(overlay: &str) -> Made {
    Made::of(shelf(overlay), "preflight", &["local"])
}

#[test]
fn a_row_of_the_sites_own_is_judged_like_any_other() {
    let told = local(&slow("error")).set(LATE).judge();
    let finding = told.finding("X-SLOW-01@here/local");
    assert_eq!((finding.observed.as_str(), finding.family.as_str()), ("By local it took 2 s.", "x-slow"));
    assert_eq!((told.outcome(), told.exit), ("symptoms", 1));
    assert_eq!(local(&slow("error")).judge().clear("X-SLOW-01@here/local"), Some(false));
}

#[test]
fn the_weight_from_which_a_finding_fails_is_the_callers() {
    for (severity, fail_on, exit) in [
        ("error", "notice", 1),
        ("error", "warning", 1),
        ("error", "error", 1),
        ("warning", "notice", 1),
        ("warning", "warning", 1),
        ("warning", "error", 0),
        ("notice", "notice", 1),
        ("notice", "warning", 0),
        ("notice", "error", 0),
    ] {
        let mut made = local(&slow(severity));
        made.head.fail_on = weight(fail_on);
        let told = made.set(LATE).judge();
        assert_eq!((told.outcome(), told.exit), ("symptoms", exit), "{severity} with --fail-on {fail_on}");
        // What is lacking beside it: a failing finding wins, any other does not.
        let lacking = made.dark("here/local", "connect", Reason::Deadline).judge();
        assert_eq!(lacking.exit, if exit == 1 { 1 } else { 3 }, "{severity} with --fail-on {fail_on}, and something lacks");
    }
}

#[test]
fn nothing_found_and_something_required_lacking_is_exit_3() {
    let mut made = Made::healthy(&["local"]);
    assert_eq!((made.judge().outcome(), made.judge().exit), ("healthy", 0));
    made.dark("here/local", "upgrade", Reason::Budget);
    assert_eq!((made.judge().outcome(), made.judge().exit), ("inconclusive", 3));
}

#[test]
fn what_nobody_requires_may_be_lacking() {
    let mut made = local(&slow("error"));
    made.set("challenge@here/local.after = not measured: unsupported");
    let told = made.judge();
    assert_eq!((told.exit, told.outcome()), (0, "healthy"));
    assert!(!told.open("X-SLOW-01@here/local").required);
}

#[test]
fn a_path_that_the_matrix_needs_and_nobody_named_is_exit_3_and_names_the_flag() {
    let mut made = Made::of(shelf(""), "listen", &["lan"]);
    let told = made.judge();
    assert_eq!((told.exit, told.outcome(), told.required_open()), (3, "inconclusive", vec!["needs local"]));
    let open = told.open("needs local");
    assert_eq!(open.reason.to_string(), "not planned: no local path was named; add --gateway URL");
    made.head.plan.lacks.push(Lack { kind: Kind::Edge, flag: String::from("--edge URL") });
    assert!(made.judge().open("needs edge").reason.to_string().contains("--edge URL"));
    // A finding beats it.
    assert_eq!(made.refuses("here/lan").judge().exit, 1);
}

#[test]
fn a_mute_keeps_the_finding_and_takes_its_weight() {
    let mute = |code: &str, until: &str| format!("[[mute]]\ncode = \"{code}\"\nreason = \"known\"\n{until}\n");
    let broken = |overlay: &str| {
        let mut made = Made::of(shelf(overlay), "preflight", &["local", "edge:corp"]);
        made.head.taken = String::from("2026-08-22T23:59:59Z");
        made.set("connect@here/edge:corp.outcome = refused\nconnect@here/edge:corp.detail-code = AUTH_TOKEN_MISMATCH").judge()
    };
    let loud = broken("");
    assert_eq!(loud.roots(), ["AUTH-02@here/edge:corp"]);
    assert_eq!(loud.found(), ["AUTH-02@here/edge:corp", "HEALTH-05@here/edge:corp"]);
    let one = broken(&mute("AUTH-02", ""));
    assert_eq!(one.finding("AUTH-02@here/edge:corp").muted.as_deref(), Some("known"));
    assert_eq!(one.finding("HEALTH-05@here/edge:corp").explained_by, ["AUTH-02@here/edge:corp"], "it still explains");
    assert_eq!((one.roots(), one.judgement.verdict.root.clone()), (vec![], None), "and is no root");
    let effect = one.finding("HEALTH-05@here/edge:corp").muted.clone();
    assert_eq!(effect.as_deref(), Some("explained by AUTH-02@here/edge:corp, which is muted"));
    assert_eq!((one.exit, one.outcome(), one.found().len()), (0, "healthy", 2));
    let effect_only = broken(&mute("HEALTH-05", ""));
    assert_eq!((effect_only.exit, effect_only.roots()), (1, vec!["AUTH-02@here/edge:corp"]), "a cause outlives its effect");
    for (until, exit) in [("until = 2026-08-22", 0), ("until = 2026-08-21", 1), ("until = 2027-01-01", 0)] {
        assert_eq!(broken(&mute("AUTH-02", until)).exit, exit, "{until}");
    }
}

#[test]
fn a_muted_finding_hides_nothing_that_is_lacking() {
    let overlay = "[[mute]]\ncode = \"X-SLOW-01\"\nreason = \"known\"\n";
    let mut made = local(&(slow("error") + overlay));
    assert_eq!(made.set(LATE).judge().exit, 0);
    assert_eq!(made.dark("here/local", "connect", Reason::Deadline).judge().exit, 3);
}

#[test]
fn an_overlay_changes_weight_and_with_it_the_exit() {
    let lighter =
        "[[alter]]\ncode = \"AUTH-02\"\nseverity = \"notice\"\n[[alter]]\ncode = \"HEALTH-05\"\nseverity = \"notice\"\n";
    let told =
        local(lighter).set("connect@here/local.outcome = refused\nconnect@here/local.detail-code = AUTH_TOKEN_MISMATCH").judge();
    assert_eq!((told.exit, told.outcome(), told.roots()), (0, "symptoms", vec!["AUTH-02@here/local"]), "notices alone");
}
