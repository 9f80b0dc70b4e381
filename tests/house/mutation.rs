//! Every evidence fence of every row is a test, and every small falsification of a row must change what it makes of a fence.

use clawprobe::judge::condition::fence::{self, Expect, Fence};
use clawprobe::judge::condition::{Condition, Each};
use clawprobe::shelf::Shelf;

/// A row and its evidence.
struct Case<'a> {
    each: &'a Each,
    when: &'a Condition,
    lead: Option<&'a Condition>,
    fences: Vec<Fence>,
}

impl Case<'_> {
    fn verdicts(&self, when: &Condition, lead: Option<&Condition>) -> Result<Vec<Expect>, String> {
        self.fences.iter().map(|f| f.judge(self.each, when, lead).map_err(|m| m.message)).collect()
    }

    /// Fences that the row judges otherwise than they say.
    fn wrong(&self) -> Vec<String> {
        let verdicts = match self.verdicts(self.when, self.lead) {
            Ok(verdicts) => verdicts,
            Err(message) => return vec![message],
        };
        let pairs = self.fences.iter().zip(verdicts).enumerate();
        pairs
            .filter(|(_, (fence, verdict))| fence.expect != *verdict)
            .map(|(at, (fence, verdict))| format!("fence {} says {}, the row makes it {verdict}", at + 1, fence.expect))
            .collect()
    }

    /// Changes that no fence tells from the row as it is.
    fn survivors(&self) -> Vec<String> {
        let Ok(verdicts) = self.verdicts(self.when, self.lead) else { return Vec::new() };
        let lives = |when: &Condition, lead: Option<&Condition>| self.verdicts(when, lead).as_ref() == Ok(&verdicts);
        let of_when = self.when.mutants().into_iter().filter(|m| lives(&m.condition, self.lead));
        let of_lead = self.lead.map(Condition::mutants).unwrap_or_default().into_iter();
        let of_lead = of_lead.filter(|m| lives(self.when, Some(&m.condition)));
        of_when.map(|m| format!("when: {}", m.what)).chain(of_lead.map(|m| format!("lead: {}", m.what))).collect()
    }
}

#[test]
fn evidence_tells_every_row_from_its_mutants() {
    let shelf = Shelf::builtin().unwrap_or_else(|complaint| panic!("{complaint}"));
    let mut faults = Vec::new();
    for symptom in &shelf.symptoms {
        let mut case = Case {
            each: &symptom.each.parsed,
            when: &symptom.when.parsed,
            lead: symptom.lead.as_ref().map(|lead| &lead.parsed),
            fences: Vec::new(),
        };
        let file = format!("{}-{}.md", symptom.code, symptom.name);
        let mut found = Vec::new();
        for (start, text) in symptom.page.fences() {
            match fence::parse(text) {
                Ok(fence) => case.fences.push(fence),
                Err(wrong) => {
                    let page = symptom.page.text();
                    found.extend(wrong.into_iter().map(|m| m.shifted(start).complaint(&file, page).to_string()));
                }
            }
        }
        found.extend(case.wrong());
        found.extend(case.survivors().into_iter().map(|what| format!("no fence notices: {what}")));
        faults.extend(found.into_iter().map(|fault| format!("{file}: {fault}")));
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_label_without_its_fence_is_noticed() {
    let each = Each::parse("e in path").unwrap();
    let when = Condition::parse("upgrade@e.outcome in [refused, plain-answer]", &each).unwrap();
    let fence = |text: &str| fence::parse(text).unwrap();
    let mut case = Case {
        each: &each,
        when: &when,
        lead: None,
        fences: vec![fence("present\nupgrade@here/edge.outcome = refused"), fence("clear\nupgrade@here/edge.outcome = switched")],
    };
    assert_eq!(case.wrong(), [""; 0]);
    assert_eq!(case.survivors(), ["when: `plain-answer` taken out of `upgrade@e.outcome in [refused, plain-answer]`"]);
    case.fences.push(fence("clear\nupgrade@here/edge.outcome = plain-answer"));
    assert_eq!(case.wrong(), ["fence 3 says clear, the row makes it present"]);
    assert_eq!(case.survivors(), [""; 0]);
}
