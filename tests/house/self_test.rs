//! Self-test as a test: it passes as root and as nobody, and what is not as declared is told to the letter.

use clawprobe::proof::self_test;
use clawprobe::reference::fault::read;
use clawprobe::shelf::Shelf;

#[test]
fn what_is_not_as_declared_is_told_to_the_letter() {
    let faults = [
        (
            "edge/upgrade-dropped",
            "[edge]\nupgrade = 'dropped'\n[expect]\nexit = 0\nroots = ['WS-02@here/edge']\nfolded = ['HEALTH-05@here/edge']",
        ),
        ("healthy/not", "[gateway]\nstopped = true"),
        ("edge/no-switch", "[edge]\nupgarde = 'dropped'"),
    ];
    let faults: Vec<_> = faults.iter().map(|(name, text)| read(name, &format!("summary = 'x'\n{text}")).unwrap()).collect();
    let told = self_test::run(&Shelf::builtin().unwrap(), &faults, &|_| {}).unwrap_or_else(|c| panic!("{c}"));
    let objections: Vec<String> = told.objections().collect();
    for wanted in [
        "edge/upgrade-dropped: exit: expected 0, was 1",
        "edge/upgrade-dropped: roots: expected WS-02@here/edge, which is not there",
        "edge/upgrade-dropped: roots: WS-01@here/edge was not expected",
        "healthy/not: exit: expected 0, was 1",
        "healthy/not: roots: LISTEN-01@here/local was not expected",
        "edge/no-switch: edge/no-switch is no fault file",
        "WS-02: its fault edge/upgrade-mangled does not exist",
    ] {
        assert!(objections.iter().any(|line| line == wanted), "no `{wanted}` in {objections:#?}");
    }
    assert!(!told.passed() && !objections.iter().any(|line| line.starts_with("WS-01:")), "{objections:#?}");
}
