//! What a row is asked of: one instance per binding of its names.

use super::ast::{Rows, Source};
use super::check::{Binding, Checker};
use super::env::Env;
use super::instance::{Bound, Instance};
use super::mistake::Mistake;
use super::parser::Parser;
use super::planned::planned;
use super::syntax;
use super::truth::Truth;
use super::world::World;
use crate::facts::Reason;

/// A parsed and checked `each`: one or two binders, separated by a comma.
///
/// `e in path where e.class == edge`, `s in site`, `a in path, b in path where b.kind == tunnel`, `n in listener`.
#[derive(Debug, Clone)]
pub struct Each {
    binders: Vec<Rows>,
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

    /// Whether it walks the rows of a table, not only paths and sites of the plan.
    pub fn walks_a_table(&self) -> bool {
        self.binders.iter().any(|rows| matches!(rows.source, Source::Table { .. }))
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
        bound.push((rows.binder.clone(), Bound::of(&item)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Because;
    use crate::judge::condition::fence;
    use crate::path::Vantage;

    fn ids(each: &str, text: &str) -> Vec<String> {
        let fence = fence::parse(&format!("present\n{text}")).unwrap();
        let code = "WS-01".parse().unwrap();
        let show = |i: &Instance| {
            let id = i.id(&code);
            i.unknown.as_ref().map_or_else(|| id.clone(), |because| format!("{id} ({because})"))
        };
        Each::parse(each).unwrap().instances(&fence.world()).iter().map(show).collect()
    }

    const WAYS: &str =
        "site gw role=gateway-host\npath gw/local\npath here/edge:a\npath here/edge:b\npath here/tunnel:x class=direct";

    #[test]
    fn one_instance_for_each_binding() {
        assert_eq!(ids("e in path where e.class == edge", WAYS), ["WS-01@here/edge:a", "WS-01@here/edge:b"]);
        assert_eq!(ids("s in site", WAYS), ["WS-01@gw", "WS-01@here"]);
        assert_eq!(ids("s in site where s.role == gateway-host", WAYS), ["WS-01@gw"]);
        assert_eq!(
            ids("e in path where e.kind == edge, p in path where p.class == direct", WAYS),
            [
                "WS-01@here/edge:a,gw/local",
                "WS-01@here/edge:a,here/tunnel:x",
                "WS-01@here/edge:b,gw/local",
                "WS-01@here/edge:b,here/tunnel:x"
            ]
        );
        assert_eq!(ids("a in path where a.kind == edge, b in path where b.kind == edge and b.name != a.name", WAYS).len(), 2);
        assert_eq!(
            ids("e in path where e.port == 443", "path here/edge port=443\npath here/edge:2 port=80"),
            ["WS-01@here/edge"]
        );
    }

    #[test]
    fn rows_are_instances_and_so_are_rows_nobody_saw() {
        let one = "listener@here[address=::1,port=18789].owner = ssh";
        assert_eq!(ids("n in listener", one), ["WS-01@here[address=::1,port=18789]"]);
        assert_eq!(ids("n in listener where n.port == 22", one), [""; 0]);
        assert_eq!(ids("n in listener", "listener@here = complete"), [""; 0]);
        assert_eq!(
            ids("n in listener", &format!("{one}\nlistener@here = incomplete: truncated")),
            ["WS-01@here[address=::1,port=18789]", "WS-01@here (truncated)"]
        );
        let two = format!("{one}\nlistener@laptop = not measured: not-permitted");
        assert_eq!(ids("n in listener", &two), ["WS-01@here[address=::1,port=18789]", "WS-01@laptop (not permitted)"]);
        assert_eq!(ids("n in listener", WAYS), ["WS-01@gw (not planned)", "WS-01@here (not planned)"]);
        assert_eq!(
            ids("e in path where e.kind == edge, n in listener@host(e)", "path here/edge"),
            ["WS-01@here/edge (not planned: no site is known to be the gateway's host)"]
        );
    }

    #[test]
    fn an_unknown_instance_is_unknown_for_the_tables_reason() {
        let fence = fence::parse("unknown\nlistener@here = not measured: not-permitted ask as root").unwrap();
        let each = Each::parse("n in listener").unwrap();
        let condition = super::super::Condition::parse("n.owner != gateway", &each).unwrap();
        let instance = &each.instances(&fence.world())[0];
        let outcome = condition.eval(&fence.world(), instance);
        assert_eq!(outcome.truth, Truth::Unknown);
        assert_eq!(outcome.lacks(), [("listener@here".to_owned(), Because::new(Reason::NotPermitted, "ask as root"))]);
        assert_eq!(instance.vantages(), [Vantage::site("here")]);
    }

    #[test]
    fn vantages_are_told_once() {
        let fence =
            fence::parse("clear\nlistener@here[address=::1,port=1].owner = ssh\nlistener@here[address=::1,port=2].owner = ssh");
        let each = Each::parse("a in listener where a.port == 1, b in listener where b.port == 2").unwrap();
        let instances = each.instances(&fence.unwrap().world());
        assert_eq!(instances.len(), 1);
        assert_eq!(instances[0].vantages(), [Vantage::site("here")]);
    }

    #[test]
    fn what_is_measured_cannot_choose_instances() {
        for (each, under) in [
            ("e in path where upgrade@e.outcome == closed", "upgrade@e.outcome == closed"),
            ("e in path where e.kind == edge and s.role == client", "s"),
            ("s in site where s.system == linux or s.role == client", "s.system == linux or s.role == client"),
            ("n in listener where n.owner == ssh", "n.owner == ssh"),
            ("e in path where count(dns@site(e)) > 0", "count(dns@site(e)) > 0"),
            ("e in path where any x in tcp@e: x.port == 1", "any x in tcp@e:"),
            ("e in path where path@direct(e).kind == lan", "path@direct(e).kind == lan"),
            ("a in path, b in path, c in path", "c"),
            ("e in paths", "paths"),
            ("e of path", "of"),
        ] {
            let mistakes = Each::parse(each).expect_err(each);
            assert_eq!(&each[mistakes[0].span.clone()], under, "{each}: {mistakes:?}");
        }
    }
}
