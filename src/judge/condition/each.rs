//! What a row is asked of: one instance per binding of its names.

use super::ast::{At, Expr, KeyValue, Operand, Ref, Rows, Source, Test};
use super::check::{Binding, Checker};
use super::env::{Env, Item, Unseen, World};
use super::mistake::Mistake;
use super::parser::Parser;
use super::syntax;
use super::truth::Truth;
use crate::code::Code;
use crate::facts::{Because, Reason, Table, Value, dictionary};
use crate::path::Vantage;

/// A parsed and checked `each`: one or two binders, separated by a comma.
///
/// `e in path where e.class == edge`, `s in site`, `a in path, b in path where b.kind == tunnel`, `n in listener`.
#[derive(Debug, Clone)]
pub struct Each {
    binders: Vec<Rows>,
}

/// What an instance binds a name to.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A site.
    Site(Vantage),
    /// A path.
    Path(Vantage),
    /// A row of a table; without key columns while [`Instance::unknown`] says that no row was seen.
    Row {
        /// The table's name.
        table: &'static str,
        /// From where; `None` for tables between two paths.
        vantage: Option<Vantage>,
        /// Key columns in declared order.
        key: Vec<(String, Value)>,
    },
}

/// One binding of the names of an [`Each`].
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Names and what they are bound to, in order.
    pub bound: Vec<(String, Bound)>,
    /// Why it is not known whether there is such an instance: it stands for rows that nobody saw.
    pub unknown: Option<Because>,
}

impl Each {
    /// Parses an `each`.
    ///
    /// # Errors
    /// Mistakes as for a condition; also more than two binders, and a `where` that uses more than keys, facts of the plan
    /// (`path`) and roles of sites, because the set of instances must be known before anything is measured.
    pub fn parse(source: &str) -> Result<Self, Vec<Mistake>> {
        let syntax = binders(source).map_err(|m| vec![m])?;
        let mut checker = Checker::new(Vec::new());
        let mut rows = Vec::new();
        for binder in &syntax {
            let Some(checked) = checker.rows(binder) else { break };
            if let (Some(filter), Some(text)) = (&checked.filter, &binder.filter)
                && !planned(filter)
            {
                let span = span(text);
                let mistake = Mistake::new("the instances would depend on what is measured", span, "not known before the run");
                checker
                    .mistakes
                    .push(mistake.help("use keys, facts of `path` and `site.role` only; the rest belongs into `when`"));
            }
            rows.push(checked);
        }
        checker.done(Some(rows)).map(|binders| Self { binders })
    }

    pub(super) fn names(&self) -> Vec<(String, Binding)> {
        self.binders.iter().map(|b| (b.binder.clone(), binding(&b.source))).collect()
    }

    /// The names of the tables whose rows it walks or filters by.
    pub fn tables(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        self.binders.iter().for_each(|rows| rows.tables(&mut |table| names.push(table.name)));
        names
    }

    /// Every instance, in the order of the topology and of the rows.
    ///
    /// A table that is incomplete or not measured at a vantage adds one instance that is unknown.
    pub fn instances(&self, world: &World<'_>) -> Vec<Instance> {
        let mut found = Vec::new();
        grow(&mut Env::new(*world), &self.binders, &mut Vec::new(), &mut found);
        found
    }
}

fn binders(source: &str) -> Result<Vec<syntax::Rows>, Mistake> {
    let mut parser = Parser::new(source, 0..source.len())?;
    let mut rows = vec![parser.rows()?];
    while parser.take(",") {
        rows.push(parser.rows()?);
    }
    parser.end()?;
    match rows.get(2).and_then(|third| third.binder.as_ref()) {
        Some(name) => Err(Mistake::new("a row binds at most two names", name.span.clone(), "the third")),
        None => Ok(rows),
    }
}

fn binding(source: &Source) -> Binding {
    match source {
        Source::Paths => Binding::Path,
        Source::Sites => Binding::Site,
        Source::Table { table, .. } => Binding::Row(table),
    }
}

fn grow<'w>(env: &mut Env<'w>, binders: &'w [Rows], bound: &mut Vec<(String, Bound)>, out: &mut Vec<Instance>) {
    let Some((rows, rest)) = binders.split_first() else {
        out.push(Instance { bound: bound.clone(), unknown: None });
        return;
    };
    let found = env.rows(&rows.source);
    for item in found.items {
        bound.push((rows.binder.clone(), bind(&item)));
        env.items.push((&rows.binder, item));
        let held = rows.filter.as_deref().map(|f| env.eval(f));
        match held.as_ref().map_or(Truth::True, |h| h.truth) {
            Truth::True => grow(env, rest, bound, out),
            Truth::False => {}
            Truth::Unknown => {
                let because = held.and_then(|h| h.lacks().into_iter().next()).map(|(_, because)| because);
                out.push(Instance { bound: bound.clone(), unknown: Some(because.unwrap_or(Reason::NotPlanned.into())) });
            }
        }
        env.items.pop();
        bound.pop();
    }
    for unseen in found.unseen {
        let mut bound = bound.clone();
        bound.push((rows.binder.clone(), Bound::Row { table: unseen.table.name, vantage: unseen.vantage, key: Vec::new() }));
        out.push(Instance { bound, unknown: Some(unseen.because) });
    }
}

fn bind(item: &Item<'_>) -> Bound {
    match item {
        Item::Site(vantage) => Bound::Site(vantage.clone()),
        Item::Path(vantage) => Bound::Path(vantage.clone()),
        Item::Row { table, vantage, row } => Bound::Row { table: table.name, vantage: vantage.cloned(), key: row.key.clone() },
    }
}

impl Instance {
    /// `CODE@` and what is bound: `WS-01@here/edge:corp`, `LISTEN-07@here[address=0.0.0.0,port=18789]`; two joined by a comma.
    pub fn id(&self, code: &Code) -> String {
        let places: Vec<String> = self.bound.iter().map(|(_, bound)| bound.to_string()).filter(|text| !text.is_empty()).collect();
        format!("{code}@{}", places.join(","))
    }

    /// The vantages it binds, in order and without repetition.
    pub fn vantages(&self) -> Vec<Vantage> {
        let mut found = Vec::new();
        for (_, bound) in &self.bound {
            if let Some(vantage) = bound.vantage()
                && !found.contains(vantage)
            {
                found.push(vantage.clone());
            }
        }
        found
    }

    /// The names as an environment; or what keeps the instance from being known.
    pub(super) fn env<'w>(&'w self, world: World<'w>) -> Result<Env<'w>, Unseen> {
        let mut env = Env::new(world);
        for (name, bound) in &self.bound {
            env.items.push((name, bound.item(world, self.unknown.as_ref())?));
        }
        match (&self.unknown, self.bound.last()) {
            (Some(because), Some((_, bound))) => Err(bound.unseen(because.clone())),
            _ => Ok(env),
        }
    }
}

impl Bound {
    /// The vantage, where there is one.
    pub fn vantage(&self) -> Option<&Vantage> {
        match self {
            Self::Site(vantage) | Self::Path(vantage) => Some(vantage),
            Self::Row { vantage, .. } => vantage.as_ref(),
        }
    }

    fn item<'w>(&self, world: World<'w>, unknown: Option<&Because>) -> Result<Item<'w>, Unseen> {
        let lost = || self.unseen(unknown.cloned().unwrap_or(Reason::NotPlanned.into()));
        match self {
            Self::Site(vantage) => Ok(Item::Site(vantage.clone())),
            Self::Path(vantage) => Ok(Item::Path(vantage.clone())),
            Self::Row { table, vantage, key } => {
                let table = dictionary::table(table).ok_or_else(lost)?;
                let sheet = world.facts.sheet(table.name, vantage.as_ref()).ok_or_else(lost)?;
                let row = sheet.rows.iter().find(|row| row.key == *key).ok_or_else(lost)?;
                Ok(Item::Row { table, vantage: sheet.vantage.as_ref(), row })
            }
        }
    }

    fn unseen(&self, because: Because) -> Unseen {
        let table = |name: &str| dictionary::table(name).unwrap_or(&crate::facts::tables::path::PATH);
        let (table, vantage): (&'static Table, _) = match self {
            Self::Site(vantage) => (table("site"), Some(vantage.clone())),
            Self::Path(vantage) => (table("path"), Some(vantage.clone())),
            Self::Row { table: name, vantage, .. } => (table(name), vantage.clone()),
        };
        let name = vantage.as_ref().map_or_else(|| table.name.to_owned(), |v| format!("{}@{v}", table.name));
        Unseen { table, vantage, name, because }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Site(vantage) | Self::Path(vantage) => write!(f, "{vantage}"),
            Self::Row { vantage, key, .. } => {
                if let Some(vantage) = vantage {
                    write!(f, "{vantage}")?;
                }
                if key.is_empty() {
                    return Ok(());
                }
                let columns: Vec<String> = key.iter().map(|(k, v)| format!("{k}={v}")).collect();
                write!(f, "[{}]", columns.join(","))
            }
        }
    }
}

/// Whether an expression uses only what is known before the run.
fn planned(expr: &Expr) -> bool {
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

fn span(expr: &syntax::Expr) -> syntax::Span {
    match expr {
        syntax::Expr::And(parts) | syntax::Expr::Or(parts) => match (parts.first(), parts.last()) {
            (Some(first), Some(last)) => span(first).start..span(last).end,
            _ => 0..0,
        },
        syntax::Expr::Not(inner) => span(inner),
        syntax::Expr::Test(test) => test.span.clone(),
        syntax::Expr::Quant { span, .. } => span.clone(),
    }
}
