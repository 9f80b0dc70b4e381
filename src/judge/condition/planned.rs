//! Whether an expression can be decided before anything is measured.

use super::ast::{At, Expr, KeyValue, Operand, Ref, Rows, Source, Test};
use crate::facts::Table;

/// Whether an expression uses only what is known before the run.
pub(super) fn planned(expr: &Expr) -> bool {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(planned),
        Expr::Not(inner) => planned(inner),
        Expr::Atom(atom) => match &atom.test {
            Test::Compare { left, right, .. } => known(left) && if let Operand::Ref(right) = right { known(right) } else { true },
            Test::Among { left, .. } | Test::Measured(left) => known(left),
            Test::Tally { tally, .. } => planned_rows(&tally.rows) && tally.of.as_ref().is_none_or(known),
        },
        Expr::Quant { rows, body, .. } => planned_rows(rows) && planned(body),
    }
}

fn planned_rows(rows: &Rows) -> bool {
    matches!(rows.source, Source::Paths | Source::Sites) && rows.filter.as_deref().is_none_or(planned)
}

fn known(reference: &Ref) -> bool {
    let plan = |table: &Table, field: &str| table.name == "path" || (table.name == "site" && field == "role");
    match reference {
        Ref::Key { .. } => true,
        Ref::Field { table, field, .. } => plan(table, field.name),
        // direct(..) asks which gateways are the same, and that is measured.
        Ref::Cell { table, at, key, field } => {
            let fixed = key.iter().all(|(_, v)| matches!(v, KeyValue::Value(_)));
            plan(table, field.name) && fixed && at.as_ref().is_none_or(|at| !compares(at))
        }
    }
}

fn compares(at: &At) -> bool {
    match at {
        At::Binder(_) => false,
        At::Direct(_) => true,
        At::Site(inner) | At::Host(inner) => compares(inner),
    }
}
