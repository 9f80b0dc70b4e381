//! The condition language: what a row is asked of, its condition, its sentences and its evidence.

use clawprobe::judge::condition::fence::{self, Fence};
use clawprobe::judge::condition::{Condition, Each, Mistake, Template, Truth};

use super::sound;

/// Between the parts of an input.
const RULE: &str = "\n===\n";

/// What a row is asked of when the input does not say, or not rightly.
const EACH: &str = "p in path";

/// How many instances and mutants of one condition are tried: enough to reach all code, few enough to be quick.
const SOME: usize = 8;

/// Four parts: each, when, a sentence, a fence. Each is read by itself; what reads is asked of the fence's world.
pub fn condition(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut parts = text.split(RULE).chain(std::iter::repeat(""));
    let mut part = || parts.next().unwrap_or_default();
    let (each, when, sentence, evidence) = (part(), part(), part(), part());
    let each = mistakes(each, Each::parse(each)).unwrap_or_else(|| Each::parse(EACH).expect("it is right"));
    let template = mistakes(sentence, Template::parse(sentence, &each));
    let fence = mistakes(evidence, fence::parse(evidence));
    let Some(condition) = mistakes(when, Condition::parse(when, &each)) else { return };
    assert_eq!(condition.source(), when);
    let Some(fence) = fence else { return };
    for instance in each.instances(&fence.world()).iter().take(SOME) {
        let _ = instance.id(&"X-FUZZ-01".parse().expect("a code"));
        algebra(when, &condition, &each, &fence, instance);
        if let Some(template) = &template {
            template.render(&fence.world(), instance);
            if let Some(command) = template.command(&fence.world(), instance) {
                assert_eq!(command, template.render(&fence.world(), instance));
            }
        }
    }
    for mutant in condition.mutants().iter().take(SOME) {
        let _ = fence.judge(&each, &mutant.condition, None);
    }
}

/// The laws that every condition obeys in every world, and what a verdict comes with.
fn algebra(when: &str, condition: &Condition, each: &Each, fence: &Fence, instance: &clawprobe::judge::condition::Instance) {
    let world = fence.world();
    let outcome = condition.eval(&world, instance);
    let law = |text: String, expected: Truth| match Condition::parse(&text, each) {
        Ok(condition) => assert_eq!(condition.eval(&world, instance).truth, expected, "{text}"),
        // The laws add two levels of brackets.
        Err(mistakes) => assert!(mistakes[0].message.contains("nested deeper"), "{text}: {mistakes:?}"),
    };
    let negated = match outcome.truth {
        Truth::True => Truth::False,
        Truth::False => Truth::True,
        Truth::Unknown => Truth::Unknown,
    };
    // An instance of rows that nobody saw is unknown, and so is whatever is said of it.
    law(format!("not ({when})"), negated);
    law(format!("({when}) and ({when})"), outcome.truth);
    law(format!("({when}) or ({when})"), outcome.truth);
    if outcome.truth == Truth::Unknown {
        assert!(outcome.evidence().is_empty() && !outcome.lacks().is_empty(), "unknown, and nothing is lacking: {when}");
    }
    for step in outcome.trace() {
        assert!(when.contains(step.text), "{step:?} is no part of {when}");
    }
}

/// What was read; otherwise every mistake is held to its form.
fn mistakes<T>(text: &str, read: Result<T, Vec<Mistake>>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a mistake: {text}");
            for mistake in mistakes {
                sound(&mistake.complaint("fuzz", text));
            }
            None
        }
    }
}
