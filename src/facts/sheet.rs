//! A sheet: one table as filled at one vantage.

use serde::{Deserialize, Serialize};
use serde_json::Map;

use super::schema::Table;
use super::value::{Because, Cell, Reason, Value};
use crate::path::Vantage;

/// The most rows a sheet holds; what is beyond makes it incomplete (truncated).
pub const MOST_ROWS: usize = 256;

/// Whether a sheet holds every row there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum SheetState {
    /// Every row there is.
    Complete,
    /// Some rows may be missing.
    Incomplete(Because),
    /// Nobody looked.
    NotMeasured(Because),
}

/// One row: its key and its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Key columns in declared order.
    pub key: Vec<(String, Value)>,
    /// Fields in declared order.
    pub cells: Vec<(String, Cell)>,
}

impl Row {
    /// The value of a key column.
    pub fn key(&self, name: &str) -> Option<&Value> {
        self.key.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }

    /// The cell of a field, if the row has it.
    pub fn cell(&self, name: &str) -> Option<&Cell> {
        self.cells.iter().find(|(f, _)| f == name).map(|(_, c)| c)
    }

    /// Sets or replaces a cell.
    pub fn put(&mut self, name: &str, cell: Cell) {
        match self.cells.iter_mut().find(|(f, _)| f == name) {
            Some((_, old)) => *old = cell,
            None => self.cells.push((name.to_owned(), cell)),
        }
    }
}

/// A table as filled at a vantage; [`Scope::Between`](super::Scope) tables have none.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The table's name.
    pub table: String,
    /// From where; `None` for tables between two paths.
    pub vantage: Option<Vantage>,
    /// Complete, incomplete or not measured.
    pub state: SheetState,
    /// The rows, in the order they were found.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// An empty, complete sheet.
    pub fn new(table: &Table, vantage: &Vantage) -> Self {
        Self { table: table.name.to_owned(), vantage: Some(vantage.clone()), state: SheetState::Complete, rows: Vec::new() }
    }

    /// A sheet nobody could fill.
    pub fn not_measured(table: &Table, vantage: &Vantage, because: impl Into<Because>) -> Self {
        Self { state: SheetState::NotMeasured(because.into()), ..Self::new(table, vantage) }
    }

    /// Adds a finished row; beyond [`MOST_ROWS`] the sheet becomes incomplete instead.
    pub fn push(&mut self, row: Row) {
        if self.rows.len() < MOST_ROWS {
            self.rows.push(row);
        } else {
            self.state = SheetState::Incomplete(Reason::Truncated.into());
        }
    }
}

/// Fills one row of a declared table; a name or type that the table does not declare is a defect and panics.
pub struct RowBuilder {
    table: &'static Table,
    row: Row,
}

impl RowBuilder {
    /// Starts a row. `keys` gives every key column in declared order.
    pub fn new(table: &'static Table, keys: impl IntoIterator<Item = Value>) -> Self {
        let mut values = keys.into_iter();
        let key = table
            .keys
            .iter()
            .map(|k| {
                let value = values.next().unwrap_or_else(|| panic!("{}: no value for key {}", table.name, k.name));
                assert!(value.fits(k.ty), "{}: {value} does not fit key {}", table.name, k.name);
                (k.name.to_owned(), value)
            })
            .collect();
        Self { table, row: Row { key, cells: Vec::with_capacity(table.fields.len()) } }
    }

    /// Sets a field.
    pub fn set(self, field: &str, value: impl Into<Value>) -> Self {
        self.cell(field, Cell::value(value))
    }

    /// Sets a field, or says that it is absent.
    pub fn maybe(self, field: &str, value: Option<impl Into<Value>>) -> Self {
        self.cell(field, Cell::maybe(value))
    }

    /// Says why a field was not measured.
    pub fn without(self, field: &str, because: impl Into<Because>) -> Self {
        self.cell(field, Cell::not_measured(because))
    }

    /// Sets a cell.
    pub fn cell(mut self, field: &str, cell: Cell) -> Self {
        let declared = self.table.field(field).unwrap_or_else(|| panic!("{} declares no field {field}", self.table.name));
        if let Cell::Value { value } = &cell {
            assert!(value.fits(declared.ty), "{}.{field}: {value} does not fit {}", self.table.name, declared.ty.name());
        }
        self.row.put(field, cell);
        self
    }

    /// Ends the row: every declared field not set so far (derived ones apart) becomes this cell.
    pub fn rest(mut self, cell: Cell) -> Row {
        for field in self.table.fields.iter().filter(|f| !f.derived) {
            if self.row.cell(field.name).is_none() {
                self.row.put(field.name, cell.clone());
            }
        }
        self.row.cells.sort_by_key(|(name, _)| self.table.fields.iter().position(|f| f.name == name));
        self.row
    }
}

/// The serialised shape of a sheet, version 1: `{"table", "vantage", "state", …, "rows": [{"key": {}, "cells": {}}]}`.
mod shape {
    use super::*;

    #[derive(Serialize, Deserialize)]
    pub struct RowShape {
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        key: Map<String, serde_json::Value>,
        cells: Map<String, serde_json::Value>,
    }

    impl From<&Row> for RowShape {
        fn from(row: &Row) -> Self {
            let json = |v: &Value| serde_json::to_value(v).unwrap_or_default();
            Self {
                key: row.key.iter().map(|(k, v)| (k.clone(), json(v))).collect(),
                cells: row.cells.iter().map(|(k, c)| (k.clone(), serde_json::to_value(c).unwrap_or_default())).collect(),
            }
        }
    }

    impl TryFrom<RowShape> for Row {
        type Error = serde_json::Error;

        fn try_from(shape: RowShape) -> Result<Self, serde_json::Error> {
            let key =
                shape.key.into_iter().map(|(k, v)| Ok((k, serde_json::from_value(v)?))).collect::<Result<_, Self::Error>>()?;
            let cells =
                shape.cells.into_iter().map(|(k, c)| Ok((k, serde_json::from_value(c)?))).collect::<Result<_, Self::Error>>()?;
            Ok(Self { key, cells })
        }
    }
}

impl Serialize for Row {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        shape::RowShape::from(self).serialize(s)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        shape::RowShape::deserialize(d)?.try_into().map_err(serde::de::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct SheetShape {
    table: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vantage: Option<Vantage>,
    state: SheetState,
    rows: Vec<Row>,
}

impl Serialize for Sheet {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let Self { table, vantage, state, rows } = self.clone();
        SheetShape { table, vantage, state, rows }.serialize(s)
    }
}

impl<'de> Deserialize<'de> for Sheet {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let SheetShape { table, vantage, state, rows } = SheetShape::deserialize(d)?;
        Ok(Self { table, vantage, state, rows })
    }
}
