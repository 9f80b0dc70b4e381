//! Sentences with holes.

use std::sync::Arc;

use super::ast::{At, Expr, Ref, Rows, Tally};
use super::check::Checker;
use super::each::{Each, Instance};
use super::env::{Env, World};
use super::mistake::Mistake;
use super::parser::Parser;
use super::truth::Truth;
use crate::facts::Cell;

/// A sentence with holes, checked like a condition. `{{` and `}}` stand for braces.
///
/// - `{e}`, `{direct(e)}`, `{host(e)}`: the name of a path or site; of a bound row its key values.
/// - `{upgrade@e.status}`, `{e.host}`: the value of a cell.
/// - `{any x in tcp@p where x.connected == refused: x.address}`: the distinct values over the rows that hold.
/// - `{count(..)}`, `{distinct(..)}`: a number, `at least 2` while rows are missing.
///
/// What is absent prints as `nothing`, what was not measured as `unknown`.
#[derive(Debug, Clone)]
pub struct Template {
    source: Arc<str>,
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Place(At),
    Cell(Ref),
    Listed { rows: Rows, of: Ref },
    Tally(Tally),
}

const NOTHING: &str = "nothing";
const UNKNOWN: &str = "unknown";

impl Template {
    /// Parses a sentence over the names that `each` binds.
    ///
    /// # Errors
    /// Mistakes as for a condition, and braces without their partner.
    pub fn parse(source: &str, each: &Each) -> Result<Self, Vec<Mistake>> {
        let mut parts = Vec::new();
        let mut mistakes = Vec::new();
        let mut text = String::new();
        let mut at = 0;
        while let Some(next) = source[at..].chars().next() {
            let rest = &source[at..];
            match next {
                '{' | '}' if rest[1..].starts_with(next) => {
                    text.push(next);
                    at += 2;
                }
                '{' => {
                    let Some(length) = rest.find('}') else {
                        mistakes.push(Mistake::new("a hole lacks its closing brace", at..source.len(), "opened here"));
                        break;
                    };
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    match hole(source, at + 1..at + length, each) {
                        Ok(part) => parts.push(part),
                        Err(wrong) => mistakes.extend(wrong),
                    }
                    at += length + 1;
                }
                '}' => {
                    let mistake = Mistake::new("a closing brace stands alone", at..at + 1, "no hole is open here");
                    mistakes.push(mistake.help("write `}}` for a brace"));
                    at += 1;
                }
                other => {
                    text.push(other);
                    at += other.len_utf8();
                }
            }
        }
        parts.push(Part::Text(text));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        if mistakes.is_empty() { Ok(Self { source: source.into(), parts }) } else { Err(mistakes) }
    }

    /// The text it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The sentence for one instance.
    pub fn render(&self, world: &World<'_>, instance: &Instance) -> String {
        let mut env = instance.env(*world).ok();
        let show = |part: &Part| match (part, env.as_mut()) {
            (Part::Text(text), _) => text.clone(),
            (_, None) => UNKNOWN.to_owned(),
            (part, Some(env)) => part.show(&mut env.clone()),
        };
        self.parts.iter().map(show).collect()
    }
}

fn hole(source: &str, range: std::ops::Range<usize>, each: &Each) -> Result<Part, Vec<Mistake>> {
    let text = source[range.clone()].trim();
    let one = |m: Mistake| vec![m];
    let mut checker = Checker::new(each.names());
    let mut parser = Parser::new(source, range).map_err(one)?;
    let part = if text.starts_with("any ") {
        parser.take("any");
        let rows = parser.rows().map_err(one)?;
        parser.colon().map_err(one)?;
        let of = parser.reference().map_err(one)?;
        let checked = checker.rows(&rows);
        checked.and_then(|rows| checker.reference(&of).map(|(of, _)| Part::Listed { rows, of }))
    } else if text.starts_with("count(") || text.starts_with("distinct(") {
        let tally = parser.tally().map_err(one)?;
        checker.tally(&tally).map(Part::Tally)
    } else if text.contains('@') || text.contains('.') {
        let of = parser.reference().map_err(one)?;
        checker.reference(&of).map(|(of, _)| Part::Cell(of))
    } else {
        let place = parser.place().map_err(one)?;
        checker.place(&place).map(|(at, _)| Part::Place(at))
    };
    parser.end().map_err(one)?;
    checker.done(part)
}

impl Part {
    fn show<'w>(&'w self, env: &mut Env<'w>) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Place(at) => {
                let row = if let At::Binder(name) = at { env.row_name(name) } else { None };
                row.or_else(|| env.name(at)).unwrap_or_else(|| UNKNOWN.to_owned())
            }
            Self::Cell(reference) => show(&env.look(reference).cell),
            Self::Listed { rows, of } => listed(env, rows, of),
            Self::Tally(tally) => {
                let interval = env.tally(tally).interval;
                match interval.most {
                    Some(most) if most == interval.least => most.to_string(),
                    _ => format!("at least {}", interval.least),
                }
            }
        }
    }
}

fn show(cell: &Cell) -> String {
    match cell {
        Cell::Value { value } => value.to_string(),
        Cell::Absent => NOTHING.to_owned(),
        Cell::NotMeasured(_) => UNKNOWN.to_owned(),
    }
}

fn listed<'w>(env: &mut Env<'w>, rows: &'w Rows, of: &'w Ref) -> String {
    let found = env.rows(&rows.source);
    let mut values: Vec<String> = Vec::new();
    for item in found.items {
        env.items.push((&rows.binder, item));
        let holds = rows.filter.as_deref().is_none_or(|f: &Expr| env.eval(f).truth == Truth::True);
        let value = show(&env.look(of).cell);
        env.items.pop();
        if holds && !values.contains(&value) {
            values.push(value);
        }
    }
    match (values.is_empty(), found.unseen.is_empty()) {
        (false, _) => values.join(", "),
        (true, true) => NOTHING.to_owned(),
        (true, false) => UNKNOWN.to_owned(),
    }
}
