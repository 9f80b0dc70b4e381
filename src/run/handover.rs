//! The moment a primitive hands over its facts: the last place where a secret can be caught, and the only one that must.

use crate::facts::dictionary;
use crate::facts::schema::{Privacy, Type};
use crate::facts::sheet::SheetState;
use crate::facts::value::thousandths;
use crate::facts::{Because, Cell, Reason, Sheet, Value};
use crate::secret::Redactor;

/// How a placeholder of a secret begins.
const PLACEHOLDER: &str = "secret:";

/// The sheet as everything after it may see it: no known secret in any text, only placeholders in secret cells, and
/// numbers that survive a recording byte for byte.
pub fn tame(sheet: Sheet, redactor: &Redactor) -> Sheet {
    let declared = dictionary::table(&sheet.table);
    let mut sheet = sheet;
    for row in &mut sheet.rows {
        for (name, value) in &mut row.key {
            let column = declared.and_then(|t| t.key(name));
            *value = tame_value(value, column.map(|c| (c.ty, c.privacy)), redactor);
        }
        for (name, cell) in &mut row.cells {
            let field = declared.and_then(|t| t.field(name));
            *cell = tame_cell(cell, field.map(|f| (f.ty, f.privacy)), redactor);
        }
    }
    if let SheetState::Incomplete(because) | SheetState::NotMeasured(because) = &mut sheet.state {
        because.because = redactor.text(&because.because);
    }
    sheet
}

fn tame_cell(cell: &Cell, declared: Option<(Type, Privacy)>, redactor: &Redactor) -> Cell {
    match cell {
        Cell::Value { value: Value::Ms(n) | Value::Percent(n) } if !n.is_finite() => {
            Cell::not_measured(Because::new(Reason::Defect, "the number is not finite"))
        }
        Cell::Value { value } => Cell::Value { value: tame_value(value, declared, redactor) },
        Cell::Absent => Cell::Absent,
        Cell::NotMeasured(because) => Cell::NotMeasured(Because::new(because.reason, redactor.text(&because.because))),
    }
}

fn tame_value(value: &Value, declared: Option<(Type, Privacy)>, redactor: &Redactor) -> Value {
    match (value, declared) {
        (Value::Text(text), Some((_, Privacy::Secret))) if !text.starts_with(PLACEHOLDER) => {
            Value::Text(redactor.marker().placeholder(text))
        }
        // A label is one of our own words: a secret that happens to be spelt like it must not break it.
        (Value::Text(_), Some((Type::Label(_) | Type::Vantage, _))) => value.clone(),
        (Value::Text(text), _) => Value::Text(redactor.text(text)),
        (Value::Ms(n), _) => Value::Ms(thousandths(*n)),
        (Value::Percent(n), _) => Value::Percent(thousandths(*n)),
        (Value::Bool(_) | Value::Int(_), _) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::connect::CONNECT;
    use crate::facts::tables::site::CREDENTIAL;
    use crate::path::Vantage;
    use crate::secret::{Marker, Secret};

    fn redactor() -> Redactor {
        Redactor::new(Marker::from_text("m"), [Secret::new("accepted"), Secret::new("hunter22")])
    }

    #[test]
    fn a_secret_cell_that_was_forgotten_is_replaced() {
        let mut sheet = Sheet::new(&CREDENTIAL, &Vantage::site("here"));
        sheet.push(RowBuilder::new(&CREDENTIAL, []).set("fingerprint", "an unknown secret").rest(Cell::Absent));
        let tamed = tame(sheet, &redactor());
        let cell = tamed.rows[0].cell("fingerprint").unwrap().clone();
        assert!(cell.text().unwrap().starts_with("secret:") && !cell.text().unwrap().contains("unknown"), "{cell}");
        assert_eq!(tame(tamed, &redactor()).rows[0].cell("fingerprint"), Some(&cell), "a placeholder stays");
    }

    #[test]
    fn known_secrets_leave_texts_and_reasons_but_never_labels() {
        let mut sheet = Sheet::new(&CONNECT, &Vantage::path("here", "local"));
        let row = RowBuilder::new(&CONNECT, []).set("outcome", "accepted").set("message", "you sent hunter22");
        sheet.push(row.rest(Cell::not_measured(Because::new(Reason::Blocked, "after hunter22"))));
        let tamed = tame(sheet, &redactor());
        assert!(tamed.rows[0].cell("outcome").unwrap().is("accepted"));
        assert!(!format!("{tamed:?}").contains("hunter22"), "{tamed:?}");
    }

    #[test]
    fn numbers_are_cut_to_what_reads_back() {
        assert_eq!(thousandths(0.123_456_789), 0.123);
        let cell = tame_cell(&Cell::value(Value::Ms(f64::NAN)), None, &redactor());
        assert!(matches!(cell, Cell::NotMeasured(Because { reason: Reason::Defect, .. })));
    }
}
