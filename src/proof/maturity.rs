//! How well a row is proven: computed from the tests that exist, never typed. A test of the tree makes the list anew and fails
//! when it is stale.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::labels;

labels! {
    /// How well a row is proven.
    pub enum Maturity {
        Drafted = "drafted": "Written, and fired by nothing but its own examples.",
        Proven = "proven": "An injected fault fires it.",
        FieldProven = "field-proven": "A scenario or a case of an edge in which every part is the real thing fires it.",
    }
}

/// What proves a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How well.
    pub maturity: Maturity,
    /// A fault file that fires it, its own before others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// A scenario of real parts that fires it, or a case on a real product: `edge::PRODUCT::CASE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

impl Entry {
    /// What follows from the two.
    pub fn new(fault: Option<String>, scenario: Option<String>) -> Self {
        let maturity = match (&fault, &scenario) {
            (_, Some(_)) => Maturity::FieldProven,
            (Some(_), None) => Maturity::Proven,
            (None, None) => Maturity::Drafted,
        };
        Self { maturity, fault, scenario }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = self.fault.as_ref().map(|name| format!("fault {name}"));
        let scenario = self.scenario.as_ref().map(|name| format!("scenario {name}"));
        let by: Vec<String> = [scenario, fault].into_iter().flatten().collect();
        f.write_str(self.maturity.as_str())?;
        if by.is_empty() { Ok(()) } else { write!(f, " ({})", by.join(", ")) }
    }
}

/// The list for every built-in row, as the tree's test made it.
pub fn all() -> BTreeMap<Code, Entry> {
    // A list that does not parse fails the test that writes it.
    toml::from_str(include_str!("../../matrices/proof/maturity.toml")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_thing_counts_more_than_a_fault_and_that_more_than_nothing() {
        let text = |name: &str| Some(name.to_owned());
        assert_eq!(Entry::new(text("edge/x"), text("nginx")).to_string(), "field-proven (scenario nginx, fault edge/x)");
        assert_eq!(Entry::new(text("edge/x"), None).to_string(), "proven (fault edge/x)");
        assert_eq!(Entry::new(None, None).to_string(), "drafted");
    }

    #[test]
    fn the_list_is_read() {
        assert!(!all().is_empty());
    }
}
