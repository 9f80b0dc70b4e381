//! Tokens to syntax, by recursive descent.

use std::ops::Range;

use super::ast::{Op, Quant};
use super::mistake::Mistake;
use super::syntax::{At, Expr, Literal, Name, Ref, Right, Rows, Span, Tally, Target, Test, What};
use super::token::{Kind, Token, tokens};

/// Words that cannot be the name of a binder.
pub(super) const KEYWORDS: [&str; 14] =
    ["and", "or", "not", "in", "any", "all", "none", "where", "for", "measured", "count", "distinct", "true", "false"];

/// How deep brackets, `not`, quantifiers and vantages may stand in each other. The parser calls itself for each level, and an
/// overlay may come from anywhere; the shelf's own conditions need four.
const DEEPEST: usize = 64;

type Parsed<T> = Result<T, Mistake>;

/// Walks over the tokens of one range of a text.
pub(super) struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// A parser for a part of a text; spans count from the start of the whole text.
    pub fn new(source: &'a str, range: Range<usize>) -> Parsed<Self> {
        Ok(Self { source, tokens: tokens(source, range)?, at: 0, depth: 0 })
    }

    /// Parses a whole text as one expression.
    pub fn whole(source: &'a str) -> Parsed<Expr> {
        let mut parser = Self::new(source, 0..source.len())?;
        let expr = parser.expr()?;
        parser.end()?;
        Ok(expr)
    }

    fn peek(&self) -> &Token {
        // The end is always the last token and is never passed.
        &self.tokens[self.at]
    }

    fn text(&self, token: &Token) -> &'a str {
        &self.source[token.span.clone()]
    }

    fn ahead(&self, by: usize) -> &'a str {
        self.tokens.get(self.at + by).map_or("", |t| self.text(t))
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token.kind != Kind::End {
            self.at += 1;
        }
        token
    }

    /// Takes a mark or keyword if it comes next. A quoted text is never one.
    pub fn take(&mut self, text: &str) -> bool {
        let is = self.ahead(0) == text && self.peek().kind != Kind::End;
        if is {
            self.at += 1;
        }
        is
    }

    fn expect(&mut self, text: &str) -> Parsed<Span> {
        let span = self.peek().span.clone();
        if self.take(text) { Ok(span) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    /// Nothing may follow.
    pub fn end(&self) -> Parsed<()> {
        if self.peek().kind == Kind::End { Ok(()) } else { Err(self.unexpected("the end, `and` or `or`")) }
    }

    /// The colon before the body of a quantifier.
    pub fn colon(&mut self) -> Parsed<Span> {
        self.expect(":")
    }

    fn unexpected(&self, wanted: &str) -> Mistake {
        let token = self.peek();
        let mistake = match token.kind {
            Kind::End => {
                // A caret under nothing shows nothing: point at the last character instead.
                let last = self.tokens.iter().rev().nth(1).map_or(token.span.clone(), |t| t.span.clone());
                Mistake::new(format!("the text ends where {wanted} should stand"), last, format!("expected {wanted} after this"))
            }
            _ => {
                let message = format!("`{}` stands where {wanted} should stand", self.text(token));
                Mistake::new(message, token.span.clone(), format!("expected {wanted}"))
            }
        };
        match self.text(token) {
            "=" => mistake.help("write `==` to compare"),
            "&&" | "&" => mistake.help("write `and`"),
            "|" => mistake.help("write `or`"),
            "!" => mistake.help("write `not`"),
            _ if token.kind == Kind::Number || self.ahead(0) == "." || self.ahead(0) == "/" => {
                mistake.help("put addresses and other texts in double quotes")
            }
            _ => mistake,
        }
    }

    fn name(&mut self, wanted: &str) -> Parsed<Name> {
        if self.peek().kind != Kind::Word {
            return Err(self.unexpected(wanted));
        }
        let token = self.next();
        Ok(Name { text: self.text(&token).to_owned(), span: token.span })
    }

    /// `a or b`.
    pub fn expr(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.conjunction()?];
        while self.take("or") {
            parts.push(self.conjunction()?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.negation()?];
        while self.take("and") {
            parts.push(self.negation()?);
        }
        Ok(one_or(parts, Expr::And))
    }

    /// Parses one level further in.
    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == DEEPEST {
            let span = self.peek().span.clone();
            return Err(Mistake::new(format!("this is nested deeper than {DEEPEST} levels"), span, "one level too many"));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn negation(&mut self) -> Parsed<Expr> {
        self.deeper(Self::one_negation)
    }

    fn one_negation(&mut self) -> Parsed<Expr> {
        if self.take("not") {
            return Ok(Expr::Not(Box::new(self.negation()?)));
        }
        if self.take("(") {
            let inner = self.expr()?;
            self.expect(")")?;
            return Ok(inner);
        }
        match self.ahead(0) {
            "any" => self.quantifier(Quant::Any),
            "all" => self.quantifier(Quant::All),
            "none" => self.quantifier(Quant::None),
            _ => self.test().map(|test| Expr::Test(Box::new(test))),
        }
    }

    fn quantifier(&mut self, quant: Quant) -> Parsed<Expr> {
        let start = self.next().span.start;
        let rows = self.rows()?;
        let end = self.colon()?.end;
        let body = Box::new(self.expr()?);
        Ok(Expr::Quant { quant, rows, body, span: start..end })
    }

    /// `x in T where f`.
    pub fn rows(&mut self) -> Parsed<Rows> {
        let binder = Some(self.name("a name for the row")?);
        self.expect("in")?;
        self.rows_of(binder)
    }

    fn rows_of(&mut self, binder: Option<Name>) -> Parsed<Rows> {
        let table = self.name("the name of a table")?;
        let at = if self.take("@") { Some(self.place()?) } else { None };
        let filter = if binder.is_some() && self.take("where") { Some(Box::new(self.expr()?)) } else { None };
        Ok(Rows { binder, table, at, filter })
    }

    /// A vantage expression.
    pub fn place(&mut self) -> Parsed<At> {
        let name = self.name("a bound name or direct(..), site(..), host(..)")?;
        if !self.take("(") {
            return Ok(At::Binder(name));
        }
        let inner = Box::new(self.deeper(Self::place)?);
        let span = name.span.start..self.expect(")")?.end;
        Ok(At::Of { function: name, inner, span })
    }

    fn test(&mut self) -> Parsed<Test> {
        let start = self.peek().span.start;
        let what = match (self.ahead(0), self.ahead(1)) {
            ("measured", "(") => self.measured()?,
            ("count" | "distinct", "(") => {
                let tally = self.tally()?;
                let op = self.op()?;
                What::Tally { tally, op, number: self.literal()? }
            }
            _ => self.comparison()?,
        };
        // What was parsed ends where the token before the next one ends.
        let end = self.tokens[self.at.saturating_sub(1)].span.end;
        Ok(Test { what, span: start..end })
    }

    fn measured(&mut self) -> Parsed<What> {
        self.next();
        self.expect("(")?;
        let what = What::Measured(self.reference()?);
        self.expect(")")?;
        Ok(what)
    }

    /// `count(..)` or `distinct(..)`.
    pub fn tally(&mut self) -> Parsed<Tally> {
        let word = self.next();
        self.expect("(")?;
        let (of, rows) = if self.text(&word) == "distinct" {
            let of = self.reference()?;
            self.expect("for")?;
            (Some(of), self.rows()?)
        } else if self.ahead(1) == "in" {
            (None, self.rows()?)
        } else {
            (None, self.rows_of(None)?)
        };
        let end = self.expect(")")?.end;
        Ok(Tally { of, rows, span: word.span.start..end })
    }

    fn op(&mut self) -> Parsed<Op> {
        let op = Op::ALL.iter().find(|(text, _)| self.ahead(0) == *text).map(|(_, op)| *op);
        let op = op.ok_or_else(|| self.unexpected("a comparison"))?;
        self.next();
        Ok(op)
    }

    fn comparison(&mut self) -> Parsed<What> {
        let left = self.reference()?;
        let not = self.ahead(0) == "not" && self.ahead(1) == "in" && self.take("not");
        if self.take("in") {
            return Ok(What::Among { left, not, words: self.list()? });
        }
        let op = self.op()?;
        let right = if self.refers() { Right::Ref(self.reference()?) } else { Right::Literal(self.literal()?) };
        Ok(What::Compare { left, op, right })
    }

    fn list(&mut self) -> Parsed<Vec<Literal>> {
        self.expect("[")?;
        let mut words = vec![self.literal()?];
        while self.take(",") {
            words.push(self.literal()?);
        }
        self.expect("]")?;
        Ok(words)
    }

    fn refers(&self) -> bool {
        self.peek().kind == Kind::Word && matches!(self.ahead(1), "@" | "." | "(" | "[")
    }

    /// `x.column`, `table@at[key=value].field` or `pair(a, b).field`.
    pub fn reference(&mut self) -> Parsed<Ref> {
        let name = self.name("a fact")?;
        let start = name.span.start;
        let target = if self.take(".") {
            Target::Bound { binder: name, column: self.name("the name of a column")? }
        } else if self.take("(") {
            let mut ends = vec![self.place()?];
            while self.take(",") {
                ends.push(self.place()?);
            }
            self.expect(")")?;
            Target::Between { table: name, ends, field: self.field()? }
        } else if self.take("@") {
            let at = Some(self.place()?);
            Target::Cell { table: name, at, key: self.key()?, field: self.field()? }
        } else if self.ahead(0) == "[" {
            Target::Cell { table: name, at: None, key: self.key()?, field: self.field()? }
        } else {
            let message = format!("`{}` is no fact", name.text);
            return Err(Mistake::new(message, name.span, "a fact is written table@vantage.field or x.field"));
        };
        Ok(Ref { target, span: start..self.tokens[self.at - 1].span.end })
    }

    fn field(&mut self) -> Parsed<Name> {
        self.expect(".")?;
        self.name("the name of a field")
    }

    fn key(&mut self) -> Parsed<Vec<(Name, Literal)>> {
        let mut columns = Vec::new();
        if !self.take("[") {
            return Ok(columns);
        }
        while !self.take("]") {
            let name = self.name("the name of a key column")?;
            self.expect("=")?;
            columns.push((name, self.key_value()?));
            if !self.take(",") && self.ahead(0) != "]" {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        Ok(columns)
    }

    /// Everything up to the next `,` or `]`, so that addresses need no quotes inside a key.
    fn key_value(&mut self) -> Parsed<Literal> {
        let first = self.next();
        if first.kind == Kind::Text {
            return Ok(self.unquoted(&first));
        }
        let mut span = first.span.clone();
        if first.kind == Kind::End || matches!(self.text(&first), "," | "]") {
            return Err(Mistake::new("a key column lacks its value", span, "expected a value before this"));
        }
        while self.peek().kind != Kind::End && !matches!(self.ahead(0), "," | "]") {
            span.end = self.next().span.end;
        }
        Ok(Literal { text: self.source[span.clone()].to_owned(), span })
    }

    fn unquoted(&self, token: &Token) -> Literal {
        let text = self.text(token);
        Literal { text: text[1..text.len() - 1].to_owned(), span: token.span.clone() }
    }

    fn literal(&mut self) -> Parsed<Literal> {
        match self.peek().kind {
            Kind::Text => {
                let token = self.next();
                Ok(self.unquoted(&token))
            }
            Kind::Word => self.name("a value").map(|n| Literal { text: n.text, span: n.span }),
            Kind::Number => {
                let mut span = self.next().span;
                let unit = self.ahead(0) == "%" || self.peek().kind == Kind::Word && !KEYWORDS.contains(&self.ahead(0));
                if unit {
                    span.end = self.next().span.end;
                }
                Ok(Literal { text: self.source[span.clone()].to_owned(), span })
            }
            _ => Err(self.unexpected("a value")),
        }
    }
}

fn one_or(mut parts: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}
