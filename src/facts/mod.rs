//! Facts: what was seen, from where, and what was not measured and why.
//!
//! [`schema`] is how a primitive declares its tables, [`value`] is a cell, [`sheet`] is one filled table,
//! [`series`] is many samples of one quantity, [`store`] is everything a run found, [`dictionary`] is the list of all declared tables,
//! [`derived`] computes what follows from other facts, [`blank`](mod@blank) says what a probe that did not run would have filled.

pub mod blank;
pub mod derived;
pub mod dictionary;
pub mod schema;
pub mod series;
pub mod sheet;
pub mod store;
pub mod tables;
pub mod value;

pub use blank::blank;
pub use schema::{Field, Key, Privacy, Scope, Table, Type};
pub use sheet::{Row, Sheet, SheetState};
pub use store::{FactId, Facts};
pub use value::{Because, Cell, Reason, Value};
