//! Faults as files: every row has one that it is a root of, names and summaries read well, and right worlds are right.

use std::path::Path;

use clawprobe::reference::fault::{self, Fault};
use clawprobe::shelf::Shelf;

/// Places whose worlds no row may fire in, or where what fires is nobody's promise.
const NO_ROOTS: &[&str] = &["healthy", "hostile"];

fn faults() -> Vec<Fault> {
    fault::all().unwrap_or_else(|complaint| panic!("{complaint}"))
}

fn code(id: &str) -> &str {
    id.split('@').next().unwrap()
}

#[test]
fn every_row_is_a_root_of_its_fault_or_says_why_it_has_none() {
    let faults = faults();
    for row in &Shelf::builtin().unwrap().symptoms {
        if row.fault.is_empty() {
            assert!(
                row.no_fault.ends_with('.') && row.no_fault.contains(' '),
                "{} says in a sentence why it has no fault",
                row.code
            );
            continue;
        }
        let fault = faults.iter().find(|f| f.name == row.fault).unwrap_or_else(|| panic!("{} is no fault", row.fault));
        let roots: Vec<&str> = fault.expect.roots.iter().map(|id| code(id)).collect();
        assert!(!roots.is_empty() && roots.iter().all(|root| *root == row.code.as_str()), "{}: {roots:?}", row.code);
    }
}

#[test]
fn names_are_kebab_case_and_summaries_are_sentences() {
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    for fault in faults() {
        let (place, name) = fault.name.split_once('/').unwrap();
        assert!(word(place) && name.split('-').all(word), "{} is kebab-case", fault.name);
        let begins = fault.summary.starts_with(|c: char| c.is_ascii_uppercase())
            || ["nginx", "lighttpd", "oauth2-proxy"].iter().any(|product| fault.summary.starts_with(product));
        assert!(begins && fault.summary.ends_with('.'), "{}: `{}` is a sentence", fault.name, fault.summary);
        assert!(fault.summary.chars().count() <= 140, "{}: a summary is one line", fault.name);
    }
}

#[test]
fn no_two_faults_are_the_same_world_and_no_two_tell_the_same() {
    let faults = faults();
    for (at, one) in faults.iter().enumerate() {
        for other in &faults[at + 1..] {
            assert!(one.summary != other.summary, "{} and {} have one summary", one.name, other.name);
            let same = one.change == other.change && one.matrix == other.matrix;
            assert!(!same || one.change.is_empty(), "{} and {} are one world", one.name, other.name);
        }
    }
}

#[test]
fn right_worlds_expect_nothing_and_the_exit_code_fits() {
    for Fault { name, expect, .. } in faults() {
        let right = NO_ROOTS.iter().find(|place| name.starts_with(**place)).copied();
        if right == Some("healthy") {
            assert_eq!((expect.exit, expect.roots.len(), expect.folded.len()), (0, 0, 0), "{name}");
        }
        let fits = match expect.exit {
            0 => expect.roots.is_empty() && expect.undecided.is_empty(),
            1 => !expect.roots.is_empty(),
            3 => expect.roots.is_empty() && !expect.undecided.is_empty(),
            _ => false,
        };
        assert!(fits, "{name} expects exit {} with roots {:?}", expect.exit, expect.roots);
    }
}

#[test]
fn a_fault_that_no_row_sees_yet_says_why() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("matrices/faults");
    for fault in faults().iter().filter(|f| f.expect.exit != 1 && !NO_ROOTS.contains(&f.place())) {
        let text = std::fs::read_to_string(folder.join(format!("{}.toml", fault.name))).unwrap();
        let why = text.lines().next().unwrap();
        assert!(
            why.starts_with("# ") && why.ends_with('.'),
            "{} begins with a comment that says why no row finds it",
            fault.name
        );
    }
}

#[test]
fn there_are_right_worlds_enough() {
    let right = faults().iter().filter(|f| f.place() == "healthy").count();
    assert!(right >= 12, "{right} right worlds");
}
