//! One line of a fence that states a fact or a table's state: `id = value`.

use crate::facts::{Because, Cell, Field, Key, Scope, SheetState, Table, Type, Value, dictionary};
use crate::judge::condition::Mistake;
use crate::path::Vantage;

/// A part of the fence's text and where it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub text: &'a str,
    pub start: usize,
}

/// What a line states.
pub(super) enum Stated {
    Cell { table: &'static Table, vantage: Option<Vantage>, key: Vec<(String, Value)>, field: &'static Field, cell: Cell },
    State { table: &'static Table, vantage: Option<Vantage>, state: SheetState },
}

/// What comes before the cell of a `not measured` value or state.
const DARK: &str = "not measured";

impl<'a> Part<'a> {
    pub fn trim(self) -> Self {
        let text = self.text.trim_start();
        Self { text: text.trim_end(), start: self.start + self.text.len() - text.len() }
    }

    pub fn split(self, at: usize, width: usize) -> (Self, Self) {
        let right = Self { text: &self.text[at + width..], start: self.start + at + width };
        (Self { text: &self.text[..at], ..self }, right)
    }

    fn split_once(self, mark: char) -> Option<(Self, Self)> {
        self.text.find(mark).map(|at| self.split(at, mark.len_utf8()))
    }

    pub fn wrong(self, message: impl Into<String>, label: impl Into<String>) -> Mistake {
        Mistake::new(message, self.start..self.start + self.text.len(), label)
    }

    /// Words apart by blanks.
    pub fn words(self) -> impl Iterator<Item = Part<'a>> {
        self.text.split_whitespace().map(move |word| {
            // Each word is a slice of the text, so its place is the distance between the two.
            let at = word.as_ptr() as usize - self.text.as_ptr() as usize;
            Part { text: word, start: self.start + at }
        })
    }

    pub fn vantage(self) -> Result<Vantage, Mistake> {
        self.text.parse().map_err(|message: String| self.wrong(message, "expected a vantage"))
    }

    pub fn value(self, ty: Type) -> Result<Value, Mistake> {
        let bare = self.text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(self.text);
        Value::parse(bare, ty).map_err(|message| {
            let mistake = self.wrong(message, format!("expected a {}", ty.name()));
            match ty {
                Type::Label(words) => mistake.among(bare, words.iter().map(|w| w.name)),
                _ => mistake,
            }
        })
    }
}

/// Reads `table@vantage[key=value].field = cell` or `table@vantage = state`.
pub(super) fn stated(line: Part<'_>) -> Result<Stated, Mistake> {
    let form = || line.wrong("this is no fact", "expected table@vantage.field = value");
    let (id, value) = outside(line.text, '=').map(|at| line.split(at, 1)).ok_or_else(form)?;
    let (id, value) = (id.trim(), value.trim());
    let (head, field) = match id.text.rfind(']') {
        Some(close) => {
            let (head, rest) = id.split(close + 1, 0);
            (head, rest.split_once('.').map(|(_, field)| field))
        }
        None => match id.text.rfind('.').map(|at| id.split(at, 1)) {
            Some((head, field)) if !is_state(value.text) => (head, Some(field)),
            _ => (id, None),
        },
    };
    let (place, keys) = match head.text.find('[') {
        Some(open) => {
            let (place, rest) = head.split(open, 1);
            (place, Some(Part { text: rest.text.strip_suffix(']').ok_or_else(form)?, ..rest }))
        }
        None => (head, None),
    };
    let (table, vantage) = placed(place)?;
    let Some(field) = field else {
        return state(value).map(|state| Stated::State { table, vantage, state });
    };
    let field = table.field(field.text).ok_or_else(|| {
        let mistake = field.wrong(format!("`{}` has no field `{}`", table.name, field.text), "unknown field");
        mistake.among(field.text, table.fields.iter().map(|f| f.name))
    })?;
    let key = key(table, keys, head)?;
    Ok(Stated::Cell { table, vantage, key, field, cell: cell(value, field.ty)? })
}

/// The first such mark that stands outside brackets.
fn outside(text: &str, mark: char) -> Option<usize> {
    let mut inside = false;
    text.char_indices().find_map(|(at, c)| {
        inside = (inside || c == '[') && c != ']';
        (c == mark && !inside).then_some(at)
    })
}

fn is_state(value: &str) -> bool {
    value == "complete" || value == "incomplete" || value.starts_with("incomplete:")
}

fn placed(place: Part<'_>) -> Result<(&'static Table, Option<Vantage>), Mistake> {
    let (name, vantage) = match place.split_once('@') {
        Some((name, vantage)) => (name, Some(vantage)),
        None => (place, None),
    };
    let table = dictionary::table(name.text).ok_or_else(|| {
        let mistake = name.wrong(format!("there is no table `{}`", name.text), "unknown table");
        mistake.among(name.text, dictionary::TABLES.iter().map(|t| t.name))
    })?;
    match (table.scope, vantage) {
        (Scope::Between, None) => Ok((table, None)),
        (Scope::Between, Some(vantage)) => Err(vantage.wrong(format!("`{}` has no vantage", table.name), "leave it out")),
        (_, None) => Err(name.wrong(format!("`{}` lacks its vantage", table.name), "from where?")),
        (scope, Some(part)) => {
            let vantage = part.vantage()?;
            match (scope, vantage.path.is_some()) {
                (Scope::Site, true) => Err(part.wrong(format!("`{}` speaks about a site", table.name), "this is a path")),
                (Scope::Path, false) => Err(part.wrong(format!("`{}` speaks about a path", table.name), "this is a site")),
                _ => Ok((table, Some(vantage))),
            }
        }
    }
}

fn key(table: &'static Table, given: Option<Part<'_>>, head: Part<'_>) -> Result<Vec<(String, Value)>, Mistake> {
    let mut columns: Vec<(&'static Key, Value)> = Vec::new();
    let mut rest = given.filter(|g| !g.text.trim().is_empty());
    while let Some(part) = rest {
        let (column, after) = part.split_once(',').map_or((part, None), |(column, after)| (column, Some(after)));
        let (name, value) =
            column.split_once('=').ok_or_else(|| column.wrong("a key column lacks its value", "expected name=value"))?;
        let (name, value) = (name.trim(), value.trim());
        let key = table.key(name.text).ok_or_else(|| {
            let mistake = name.wrong(format!("`{}` has no key column `{}`", table.name, name.text), "unknown key column");
            mistake.among(name.text, table.keys.iter().map(|k| k.name))
        })?;
        columns.push((key, value.value(key.ty)?));
        rest = after;
    }
    table
        .keys
        .iter()
        .map(|key| {
            let written = columns.iter().find(|(k, _)| k.name == key.name).map(|(_, value)| value.clone());
            let value = written.or_else(|| key.default.and_then(|d| Value::parse(d, key.ty).ok()));
            let lacking =
                || head.wrong(format!("`{}` has many rows: which {}?", table.name, key.name), "a key column is missing");
            value.map(|v| (key.name.to_owned(), v)).ok_or_else(lacking)
        })
        .collect()
}

fn cell(value: Part<'_>, ty: Type) -> Result<Cell, Mistake> {
    if value.text == "absent" {
        return Ok(Cell::Absent);
    }
    match value.text.strip_prefix(DARK) {
        Some(_) => because(value).map(Cell::NotMeasured),
        None => value.value(ty).map(|value| Cell::Value { value }),
    }
}

fn state(value: Part<'_>) -> Result<SheetState, Mistake> {
    match value.text {
        "complete" => Ok(SheetState::Complete),
        text if text.starts_with("incomplete") => because(value).map(SheetState::Incomplete),
        text if text.starts_with(DARK) => because(value).map(SheetState::NotMeasured),
        _ => {
            let mistake = value.wrong("this is no state of a table", "expected complete, incomplete or not measured");
            Err(mistake.help("a fact ends in a field: table@vantage.field = value"))
        }
    }
}

/// The reason and what lies behind it: `not measured: blocked tcp@here/local.connected`.
fn because(value: Part<'_>) -> Result<Because, Mistake> {
    let form = || value.wrong("a reason is missing", "expected `: reason`, such as `not measured: deadline`");
    let (_, rest) = value.split_once(':').ok_or_else(form)?;
    let rest = rest.trim();
    let word = rest.words().next().ok_or_else(form)?;
    let name = word.text.trim_end_matches(':');
    let reason = name.parse().map_err(|_| {
        let mistake = word.wrong(format!("`{name}` is no reason"), "unknown reason");
        mistake.among(name, crate::facts::Reason::ALL.iter().map(|r| r.name))
    })?;
    Ok(Because::new(reason, rest.text[word.text.len()..].trim()))
}
