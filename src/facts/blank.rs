//! Facts of a probe that did not run.

use std::collections::BTreeMap;

use super::schema::{Scope, Table};
use super::sheet::{RowBuilder, Sheet};
use super::value::{Because, Cell, Value};
use crate::path::Vantage;

/// The sheets of a probe that did not run: every cell it would have filled, not measured for this reason.
///
/// Where the probe's parameters (`with`) and the columns' defaults fix the whole key, that is one row; otherwise it is the table.
pub fn blank(tables: &[&'static Table], with: &BTreeMap<String, String>, at: &Vantage, because: &Because) -> Vec<Sheet> {
    tables.iter().map(|table| one(table, with, at, because)).collect()
}

fn one(table: &'static Table, with: &BTreeMap<String, String>, at: &Vantage, because: &Because) -> Sheet {
    // A path's probe may fill a table of the site, as dns does.
    let at = &if table.scope == Scope::Site { at.at_site() } else { at.clone() };
    let text = |name: &str| with.get(name).map(String::as_str);
    let key: Option<Vec<Value>> =
        table.keys.iter().map(|key| Value::parse(text(key.name).or(key.default)?, key.ty).ok()).collect();
    match key {
        Some(key) => {
            let mut sheet = Sheet::new(table, at);
            sheet.push(RowBuilder::new(table, key).rest(Cell::NotMeasured(because.clone())));
            sheet
        }
        None => Sheet::not_measured(table, at, because.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tables::{dns::DNS, http::HTTP};
    use crate::facts::value::Reason;

    #[test]
    fn a_fixed_key_is_one_row_and_an_open_one_is_the_table() {
        let because = Because::from(Reason::Budget);
        let at = Vantage::path("here", "local");
        let with = BTreeMap::from([(String::from("probe"), String::from("health"))]);
        let http = blank(&[&HTTP], &with, &at, &because);
        assert_eq!(http[0].rows[0].key("address").map(Value::to_string).as_deref(), Some("named"));
        assert_eq!(http[0].rows[0].cell("outcome"), Some(&Cell::NotMeasured(because.clone())));
        let dns = blank(&[&DNS], &with, &at, &because);
        assert_eq!((dns[0].vantage.clone(), dns[0].rows.len()), (Some(at.at_site()), 0));
    }
}
