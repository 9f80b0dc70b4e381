//! Evidence fences: a small world written down beside a row, and what the row must make of it.
//!
//! ```text
//! present
//! # a comment
//! path here/edge:corp class=edge rides-on=local
//! path here/lan not-planned
//! site gw role=gateway-host
//! instance e=here/edge:corp
//! upgrade@here/edge:corp.outcome = plain-answer
//! upgrade@here/edge:corp.server = absent
//! tcp@here/local[address=127.0.0.1,port=18789].connected = not measured: deadline
//! listener@here = incomplete: truncated more than 256 rows
//! ```
//!
//! The first line says what it is evidence of; the backticks may stand around it. Sites and paths that are mentioned take
//! part, unless a path is marked `not-planned`. A path's kind is the part of its name before the colon, its class that of the
//! kind, unless the line says otherwise. A table that is mentioned is complete unless a line gives its state; one that is not
//! was not planned, and neither was a cell that no line gives.

mod judge;
mod line;
mod reader;

use std::ops::Range;

use super::mistake::Mistake;
use crate::facts::Facts;
use crate::labels;
use crate::path::Topology;

labels! {
    /// What a fence is evidence of.
    pub enum Expect {
        Present = "present": "The condition holds.",
        Suspected = "suspected": "The condition is unknown and the lead holds.",
        Clear = "clear": "The condition does not hold.",
        Unknown = "unknown": "Neither the condition nor the lead decides.",
    }
}

/// A fence that was read.
#[derive(Debug, Clone)]
pub struct Fence {
    /// What the row must make of it.
    pub expect: Expect,
    /// The facts.
    pub facts: Facts,
    /// Sites and paths.
    pub topology: Topology,
    pick: Vec<Pick>,
}

/// `instance e=here/edge:corp`: which instance is meant when there are several.
#[derive(Debug, Clone)]
struct Pick {
    binder: String,
    bound: String,
    span: Range<usize>,
}

/// Reads a fence.
///
/// # Errors
/// Every mistake, with its place in the fence's text; never an empty list.
pub fn parse(source: &str) -> Result<Fence, Vec<Mistake>> {
    reader::read(source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Cell, Reason, SheetState};
    use crate::judge::condition::{Condition, Each};
    use crate::path::{Class, Kind, Role, Vantage};

    const TEXT: &str = "```evidence suspected
# a comment
path laptop/edge:corp class=edge rides-on=lan,local host=gw.example
path laptop/lan not-planned
path gw/corp kind=tunnel class=direct
site gw role=gateway-host system=linux
instance e=laptop/edge:corp
upgrade@laptop/edge:corp.outcome = plain-answer
upgrade@laptop/edge:corp.text = \"a = b\"
upgrade@laptop/edge:corp.server = absent
upgrade@laptop/edge:corp[offer=h2].outcome = not measured: blocked tls@laptop/edge:corp.outcome
upgrade@laptop/edge:corp.after = 1.5 s
upgrade@laptop/lan.outcome = switched
listener@gw = incomplete: truncated more than 256 rows
listener@gw[address=::1,port=18789].pid = 7
dns@laptop = complete
config@gw = not measured: not-permitted
pair[a=laptop/edge:corp,b=gw/local].same-gateway = assumed
```
";

    #[test]
    fn a_fence_becomes_a_world() {
        let fence = parse(TEXT).unwrap();
        assert_eq!(fence.expect, Expect::Suspected);
        let paths: Vec<_> = fence.topology.paths.iter().map(|p| (p.vantage.to_string(), p.kind, p.class)).collect();
        assert_eq!(
            paths,
            [
                ("laptop/edge:corp".to_owned(), Kind::Edge, Class::Edge),
                ("gw/corp".to_owned(), Kind::Tunnel, Class::Direct),
                ("gw/local".to_owned(), Kind::Local, Class::Direct),
            ]
        );
        assert_eq!(fence.topology.paths[0].rides_on, ["lan", "local"]);
        let sites: Vec<_> = fence.topology.sites.iter().map(|s| (s.name.as_str(), s.role)).collect();
        assert_eq!(sites, [("laptop", Role::Unknown), ("gw", Role::GatewayHost)]);

        let edge = Vantage::path("laptop", "edge:corp");
        let look = |key: &[(&str, &str)], field: &str| fence.facts.look("upgrade", &edge, key, field);
        let plain = [("offer", "http1"), ("as", "plain")];
        assert!(look(&plain, "outcome").is("plain-answer"));
        assert!(look(&plain, "text").is("a = b"));
        assert_eq!(look(&plain, "server"), Cell::Absent);
        assert_eq!(look(&plain, "after"), Cell::value(std::time::Duration::from_millis(1500)));
        assert_eq!(look(&plain, "status"), Cell::not_measured(Reason::NotPlanned));
        assert_eq!(look(&[("offer", "h2")], "outcome").to_string(), "not measured: blocked: tls@laptop/edge:corp.outcome");
        assert!(fence.facts.look("path", &edge, &[], "class").is("edge"));
        assert!(fence.facts.look("path", &edge, &[], "host").is("gw.example"));

        let gw = Vantage::site("gw");
        let state = |table: &str, at: Option<&Vantage>| fence.facts.rows(table, at).1;
        assert!(matches!(state("listener", Some(&gw)), SheetState::Incomplete(b) if b.because == "more than 256 rows"));
        assert!(matches!(state("config", Some(&gw)), SheetState::NotMeasured(b) if b.reason == Reason::NotPermitted));
        assert_eq!(state("dns", Some(&Vantage::site("laptop"))), SheetState::Complete);
        assert_eq!(state("pair", None), SheetState::Complete);
        assert!(matches!(state("tcp", Some(&edge)), SheetState::NotMeasured(b) if b.reason == Reason::NotPlanned));
    }

    #[test]
    fn derived_facts_settle_the_topology() {
        let fence = parse("clear\nsite@gw.role = gateway-host\npath@gw/tunnel.class = direct").unwrap();
        assert_eq!(fence.topology.sites[0].role, Role::GatewayHost);
        assert_eq!(fence.topology.paths[0].class, Class::Direct);
    }

    #[test]
    fn each_mistake_is_underlined() {
        for (line, under, message) in [
            ("upgarde@here/edge.outcome = closed", "upgarde", "no table"),
            ("upgrade@here/edge.outcom = closed", "outcom", "no field"),
            ("upgrade@here/edge.outcome = close", "close", "is not one of"),
            ("upgrade@here/edge.after = 5", "5", "lacks its unit"),
            ("upgrade@here.outcome = closed", "here", "speaks about a path"),
            ("dns@here/edge = complete", "here/edge", "speaks about a site"),
            ("upgrade@here/edge[ofer=h2].outcome = closed", "ofer", "no key column"),
            ("upgrade@here/edge[offer].outcome = closed", "offer", "lacks its value"),
            ("tcp@here/edge[port=1].named = true", "tcp@here/edge[port=1]", "which address?"),
            ("upgrade@here/corp.outcome = closed", "upgrade@here/corp.outcome = closed", "does not follow from its name"),
            ("upgrade@here/edge.outcome = not measured", "not measured", "a reason is missing"),
            ("upgrade@here/edge.outcome = not measured: tired", "tired", "is no reason"),
            ("listener@here = some", "some", "no state of a table"),
            ("pair@here[a=x,b=y].lag = 1 s", "here", "has no vantage"),
            ("path HERE/edge", "HERE/edge", "not a vantage"),
            ("path here/edge class=egde", "egde", "not known"),
            ("path here/edge colour=red", "colour", "no field"),
            ("path here/edge edge", "edge", "no attribute"),
            ("site gw role=boss", "boss", "not known"),
            ("instance here", "here", "names what is bound"),
            ("hello", "hello", "no fact"),
        ] {
            let text = format!("clear\n\n  {line}\n");
            let mistakes = parse(&text).expect_err(line);
            assert_eq!((&text[mistakes[0].span.clone()], mistakes.len()), (under, 1), "{line}: {mistakes:?}");
            assert!(mistakes[0].message.contains(message), "{line}: {mistakes:?}");
        }
        assert!(parse("").unwrap_err()[0].message.contains("evidence of"));
        assert!(parse("maybe\n").unwrap_err()[0].message.contains("evidence of"));
    }

    #[test]
    fn the_strongest_instance_decides() {
        let each = Each::parse("e in path where e.class == edge").unwrap();
        let when = Condition::parse("upgrade@e.outcome == refused and upgrade@e.arrived == no", &each).unwrap();
        let lead = Condition::parse("upgrade@e.outcome == refused", &each).unwrap();
        let judge = |text: &str, lead| parse(&format!("clear\n{text}")).unwrap().judge(&each, &when, lead);
        let (present, clear) =
            ("upgrade@here/edge:a.outcome = refused\nupgrade@here/edge:a.arrived = no", "upgrade@here/edge:b.outcome = switched");
        let (suspected, unknown) = ("upgrade@here/edge:c.outcome = refused", "path here/edge:d");
        let all = [clear, unknown, suspected, present].join("\n");
        assert_eq!(judge(&all, Some(&lead)), Ok(Expect::Present));
        assert_eq!(judge(&[clear, unknown, suspected].join("\n"), Some(&lead)), Ok(Expect::Suspected));
        assert_eq!(judge(&[clear, unknown, suspected].join("\n"), None), Ok(Expect::Unknown));
        assert_eq!(judge(&[clear, unknown].join("\n"), Some(&lead)), Ok(Expect::Unknown));
        assert_eq!(judge(clear, Some(&lead)), Ok(Expect::Clear));
        assert_eq!(judge("path here/local", Some(&lead)), Ok(Expect::Clear));
        assert_eq!(judge(&format!("{all}\ninstance e=here/edge:d"), Some(&lead)), Ok(Expect::Unknown));
        assert_eq!(judge(&format!("{all}\ninstance e=here/edge:b"), Some(&lead)), Ok(Expect::Clear));
        let lost = judge(&format!("{all}\ninstance e=here/edge:x"), Some(&lead)).unwrap_err();
        assert!(lost.message.contains("no instance e=here/edge:x"));
    }
}
