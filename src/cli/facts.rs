//! `facts`: the dictionary, as the primitives declare it.

use std::fmt::Write as _;

use super::listing::{GAP, line, listing};
use crate::complaint::{Complaint, meant};
use crate::facts::dictionary::{PRIMITIVES, TABLES};
use crate::facts::schema::{Privacy, Scope, Table as Declared, Type};

/// All tables, or one with its columns, fields and words.
///
/// # Errors
/// A complaint about a table that nobody declared.
pub fn text(table: Option<&str>, width: u16) -> Result<String, Complaint> {
    let Some(name) = table else { return Ok(all(width)) };
    match TABLES.iter().find(|t| t.name == name) {
        Some(table) => Ok(one(table, width)),
        None => {
            let known = TABLES.iter().map(|t| t.name);
            let complaint = Complaint::new(format!("there is no table `{name}`")).flag("facts", name, "unknown table");
            Err(complaint.help(meant(name, known, "`clawprobe facts` lists every table")))
        }
    }
}

fn all(width: u16) -> String {
    let rows = TABLES.iter().map(|t| line(&[&shape(t), &filled_by(t), t.doc]));
    let hint = "\n`clawprobe facts TABLE` shows columns, fields and their words.\n";
    listing(&["table", "filled by", "what it holds"], rows).wrapped(width, GAP) + hint
}

/// How a fact of the table is written, as in `tcp@PATH[address,port]`.
pub fn shape(table: &Declared) -> String {
    let place = match table.scope {
        Scope::Site => "@SITE",
        Scope::Path => "@PATH",
        Scope::Between => "",
    };
    let keys: Vec<&str> = table.keys.iter().map(|k| k.name).collect();
    let keys = if keys.is_empty() { String::new() } else { format!("[{}]", keys.join(",")) };
    format!("{}{place}{keys}", table.name)
}

fn filled_by(table: &Declared) -> String {
    let names: Vec<&str> = PRIMITIVES.iter().filter(|p| p.tables.iter().any(|t| t.name == table.name)).map(|p| p.name).collect();
    match names.as_slice() {
        [] if table.is_derived() => "derived".to_owned(),
        [] => "plan".to_owned(),
        names => names.join(", "),
    }
}

fn one(table: &Declared, width: u16) -> String {
    let mut out = format!("{}\n{}\n\n", shape(table), table.doc);
    let keys = table.keys.iter().map(|k| {
        let default = k.default.map(|d| format!(" Meant when omitted: {d}.")).unwrap_or_default();
        line(&[&format!("[{}]", k.name), k.ty.name(), &format!("{}{default}{}", k.doc, hidden(k.privacy))])
    });
    let fields = table.fields.iter().map(|f| {
        let derived = if f.derived { " Derived." } else { "" };
        line(&[&format!(".{}", f.name), f.ty.name(), &format!("{}{derived}{}", f.doc, hidden(f.privacy))])
    });
    out += &listing(&[], keys.chain(fields)).wrapped(width, GAP);
    let columns = table.keys.iter().map(|k| (k.name, k.ty)).chain(table.fields.iter().map(|f| (f.name, f.ty)));
    for (name, ty) in columns {
        if let Type::Label(words) = ty {
            let rows = words.iter().map(|w| line(&[&format!("  {}", w.name), w.doc]));
            let _ = write!(out, "\n{name}\n{}", listing(&[], rows).wrapped(width, GAP));
        }
    }
    out
}

/// Who does not see it.
fn hidden(privacy: Privacy) -> &'static str {
    match privacy {
        Privacy::Public => "",
        Privacy::Address | Privacy::Name => " Hidden in a public report.",
        Privacy::Words(_) => " Words that are not well known are hidden in a public report.",
        Privacy::Secret => " Never stored, only a keyed placeholder.",
    }
}
