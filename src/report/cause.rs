//! A reason in words: a fact it names is told with its value, looked up in the judgement.

use super::Report;
use super::lacking::way_out;
use super::text::tame;
use crate::facts::value::{Because, Reason};
use crate::facts::{Cell, Facts};
use crate::path::Vantage;

/// A reason as it is told; equal reasons of different paths are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The reason, without the path it happened on.
    shared: String,
    /// What became of the fact it names, ` is refused`; empty when it names none or is told in full.
    value: String,
    /// What to do about it.
    way: Option<&'static str>,
}

impl Told {
    /// The words; these are the reasons they stand for: one fact is named in full, several by what they share.
    pub fn words<'a>(&self, reasons: impl IntoIterator<Item = &'a Because>) -> String {
        let mut reasons = reasons.into_iter();
        let first = reasons.next();
        let one = first.filter(|first| !self.value.is_empty() && reasons.all(|other| other == *first));
        let named = one.map_or_else(|| self.shared.clone(), |because| tame(&because.to_string()));
        let way = self.way.map(|way| format!("; {way}")).unwrap_or_default();
        format!("{named}{}{way}", self.value)
    }
}

/// What a reason comes to in this judgement.
pub fn told(because: &Because, report: &Report<'_>) -> Told {
    let way = way_out(because.reason);
    let full = |text: String| Told { shared: tame(&text), value: String::new(), way };
    if because.reason == Reason::Budget
        && let Some(text) = short(report)
    {
        return Told { way: None, ..full(text) };
    }
    let facts = &report.judgement.facts;
    let Some(fact) = Fact::parse(&because.because) else { return full(because.to_string()) };
    if let Some(sentence) = fact.sentence(facts) {
        return full(sentence);
    }
    let reason = because.reason.as_str().replace('-', " ");
    let value = match fact.cell(facts) {
        Cell::Value { value } => format!(" is {}", tame(&value.to_string())),
        Cell::Absent | Cell::NotMeasured(_) => return full(because.to_string()),
    };
    Told { shared: tame(&format!("{reason}: {}.{}", fact.table, fact.field)), value, way }
}

/// What the budget was too small for, and which one has room for all of it: one number for the whole plan.
fn short(report: &Report<'_>) -> Option<String> {
    /// More names than these say less than their number.
    const NAMED: usize = 3;
    let dropped = &report.recording.head.plan.dropped;
    let needs_ms = dropped.iter().filter_map(|drop| drop.needs_ms).max()?;
    let mut probes: Vec<&str> = Vec::new();
    for drop in dropped {
        if !probes.contains(&drop.step.probe.as_str()) {
            probes.push(&drop.step.probe);
        }
    }
    let left_out = if probes.len() > NAMED { format!("{} probes", probes.len()) } else { probes.join(", ") };
    Some(format!("budget: left out {left_out}; raise --budget to at least {}s", needs_ms.div_ceil(1_000)))
}

/// A fact's id, `table@vantage[key=value].field`, taken apart.
struct Fact<'a> {
    table: &'a str,
    at: Vantage,
    key: Vec<(&'a str, &'a str)>,
    field: &'a str,
}

impl<'a> Fact<'a> {
    fn parse(id: &'a str) -> Option<Self> {
        let (table, rest) = id.split_once('@')?;
        let (place, field) = rest.rsplit_once('.')?;
        let (at, key) = match place.strip_suffix(']') {
            Some(open) => open.split_once('[')?,
            None => (place, ""),
        };
        let key = key.split(',').filter_map(|column| column.split_once('=')).collect();
        Some(Self { table, at: at.parse().ok()?, key, field })
    }

    fn cell(&self, facts: &Facts) -> Cell {
        facts.look(self.table, &self.at, &self.key, self.field)
    }

    /// What is plainer said than named: a name that does not resolve, a socket that nobody opens.
    fn sentence(&self, facts: &Facts) -> Option<String> {
        let cell = self.cell(facts);
        match (self.table, self.field) {
            ("dns", "class") => {
                let key = |name: &str| self.key.iter().find(|(k, _)| *k == name).map(|(_, value)| *value);
                Some(format!("{} does not resolve ({}: {})", key("name")?, key("resolver")?, cell.text()?))
            }
            ("path", "host") if facts.look("path", &self.at, &[], "scheme").is("unix") => {
                Some(format!("the socket unix:{} cannot be reached", cell.text()?))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::Sheet;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::{dns::DNS, path::PATH};
    use crate::facts::value::Value;

    fn blocked(id: &str) -> Because {
        Because::new(Reason::Blocked, id)
    }

    #[test]
    fn a_fact_is_told_with_its_value_and_many_by_what_they_share() {
        let sample = sample::symptoms();
        let one = blocked("tcp@here/edge:corp[address=203.0.113.5,port=443].connected");
        let told = told(&one, &sample.report());
        assert_eq!(told.words([&one, &one]), format!("{one} is accepted"));
        let other = blocked("tcp@here/edge:lab[address=203.0.113.6,port=443].connected");
        assert_eq!(told.words([&one, &other]), "blocked: tcp.connected is accepted");
        let unknown = blocked("after the fact");
        assert_eq!(super::told(&unknown, &sample.report()).words([&unknown]), "blocked: after the fact");
    }

    #[test]
    fn names_and_sockets_are_told_plainly() {
        let mut sample = sample::symptoms();
        let mut dns = Sheet::new(&DNS, &Vantage::site("here"));
        let key = ["system".into(), "gw.lab.example".into(), "A".into(), Value::Int(0)];
        dns.push(RowBuilder::new(&DNS, key).set("class", "none").rest(Cell::Absent));
        let mut path = Sheet::new(&PATH, &Vantage::path("here", "lan"));
        path.push(RowBuilder::new(&PATH, []).set("scheme", "unix").set("host", "/run/gw").rest(Cell::Absent));
        sample.judgement.facts.add(dns);
        sample.judgement.facts.add(path);
        for (id, words) in [
            (
                "dns@here[resolver=system,name=gw.lab.example,type=A,answer=0].class",
                "gw.lab.example does not resolve (system: none)",
            ),
            ("path@here/lan.host", "the socket unix:/run/gw cannot be reached"),
        ] {
            let because = blocked(id);
            assert_eq!(told(&because, &sample.report()).words([&because]), words);
        }
    }
}
