//! Syntax to a checked condition: quantifiers, comparisons and their types. References are resolved in `refer`.

use super::ast::{Atom, Expr, Op, Operand, Rows, Source, Tally, Test};
use super::mistake::Mistake;
use super::parser::KEYWORDS;
use super::syntax::{self, Literal, Name, Right, Span, What};
use crate::facts::{Scope, Table, Type, Value, dictionary};

/// What a name is bound to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Binding {
    Site,
    Path,
    Row(&'static Table),
}

/// How deep quantifiers and counts may nest: deeper conditions are not understood by their readers.
const DEEPEST: usize = 2;

/// Resolves names and collects every mistake; a part with a mistake yields nothing.
pub(super) struct Checker {
    pub names: Vec<(String, Binding)>,
    pub mistakes: Vec<Mistake>,
    depth: usize,
}

impl Checker {
    /// A checker that knows these names.
    pub fn new(names: Vec<(String, Binding)>) -> Self {
        Self { names, mistakes: Vec::new(), depth: 0 }
    }

    /// What was checked, unless there was a mistake.
    pub fn done<T>(self, checked: Option<T>) -> Result<T, Vec<Mistake>> {
        match checked {
            Some(checked) if self.mistakes.is_empty() => Ok(checked),
            _ => Err(self.mistakes),
        }
    }

    pub fn wrong<T>(&mut self, mistake: Mistake) -> Option<T> {
        self.mistakes.push(mistake);
        None
    }

    pub fn expr(&mut self, expr: &syntax::Expr) -> Option<Expr> {
        match expr {
            syntax::Expr::And(parts) => self.parts(parts).map(Expr::And),
            syntax::Expr::Or(parts) => self.parts(parts).map(Expr::Or),
            syntax::Expr::Not(inner) => self.expr(inner).map(|e| Expr::Not(Box::new(e))),
            syntax::Expr::Test(test) => {
                let checked = self.test(test)?;
                Some(Expr::Atom(Atom { test: checked, span: test.span.clone() }))
            }
            syntax::Expr::Quant { quant, rows, body, span } => self.within(span, rows, |checker, rows| {
                let body = Box::new(checker.expr(body)?);
                Some(Expr::Quant { quant: *quant, rows, body })
            }),
        }
    }

    fn parts(&mut self, parts: &[syntax::Expr]) -> Option<Vec<Expr>> {
        // Every part is looked at, so that all mistakes are told at once.
        let checked: Vec<_> = parts.iter().map(|p| self.expr(p)).collect();
        checked.into_iter().collect()
    }

    /// Checks the rows, then something that may use their name.
    fn within<T>(&mut self, span: &Span, rows: &syntax::Rows, inner: impl FnOnce(&mut Self, Rows) -> Option<T>) -> Option<T> {
        if self.depth == DEEPEST {
            let mistake = Mistake::new("quantifiers and counts nest at most two deep", span.clone(), "one too many");
            return self.wrong(mistake.help("make it a derived fact"));
        }
        self.depth += 1;
        let known = self.names.len();
        let checked = self.rows(rows).and_then(|rows| inner(self, rows));
        self.names.truncate(known);
        self.depth -= 1;
        checked
    }

    /// Checks `x in T where f`; afterwards `x` is known until the caller forgets it.
    pub fn rows(&mut self, rows: &syntax::Rows) -> Option<Rows> {
        let (source, binding) = self.source(&rows.table, rows.at.as_ref())?;
        let binder = match &rows.binder {
            Some(name) => self.bind(name, binding)?,
            None => String::new(),
        };
        let filter = match &rows.filter {
            Some(filter) => Some(Box::new(self.expr(filter)?)),
            None => None,
        };
        Some(Rows { binder, source, filter })
    }

    fn bind(&mut self, name: &Name, binding: Binding) -> Option<String> {
        if KEYWORDS.contains(&name.text.as_str()) {
            let message = format!("`{}` is a word of the language", name.text);
            return self.wrong(Mistake::new(message, name.span.clone(), "choose another name"));
        }
        if self.names.iter().any(|(known, _)| *known == name.text) {
            let message = format!("`{}` is bound already", name.text);
            return self.wrong(Mistake::new(message, name.span.clone(), "choose another name"));
        }
        self.names.push((name.text.clone(), binding));
        Some(name.text.clone())
    }

    fn source(&mut self, name: &Name, at: Option<&syntax::At>) -> Option<(Source, Binding)> {
        let table = self.table(name)?;
        match (table.name, at) {
            ("path", None) => Some((Source::Paths, Binding::Path)),
            ("site", None) => Some((Source::Sites, Binding::Site)),
            ("path" | "site", Some(at)) => {
                let message = format!("`{}` is walked as a whole", table.name);
                self.wrong(Mistake::new(message, at.span(), "leave the vantage out"))
            }
            (_, at) => {
                let at = match at {
                    Some(at) => Some(self.place_for(table, at)?),
                    None => None,
                };
                Some((Source::Table { table, at }, Binding::Row(table)))
            }
        }
    }

    pub fn table(&mut self, name: &Name) -> Option<&'static Table> {
        dictionary::table(&name.text).or_else(|| {
            let mistake = Mistake::new(format!("there is no table `{}`", name.text), name.span.clone(), "unknown table");
            self.wrong(mistake.among(&name.text, dictionary::TABLES.iter().map(|t| t.name)))
        })
    }

    fn test(&mut self, test: &syntax::Test) -> Option<Test> {
        match &test.what {
            What::Measured(what) => self.reference(what).map(|(r, _)| Test::Measured(r)),
            What::Among { left, not, words } => {
                let (left, ty) = self.reference(left)?;
                let values: Vec<_> = words.iter().map(|w| self.value(w, ty)).collect();
                Some(Test::Among { left, not: *not, values: values.into_iter().collect::<Option<_>>()? })
            }
            What::Compare { left, op, right } => self.comparison(left, *op, right, &test.span),
            What::Tally { tally, op, number } => {
                let number = self.value(number, Type::Int);
                let tally = self.tally(tally)?;
                match number? {
                    Value::Int(number) => Some(Test::Tally { tally, op: *op, number }),
                    _ => None,
                }
            }
        }
    }

    fn comparison(&mut self, left: &syntax::Ref, op: Op, right: &Right, span: &Span) -> Option<Test> {
        let (left, ty) = self.reference(left)?;
        if op.orders() && !ty.ordered() {
            let message = format!("a {} has no order", ty.name());
            return self.wrong(Mistake::new(message, span.clone(), "compared by order").help("use ==, != or in [..]"));
        }
        let right = match right {
            Right::Literal(literal) => Operand::Value(self.value(literal, ty)?),
            Right::Ref(other) => {
                let (checked, found) = self.reference(other)?;
                if found != ty {
                    let message = format!("a {} is compared with a {}", ty.name(), found.name());
                    return self.wrong(Mistake::new(message, span.clone(), "only facts of one type compare"));
                }
                Operand::Ref(checked)
            }
        };
        Some(Test::Compare { left, op, right })
    }

    pub fn tally(&mut self, tally: &syntax::Tally) -> Option<Tally> {
        self.within(&tally.span, &tally.rows, |checker, rows| {
            let of = match &tally.of {
                Some(of) => Some(checker.reference(of)?.0),
                None => None,
            };
            Some(Tally { of, rows })
        })
    }

    pub fn value(&mut self, literal: &Literal, ty: Type) -> Option<Value> {
        match Value::parse(&literal.text, ty) {
            Ok(value) => Some(value),
            Err(message) => {
                let mistake = Mistake::new(message, literal.span.clone(), format!("expected a {}", ty.name()));
                let mistake = match ty {
                    Type::Label(words) => mistake.among(&literal.text, words.iter().map(|w| w.name)),
                    _ => mistake,
                };
                self.wrong(mistake)
            }
        }
    }
}

impl Binding {
    /// Which vantage the name stands for: a row's is the one it was seen from.
    pub fn scope(self) -> Scope {
        match self {
            Self::Site => Scope::Site,
            Self::Path => Scope::Path,
            Self::Row(table) => table.scope,
        }
    }

    /// The table whose columns `name.column` means.
    pub fn table(self) -> Option<&'static Table> {
        match self {
            Self::Site => dictionary::table("site"),
            Self::Path => dictionary::table("path"),
            Self::Row(table) => Some(table),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::judge::condition::{Condition, Each, Mistake};

    /// The mistakes of a condition over one path `e`, one site `s`: what is underlined, message and help.
    fn wrong(condition: &str) -> Vec<(String, Mistake)> {
        let each = Each::parse("e in path, s in site").unwrap();
        let mistakes = Condition::parse(condition, &each).expect_err(condition);
        assert!(!mistakes.is_empty());
        mistakes.into_iter().map(|m| (condition[m.span.clone()].to_owned(), m)).collect()
    }

    #[test]
    fn each_mistake_is_underlined_and_explained() {
        for (condition, under, message, help) in [
            ("upgarde@e.outcome == closed", "upgarde", "no table `upgarde`", "`upgrade`"),
            ("upgrade@e.outcom == closed", "outcom", "no field `outcom`", "`outcome`"),
            ("upgrade@e.outcome == close", "close", "`close` is not one of", "`closed`"),
            ("upgrade@e.outcome in [closed, refusd]", "refusd", "`refusd` is not one of", "`refused`"),
            ("upgrade@f.outcome == closed", "f", "nothing is bound to `f`", "`e`"),
            ("upgrade@e[ofer=h2].outcome == closed", "ofer", "no key column `ofer`", "`offer`"),
            ("upgrade@e[offer=h3].outcome == closed", "h3", "`h3` is not one of", "`h2`"),
            ("upgrade@e[offer=h2,offer=h2].outcome == closed", "offer", "given twice", ""),
            ("upgrade@e.after > 60", "60", "lacks its unit", ""),
            ("upgrade@e.after > 6 weeks", "6 weeks", "`weeks` is no unit", ""),
            ("upgrade@e.status == 5 s", "5 s", "not a whole number", ""),
            ("upgrade@e.server < \"b\"", "upgrade@e.server < \"b\"", "a text has no order", "=="),
            ("upgrade@e.status == upgrade@e.server", "upgrade@e.status == upgrade@e.server", "a int is compared with a text", ""),
            ("http@e.status == 200", "http@e.status", "many rows: which probe?", "probe=…"),
            ("listener@site(e)[port=1].owner == gateway", "listener@site(e)[port=1].owner", "which address?", "any"),
            ("listener@e[address=::1,port=1].owner == gateway", "e", "`listener` speaks about a site", "site(..)"),
            ("upgrade@s.outcome == closed", "s", "`upgrade` speaks about a path", ""),
            ("upgrade@direct(s).outcome == closed", "s", "`direct` is asked of a path", ""),
            ("upgrade@inner(e).outcome == closed", "inner", "no function `inner`", "direct, site, host"),
            ("upgrade.outcome == closed", "upgrade", "nothing is bound to `upgrade`", "upgrade@e"),
            ("pair(e).same-gateway == proven", "pair(e).same-gateway", "has 2 ends", ""),
            ("pair(e, s).same-gateway == proven", "s", "stands between paths", ""),
            ("pair[a=e,b=e].same-gateway == proven", "pair[a=e,b=e].same-gateway", "named by its two ends", "pair(a, b)"),
            ("upgrade(e, e).outcome == closed", "upgrade", "no table between two paths", "pair"),
            ("any e in dns@s: e.ttl > 1 s", "e", "bound already", ""),
            ("any count in dns@s: count.ttl > 1 s", "count", "word of the language", ""),
            ("any x in path@e: x.kind == edge", "e", "walked as a whole", ""),
            ("count(dns@s) > 1 s", "1 s", "not a whole number", ""),
            ("e.clas == edge", "clas", "no field `clas`", "`class`"),
            (
                "any x in dns@s: any y in dns@s: any z in dns@s: z.ttl > 1 s",
                "any z in dns@s:",
                "nest at most two",
                "derived fact",
            ),
            ("any l in listener@s: setting@l[source=file,key=l.port].value == x", "l.port", "`key` is a text", ""),
        ] {
            let found = wrong(condition);
            let (text, mistake) = &found[0];
            assert_eq!(text, under, "{condition}: {mistake:?}");
            assert!(mistake.message.contains(message), "{condition}: {mistake:?}");
            assert!(mistake.help.as_deref().unwrap_or_default().contains(help), "{condition}: {mistake:?}");
        }
    }

    #[test]
    fn grammar_is_refused_with_a_caret() {
        for (condition, under, message, help) in [
            ("", "", "the text ends", ""),
            ("upgrade@e.outcome", "outcome", "the text ends where a comparison", ""),
            ("upgrade@e.outcome = closed", "=", "`=` stands where", "`==`"),
            ("upgrade@e.outcome == closed && e.kind == edge", "&", "`&` stands where", "`and`"),
            ("upgrade@e.outcome == closed e.kind == edge", "e", "stands where the end, `and` or `or`", ""),
            ("(upgrade@e.outcome == closed", "closed", "the text ends where `)`", ""),
            ("e.host == 127.0.0.1", ".", "stands where", "double quotes"),
            ("e.host == \"127", "\"127", "closing quote", ""),
            ("closed == upgrade@e.outcome", "closed", "`closed` is no fact", ""),
            ("any x in dns@s where x.ttl > 1 s", "s", "the text ends where `:`", ""),
            ("upgrade@e[offer].outcome == closed", "]", "where `=` should stand", ""),
            ("upgrade@e[offer=].outcome == closed", "]", "lacks its value", ""),
            ("e.kind in edge", "edge", "where `[` should stand", ""),
        ] {
            let found = wrong(condition);
            let (text, mistake) = &found[0];
            assert_eq!(text, under, "{condition}: {mistake:?}");
            assert!(mistake.message.contains(message), "{condition}: {mistake:?}");
            assert!(mistake.help.as_deref().unwrap_or_default().contains(help), "{condition}: {mistake:?}");
        }
    }

    #[test]
    fn a_condition_from_anywhere_cannot_exhaust_the_stack() {
        for (open, inner, close) in [("(", "e.kind == edge", ")"), ("not ", "e.kind == edge", ""), ("any x in dns: ", "x", "")] {
            let found = wrong(&format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000)));
            assert!(found[0].1.message.contains("nested deeper than 64 levels"), "{:?}", found[0]);
        }
        let places = format!("upgrade@{}e{}.outcome == closed", "direct(".repeat(100_000), ")".repeat(100_000));
        assert!(wrong(&places)[0].1.message.contains("nested deeper"));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let found = wrong("upgarde@e.outcome == closed and (tcp@e.x == 1 or e.knd == edge)");
        let under: Vec<&str> = found.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(under, ["upgarde", "tcp@e.x", "x", "knd"]);
    }

    #[test]
    fn a_mistake_becomes_a_complaint_under_the_users_text() {
        let text = "upgrade@e.outcom == closed";
        let each = Each::parse("e in path").unwrap();
        let complaint = Condition::parse(text, &each).unwrap_err()[0].complaint("mine.md", text).to_string();
        assert!(complaint.contains("mine.md:1:11") && complaint.contains("^^^^^^"), "{complaint}");
        assert!(complaint.contains("did you mean `outcome`?"), "{complaint}");
    }

    #[test]
    fn tables_are_told_once() {
        let each = Each::parse("e in path").unwrap();
        let condition =
            "upgrade@e.status == 200 and count(x in dns@site(e) where x.ttl > 1 s) > 1 and upgrade@e.outcome == closed";
        assert_eq!(Condition::parse(condition, &each).unwrap().tables(), ["upgrade", "dns"]);
    }
}
