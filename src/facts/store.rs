//! Everything a run found: sheets by table and vantage, and the one way to look a cell up.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::sheet::{Row, Sheet, SheetState};
use super::value::{Because, Cell, Reason, Value};
use crate::path::Vantage;

/// The name of one cell: `table@vantage[key=value].field`.
#[derive(Debug, Clone, PartialEq)]
pub struct FactId {
    /// The table's name.
    pub table: String,
    /// From where; `None` for tables between two paths.
    pub vantage: Option<Vantage>,
    /// Key columns in declared order.
    pub key: Vec<(String, Value)>,
    /// The field's name.
    pub field: String,
}

impl fmt::Display for FactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)?;
        if let Some(vantage) = &self.vantage {
            write!(f, "@{vantage}")?;
        }
        if !self.key.is_empty() {
            let columns: Vec<String> = self.key.iter().map(|(k, v)| format!("{k}={v}")).collect();
            write!(f, "[{}]", columns.join(","))?;
        }
        write!(f, ".{}", self.field)
    }
}

type At = (String, Option<Vantage>);

/// All facts of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    sheets: BTreeMap<At, Sheet>,
    /// Rows nobody asked for, in tables that others may have filled.
    left_out: BTreeMap<At, Vec<Row>>,
}

impl Facts {
    /// Adds a sheet. A second sheet of the same table and vantage adds its rows and keeps the worse state.
    pub fn add(&mut self, sheet: Sheet) {
        let at = (sheet.table.clone(), sheet.vantage.clone());
        match self.sheets.get_mut(&at) {
            None => {
                self.sheets.insert(at, sheet);
            }
            Some(old) => {
                for row in sheet.rows {
                    match old.rows.iter_mut().find(|r| r.key == row.key) {
                        Some(known) => row.cells.into_iter().for_each(|(name, cell)| known.put(&name, cell)),
                        None => old.push(row),
                    }
                }
                if matches!(old.state, SheetState::Complete) {
                    old.state = sheet.state;
                }
                // With a row there is something, whichever came first.
                if let SheetState::NotMeasured(because) = &old.state
                    && !old.rows.is_empty()
                {
                    old.state = SheetState::Incomplete(because.clone());
                }
            }
        }
    }

    /// Takes note that nobody asked for the rows of a sheet: where they are missing they are *not planned*, not absent.
    pub fn leave_out(&mut self, sheet: Sheet) {
        self.left_out.entry((sheet.table, sheet.vantage)).or_default().extend(sheet.rows);
    }

    /// What is known of a row that a complete sheet does not have.
    fn missing(&self, table: &str, vantage: Option<&Vantage>, same: impl Fn(&Row) -> bool) -> Cell {
        match self.left_out.get(&(table.to_owned(), vantage.cloned())) {
            Some(rows) if rows.iter().any(same) => Cell::not_measured(Reason::NotPlanned),
            _ => Cell::Absent,
        }
    }

    /// Removes a sheet, so that it can be replaced.
    pub fn take(&mut self, table: &str, vantage: Option<&Vantage>) -> Option<Sheet> {
        self.sheets.remove(&(table.to_owned(), vantage.cloned()))
    }

    /// The sheet of a table at a vantage.
    pub fn sheet(&self, table: &str, vantage: Option<&Vantage>) -> Option<&Sheet> {
        self.sheets.get(&(table.to_owned(), vantage.cloned()))
    }

    /// Every sheet, ordered by table and vantage.
    pub fn sheets(&self) -> impl Iterator<Item = &Sheet> {
        self.sheets.values()
    }

    /// Every sheet, to be changed in place.
    pub fn sheets_mut(&mut self) -> impl Iterator<Item = &mut Sheet> {
        self.sheets.values_mut()
    }

    /// The rows of a table at a vantage and whether they are all there are; a missing sheet was not planned.
    pub fn rows(&self, table: &str, vantage: Option<&Vantage>) -> (&[Row], SheetState) {
        match self.sheet(table, vantage) {
            Some(sheet) => (&sheet.rows, sheet.state.clone()),
            None => (&[], SheetState::NotMeasured(Reason::NotPlanned.into())),
        }
    }

    /// The cell of an id, whatever is known: a missing row of a complete table is absent, of any other not measured.
    pub fn cell(&self, id: &FactId) -> Cell {
        let (rows, state) = self.rows(&id.table, id.vantage.as_ref());
        let same = |row: &Row| id.key.iter().all(|(k, v)| row.key(k) == Some(v));
        match (rows.iter().find(|r| same(r)), state) {
            (Some(row), _) => row
                .cell(&id.field)
                .cloned()
                .unwrap_or_else(|| Cell::not_measured(Because::new(Reason::Unsupported, format!("no {} recorded", id.field)))),
            (None, SheetState::Complete) => self.missing(&id.table, id.vantage.as_ref(), same),
            (None, SheetState::Incomplete(because) | SheetState::NotMeasured(because)) => Cell::NotMeasured(because),
        }
    }

    /// A shorthand for code that derives facts: the cell of a field in the row whose key columns have these texts.
    pub fn look(&self, table: &str, vantage: &Vantage, key: &[(&str, &str)], field: &str) -> Cell {
        let (rows, state) = self.rows(table, Some(vantage));
        let same = |row: &Row| key.iter().all(|(k, v)| row.key(k).is_some_and(|x| x.to_string() == *v));
        match (rows.iter().find(|r| same(r)), state) {
            (Some(row), _) => row.cell(field).cloned().unwrap_or(Cell::not_measured(Reason::Unsupported)),
            (None, SheetState::Complete) => self.missing(table, Some(vantage), same),
            (None, SheetState::Incomplete(because) | SheetState::NotMeasured(because)) => Cell::NotMeasured(because),
        }
    }
}

impl Serialize for Facts {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.sheets.values())
    }
}

impl<'de> Deserialize<'de> for Facts {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mut facts = Self::default();
        Vec::<Sheet>::deserialize(d)?.into_iter().for_each(|sheet| facts.add(sheet));
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::http::HTTP;
    use crate::facts::value::Value;

    fn at() -> Vantage {
        Vantage::path("here", "edge")
    }

    fn row(probe: &str) -> Sheet {
        let mut sheet = Sheet::new(&HTTP, &at());
        let key = [Value::from(probe), Value::from("named")];
        sheet.push(RowBuilder::new(&HTTP, key).set("status", Value::Int(200)).rest(Cell::Absent));
        sheet
    }

    #[test]
    fn what_nobody_asked_for_is_not_planned_and_what_was_not_there_is_absent() {
        let mut facts = Facts::default();
        facts.add(row("health"));
        facts.leave_out(row("ready"));
        let status = |probe: &str| facts.look("http", &at(), &[("probe", probe)], "status");
        assert_eq!(status("health"), Cell::value(200_i64));
        assert_eq!(status("ready"), Cell::not_measured(Reason::NotPlanned));
        assert_eq!(status("startup"), Cell::Absent);
    }

    #[test]
    fn what_one_lane_lacks_makes_a_table_incomplete_in_either_order() {
        let lack = || Sheet::not_measured(&HTTP, &at(), Because::from(Reason::Budget));
        for sheets in [[row("health"), lack()], [lack(), row("health")]] {
            let mut facts = Facts::default();
            sheets.into_iter().for_each(|sheet| facts.add(sheet));
            let (rows, state) = facts.rows("http", Some(&at()));
            assert_eq!((rows.len(), state), (1, SheetState::Incomplete(Reason::Budget.into())));
        }
    }
}
