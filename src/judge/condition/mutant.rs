//! Small falsifications of a condition. The evidence of a row must tell each from the real thing.

use super::ast::{Atom, Expr, Test};
use super::formula::Condition;

/// A condition with one thing changed.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What was changed, in words.
    pub what: String,
    /// The changed condition.
    pub condition: Condition,
}

/// One changed expression and what was changed.
type Change = (String, Expr);

impl Condition {
    /// Every atom negated, every atom taken out of its `and` or `or`, every label taken out of its list, every `and` made `or`
    /// and every `or` made `and`.
    pub fn mutants(&self) -> Vec<Mutant> {
        let make = |(what, root)| Mutant { what, condition: Self { source: self.source.clone(), root } };
        self.changes(&self.root).into_iter().map(make).collect()
    }

    fn changes(&self, expr: &Expr) -> Vec<Change> {
        match expr {
            Expr::And(parts) => self.joined(parts, Expr::And, Expr::Or, "`and` made `or`"),
            Expr::Or(parts) => self.joined(parts, Expr::Or, Expr::And, "`or` made `and`"),
            Expr::Not(inner) => lift(self.changes(inner), |e| Expr::Not(Box::new(e))),
            Expr::Atom(atom) => self.atom(atom),
            Expr::Quant { quant, rows, body } => {
                let with = |rows, body| Expr::Quant { quant: *quant, rows, body };
                let mut changes = lift(self.changes(body), |body| with(rows.clone(), Box::new(body)));
                if let Some(filter) = &rows.filter {
                    changes.extend(lift(self.changes(filter), |filter| {
                        let mut rows = rows.clone();
                        rows.filter = Some(Box::new(filter));
                        with(rows, body.clone())
                    }));
                }
                changes
            }
        }
    }

    fn joined(&self, parts: &[Expr], same: fn(Vec<Expr>) -> Expr, other: fn(Vec<Expr>) -> Expr, swapped: &str) -> Vec<Change> {
        let mut changes = vec![(swapped.to_owned(), other(parts.to_vec()))];
        for (at, part) in parts.iter().enumerate() {
            let around = |changed: Expr| {
                let mut parts = parts.to_vec();
                parts[at] = changed;
                same(parts)
            };
            changes.extend(lift(self.changes(part), around));
            if let Expr::Atom(atom) = part {
                let mut rest = parts.to_vec();
                rest.remove(at);
                changes.push((format!("without `{}`", self.text(atom)), same(rest)));
            }
        }
        changes
    }

    fn atom(&self, atom: &Atom) -> Vec<Change> {
        let again = |test: Test| Expr::Atom(Atom { test, span: atom.span.clone() });
        let mut changes = vec![(format!("`{}` negated", self.text(atom)), Expr::Not(Box::new(Expr::Atom(atom.clone()))))];
        match &atom.test {
            Test::Among { left, not, values } if values.len() > 1 => {
                for (at, value) in values.iter().enumerate() {
                    let mut values = values.clone();
                    values.remove(at);
                    let test = Test::Among { left: left.clone(), not: *not, values };
                    changes.push((format!("`{value}` taken out of `{}`", self.text(atom)), again(test)));
                }
            }
            Test::Tally { tally, op, number } => {
                if let Some(filter) = &tally.rows.filter {
                    changes.extend(lift(self.changes(filter), |filter| {
                        let mut tally = tally.clone();
                        tally.rows.filter = Some(Box::new(filter));
                        again(Test::Tally { tally, op: *op, number: *number })
                    }));
                }
            }
            _ => {}
        }
        changes
    }

    fn text(&self, atom: &Atom) -> &str {
        self.source.get(atom.span.clone()).unwrap_or_default()
    }
}

fn lift(changes: Vec<Change>, around: impl Fn(Expr) -> Expr) -> Vec<Change> {
    changes.into_iter().map(|(what, expr)| (what, around(expr))).collect()
}

#[cfg(test)]
mod tests {
    use crate::judge::condition::{Condition, Each, Truth, fence};

    fn changes(condition: &str) -> Vec<String> {
        let each = Each::parse("e in path").unwrap();
        Condition::parse(condition, &each).unwrap().mutants().into_iter().map(|m| m.what).collect()
    }

    #[test]
    fn every_atom_label_and_join_is_changed() {
        assert_eq!(changes("e.kind == edge"), ["`e.kind == edge` negated"]);
        assert_eq!(
            changes("e.kind in [edge, serve] and not (e.port == 1 or e.port == 2)"),
            [
                "`and` made `or`",
                "`e.kind in [edge, serve]` negated",
                "`edge` taken out of `e.kind in [edge, serve]`",
                "`serve` taken out of `e.kind in [edge, serve]`",
                "without `e.kind in [edge, serve]`",
                "`or` made `and`",
                "`e.port == 1` negated",
                "without `e.port == 1`",
                "`e.port == 2` negated",
                "without `e.port == 2`",
            ]
        );
        assert_eq!(
            changes("any x in tcp@e where x.port == 1: x.own == true"),
            ["`x.own == true` negated", "`x.port == 1` negated"]
        );
        assert_eq!(
            changes("count(x in tcp@e where x.port == 1) > 0"),
            ["`count(x in tcp@e where x.port == 1) > 0` negated", "`x.port == 1` negated"]
        );
    }

    #[test]
    fn a_mutant_judges_otherwise() {
        let each = Each::parse("e in path").unwrap();
        let fence = fence::parse("present\npath here/edge port=443").unwrap();
        let instance = &each.instances(&fence.world())[0];
        let truth = |condition: &Condition| condition.eval(&fence.world(), instance).truth;
        let condition = Condition::parse("e.kind == edge and e.port in [443, 80]", &each).unwrap();
        assert_eq!(truth(&condition), Truth::True);
        let fallen: Vec<String> =
            condition.mutants().into_iter().filter(|m| truth(&m.condition) != Truth::True).map(|m| m.what).collect();
        assert_eq!(
            fallen,
            ["`e.kind == edge` negated", "`e.port in [443, 80]` negated", "`443` taken out of `e.port in [443, 80]`"]
        );
    }
}
