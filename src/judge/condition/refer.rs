//! References: tables, vantages, keys and fields, resolved against the dictionary and the bound names.

use super::ast::{At, KeyValue, Ref};
use super::check::{Binding, Checker};
use super::mistake::Mistake;
use super::syntax::{self, Literal, Name, Span, Target};
use crate::facts::{Field, Key, Scope, Table, Type, dictionary};

type Columns = Vec<(&'static Key, KeyValue)>;

impl Checker {
    /// Resolves a reference and tells its type.
    pub fn reference(&mut self, reference: &syntax::Ref) -> Option<(Ref, Type)> {
        match &reference.target {
            Target::Bound { binder, column } => self.column(binder, column),
            Target::Cell { table, at, key, field } => {
                let table = self.table(table)?;
                let at = self.vantage(table, at.as_ref(), &reference.span)?;
                let key = self.key(table, key, &reference.span);
                let field = self.field(table, field);
                let (key, field) = (key?, field?);
                Some((Ref::Cell { table, at, key, field }, field.ty))
            }
            Target::Between { table, ends, field } => self.between(table, ends, field, &reference.span),
        }
    }

    fn binding(&mut self, name: &Name) -> Option<Binding> {
        if let Some((_, binding)) = self.names.iter().find(|(known, _)| *known == name.text) {
            return Some(*binding);
        }
        let mistake = Mistake::new(format!("nothing is bound to `{}`", name.text), name.span.clone(), "unknown name");
        let mistake = match dictionary::table(&name.text) {
            Some(_) => mistake.help(format!("a table is asked at a vantage: {}@{}", name.text, self.example())),
            None => mistake.among(&name.text, self.names.iter().map(|(known, _)| known.as_str())),
        };
        self.wrong(mistake)
    }

    fn example(&self) -> &str {
        self.names.first().map_or("e", |(name, _)| name)
    }

    fn column(&mut self, binder: &Name, column: &Name) -> Option<(Ref, Type)> {
        let table = self.binding(binder)?.table()?;
        if let Some(key) = table.key(&column.text) {
            return Some((Ref::Key { binder: binder.text.clone(), key }, key.ty));
        }
        let known = table.keys.iter().map(|k| k.name).chain(table.fields.iter().map(|f| f.name));
        match table.field(&column.text) {
            Some(field) => Some((Ref::Field { binder: binder.text.clone(), table, field }, field.ty)),
            None => self.wrong(no_column(table, column).among(&column.text, known)),
        }
    }

    fn field(&mut self, table: &'static Table, name: &Name) -> Option<&'static Field> {
        let found = table.field(&name.text);
        found.or_else(|| self.wrong(no_column(table, name).among(&name.text, table.fields.iter().map(|f| f.name))))
    }

    fn vantage(&mut self, table: &'static Table, at: Option<&syntax::At>, span: &Span) -> Option<Option<At>> {
        match at {
            Some(at) => self.place_for(table, at).map(Some),
            None if table.scope == Scope::Between => {
                let mistake =
                    Mistake::new(format!("`{}` is named by its two ends", table.name), span.clone(), "keys written out");
                self.wrong(mistake.help(format!("write {}(a, b), as in {}(e, direct(e))", table.name, table.name)))
            }
            None => {
                let mistake = Mistake::new(format!("`{}` lacks its vantage", table.name), span.clone(), "from where?");
                let help = format!("write {}@{}", table.name, self.example());
                self.wrong(mistake.help(help))
            }
        }
    }

    /// Resolves a vantage expression that must suit the table.
    pub fn place_for(&mut self, table: &'static Table, at: &syntax::At) -> Option<At> {
        let (checked, scope) = self.place(at)?;
        if scope == table.scope {
            return Some(checked);
        }
        let mistake = Mistake::new(
            format!("`{}` speaks about {}", table.name, speaks(table.scope)),
            at.span(),
            format!("this is {}", speaks(scope)),
        );
        self.wrong(match (table.scope, scope) {
            (Scope::Site, Scope::Path) => mistake.help("write site(..) for the path's near end, host(..) for the gateway's end"),
            _ => mistake,
        })
    }

    /// Resolves a vantage expression and tells whether it is a site or a path.
    pub fn place(&mut self, at: &syntax::At) -> Option<(At, Scope)> {
        let (function, inner) = match at {
            syntax::At::Binder(name) => {
                let scope = self.binding(name)?.scope();
                if scope == Scope::Between {
                    let message = format!("`{}` is a row between two paths, not a vantage", name.text);
                    return self.wrong(Mistake::new(message, name.span.clone(), "neither site nor path"));
                }
                return Some((At::Binder(name.text.clone()), scope));
            }
            syntax::At::Of { function, inner, .. } => (function, inner),
        };
        let (checked, scope) = self.place(inner)?;
        let checked = Box::new(checked);
        match function.text.as_str() {
            "site" => Some((At::Site(checked), Scope::Site)),
            "direct" | "host" if scope != Scope::Path => {
                let message = format!("`{}` is asked of a path", function.text);
                self.wrong(Mistake::new(message, inner.span(), "this is a site"))
            }
            "direct" => Some((At::Direct(checked), Scope::Path)),
            "host" => Some((At::Host(checked), Scope::Site)),
            other => {
                let mistake = Mistake::new(format!("there is no function `{other}`"), function.span.clone(), "unknown function");
                self.wrong(mistake.among(other, ["direct", "site", "host"]))
            }
        }
    }

    fn between(&mut self, name: &Name, ends: &[syntax::At], field: &Name, span: &Span) -> Option<(Ref, Type)> {
        if dictionary::table(&name.text).is_none_or(|t| t.scope != Scope::Between) {
            let message = format!("`{}` is no table between two paths", name.text);
            let known = dictionary::TABLES.iter().filter(|t| t.scope == Scope::Between).map(|t| t.name);
            return self.wrong(Mistake::new(message, name.span.clone(), "two ends given").among(&name.text, known));
        }
        let table = self.table(name)?;
        if ends.len() != table.keys.len() {
            let message = format!("`{}` has {} ends", table.name, table.keys.len());
            return self.wrong(Mistake::new(message, span.clone(), format!("{} given", ends.len())));
        }
        let mut key = Vec::new();
        for (column, end) in table.keys.iter().zip(ends) {
            match self.place(end)? {
                (at, Scope::Path) => key.push((column, KeyValue::At(at))),
                _ => {
                    let message = format!("`{}` stands between paths", table.name);
                    return self.wrong(Mistake::new(message, end.span(), "this is a site"));
                }
            }
        }
        let field = self.field(table, field)?;
        Some((Ref::Cell { table, at: None, key, field }, field.ty))
    }

    fn key(&mut self, table: &'static Table, given: &[(Name, Literal)], span: &Span) -> Option<Columns> {
        let before = self.mistakes.len();
        for (at, (name, _)) in given.iter().enumerate() {
            if table.key(&name.text).is_none() {
                let message = format!("`{}` has no key column `{}`", table.name, name.text);
                let mistake = Mistake::new(message, name.span.clone(), "unknown key column");
                self.mistakes.push(mistake.among(&name.text, table.keys.iter().map(|k| k.name)));
            } else if given[..at].iter().any(|(earlier, _)| earlier.text == name.text) {
                self.mistakes.push(Mistake::new(format!("`{}` is given twice", name.text), name.span.clone(), "again"));
            }
        }
        let mut columns = Columns::new();
        let mut lacking = Vec::new();
        for key in table.keys {
            let value = match given.iter().find(|(name, _)| name.text == key.name) {
                Some((_, literal)) => self.key_value(key, literal),
                None => key.default.and_then(|d| crate::facts::Value::parse(d, key.ty).ok()).map(KeyValue::Value).or_else(|| {
                    lacking.push(key.name);
                    None
                }),
            };
            columns.extend(value.map(|v| (key, v)));
        }
        if !lacking.is_empty() {
            let message = format!("`{}` has many rows: which {}?", table.name, lacking.join(", "));
            let form: Vec<String> = lacking.iter().map(|k| format!("{k}=…")).collect();
            let mistake = Mistake::new(message, span.clone(), "key columns are missing");
            let help = format!("write {}@…[{}], or walk the rows with any, all, none or count", table.name, form.join(","));
            self.mistakes.push(mistake.help(help));
        }
        (self.mistakes.len() == before).then_some(columns)
    }

    fn key_value(&mut self, key: &'static Key, literal: &Literal) -> Option<KeyValue> {
        let bound = literal.text.split_once('.').filter(|(name, _)| self.names.iter().any(|(known, _)| known == name));
        let Some((binder, column)) = bound else {
            return self.value(literal, key.ty).map(KeyValue::Value);
        };
        let start = literal.span.start;
        let binder = Name { text: binder.to_owned(), span: start..start + binder.len() };
        let column = Name { text: column.to_owned(), span: binder.span.end + 1..literal.span.end };
        let (reference, ty) = self.column(&binder, &column)?;
        if ty == key.ty {
            return Some(KeyValue::Ref(Box::new(reference)));
        }
        let message = format!("key column `{}` is a {}", key.name, key.ty.name());
        self.wrong(Mistake::new(message, literal.span.clone(), format!("this is a {}", ty.name())))
    }
}

fn no_column(table: &Table, name: &Name) -> Mistake {
    Mistake::new(format!("`{}` has no field `{}`", table.name, name.text), name.span.clone(), "unknown field")
}

fn speaks(scope: Scope) -> &'static str {
    match scope {
        Scope::Site => "a site",
        Scope::Path => "a path",
        Scope::Between => "two paths",
    }
}
