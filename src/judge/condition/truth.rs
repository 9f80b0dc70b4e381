//! Three truth values, and comparisons of values and intervals under them.

use super::ast::Op;
use crate::facts::{Cell, Value};
use crate::labels;

labels! {
    /// Kleene's three truth values.
    pub enum Truth {
        False = "false": "It does not hold.",
        Unknown = "unknown": "What was measured does not decide it.",
        True = "true": "It holds.",
    }
}

impl Truth {
    /// True or false.
    pub const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// `false and unknown` is false; otherwise unknown wins.
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().min().unwrap_or(Self::True)
    }

    /// `true or unknown` is true; otherwise unknown wins.
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().max().unwrap_or(Self::False)
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }
}

/// Compares two cells. Absent is equal to no value and unordered, so it decides whatever the other cell is.
pub(super) fn compare(left: &Cell, op: Op, right: &Cell) -> Truth {
    match (left, right) {
        (Cell::Absent, _) | (_, Cell::Absent) => Truth::of(op == Op::Ne),
        (Cell::Value { value: a }, Cell::Value { value: b }) => Truth::of(holds(a, op, b)),
        _ => Truth::Unknown,
    }
}

/// Whether a cell is one of some values.
pub(super) fn among<'a>(cell: &Cell, mut values: impl Iterator<Item = &'a Value>) -> Truth {
    match cell {
        Cell::Value { value } => Truth::of(values.any(|v| v == value)),
        Cell::Absent => Truth::False,
        Cell::NotMeasured(_) => Truth::Unknown,
    }
}

fn holds(a: &Value, op: Op, b: &Value) -> bool {
    let order = match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Ms(a), Value::Ms(b)) | (Value::Percent(a), Value::Percent(b)) => a.partial_cmp(b),
        _ => None,
    };
    match op {
        Op::Eq => a == b,
        Op::Ne => a != b,
        Op::Lt => order.is_some_and(|o| o.is_lt()),
        Op::Le => order.is_some_and(|o| o.is_le()),
        Op::Gt => order.is_some_and(|o| o.is_gt()),
        Op::Ge => order.is_some_and(|o| o.is_ge()),
    }
}

/// How many there are at least and at most; `None` is without bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub least: i64,
    pub most: Option<i64>,
}

impl Interval {
    /// True or false only if it is so for the whole interval.
    pub fn compare(self, op: Op, number: i64) -> Truth {
        let Self { least, most } = self;
        let (all_below, all_above) = (most.is_some_and(|m| m < number), least > number);
        let (all_at_most, all_at_least) = (most.is_some_and(|m| m <= number), least >= number);
        let exactly = all_at_most && all_at_least;
        let (yes, no) = match op {
            Op::Eq => (exactly, all_below || all_above),
            Op::Ne => (all_below || all_above, exactly),
            Op::Lt => (all_below, all_at_least),
            Op::Le => (all_at_most, all_above),
            Op::Gt => (all_above, all_at_most),
            Op::Ge => (all_at_least, all_below),
        };
        match (yes, no) {
            (true, _) => Truth::True,
            (_, true) => Truth::False,
            _ => Truth::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Reason;

    #[test]
    fn kleene() {
        use Truth::{False, True, Unknown};
        assert_eq!((Truth::and([False, Unknown]), Truth::and([True, Unknown]), Truth::and([])), (False, Unknown, True));
        assert_eq!((Truth::or([True, Unknown]), Truth::or([False, Unknown]), Truth::or([])), (True, Unknown, False));
        assert_eq!((!True, !Unknown, !False), (False, Unknown, True));
    }

    #[test]
    fn absent_is_equal_to_nothing_and_unordered() {
        let (absent, one, dark) = (Cell::Absent, Cell::value(1_i64), Cell::not_measured(Reason::Deadline));
        for other in [&absent, &one, &dark] {
            assert_eq!(compare(&absent, Op::Eq, other), Truth::False);
            assert_eq!(compare(&absent, Op::Ne, other), Truth::True);
            assert_eq!(compare(other, Op::Le, &absent), Truth::False);
        }
        assert_eq!(compare(&dark, Op::Ne, &one), Truth::Unknown);
        assert_eq!(compare(&one, Op::Lt, &Cell::value(2_i64)), Truth::True);
    }

    #[test]
    fn an_interval_agrees_with_each_number_in_it() {
        let ops = [Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge];
        for (least, most) in [(0, Some(0)), (0, Some(2)), (1, Some(1)), (1, None), (2, Some(3))] {
            for op in ops {
                for number in -1..5 {
                    // Without bound stands for itself when it reaches beyond every number tried.
                    let each: Vec<bool> =
                        (least..=most.unwrap_or(9)).map(|n| holds(&Value::Int(n), op, &Value::Int(number))).collect();
                    let expected = match (each.contains(&true), each.contains(&false)) {
                        (true, false) => Truth::True,
                        (false, true) => Truth::False,
                        _ => Truth::Unknown,
                    };
                    assert_eq!(Interval { least, most }.compare(op, number), expected, "[{least}, {most:?}] {op:?} {number}");
                }
            }
        }
    }
}
