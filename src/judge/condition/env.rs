//! What names stand for while a condition is evaluated, and how a cell is found.

use super::ast::{At, KeyValue, Ref, Source};
use super::world::World;
use crate::facts::{Because, Cell, FactId, Key, Reason, Row, Table, Value};
use crate::path::Vantage;

/// What a name is bound to.
#[derive(Debug, Clone)]
pub(super) enum Item<'w> {
    Site(Vantage),
    Path(Vantage),
    Row { table: &'static Table, vantage: Option<&'w Vantage>, row: &'w Row },
}

impl Item<'_> {
    fn vantage(&self) -> Option<Vantage> {
        match self {
            Self::Site(vantage) | Self::Path(vantage) => Some(vantage.clone()),
            Self::Row { vantage, .. } => vantage.cloned(),
        }
    }
}

/// A cell that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub id: Id,
    pub cell: Cell,
}

/// What was looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Id {
    Fact(FactId),
    /// A key column: it names a row, so it is no evidence of its own.
    Key,
    /// A fact whose vantage or key leads nowhere, as far as it could be resolved.
    Nowhere(String),
}

/// A table whose rows are not all known.
#[derive(Debug, Clone)]
pub(super) struct Unseen {
    pub table: &'static Table,
    pub vantage: Option<Vantage>,
    /// `table@vantage`.
    pub name: String,
    pub because: Because,
}

/// The rows of a source: those seen, what may be missing, and how many there are by table.
#[derive(Default)]
pub(super) struct Found<'w> {
    pub items: Vec<Item<'w>>,
    pub unseen: Vec<Unseen>,
    pub sizes: Vec<Seen>,
}

/// The world and the names bound so far.
#[derive(Debug, Clone)]
pub(super) struct Env<'w> {
    pub world: World<'w>,
    pub items: Vec<(&'w str, Item<'w>)>,
}

/// A vantage that could not be resolved: what was asked for, and why there is none.
struct Nowhere {
    name: String,
    because: Because,
}

impl<'w> Env<'w> {
    /// An environment without names.
    pub fn new(world: World<'w>) -> Self {
        Self { world, items: Vec::new() }
    }

    fn item(&self, binder: &str) -> Option<&Item<'w>> {
        self.items.iter().rev().find(|(name, _)| *name == binder).map(|(_, item)| item)
    }

    fn place(&self, at: &At) -> Result<Vantage, Nowhere> {
        let lost = |because: &str, name: String| Nowhere { name, because: Because::new(Reason::NotPlanned, because) };
        match at {
            At::Binder(name) => {
                self.item(name).and_then(Item::vantage).ok_or_else(|| lost("the name is not bound to a vantage", name.clone()))
            }
            At::Site(inner) => self.place(inner).map(|v| v.at_site()),
            At::Direct(inner) => {
                let of = self.place(inner)?;
                let direct = self.world.topology.direct(&of, |a, b| self.world.apart(a, b)).map(|p| p.vantage.clone());
                direct.ok_or_else(|| lost("no direct path to the same gateway is planned", format!("direct({of})")))
            }
            At::Host(inner) => {
                let of = self.place(inner)?;
                let host = self.world.topology.host(&of).map(|s| Vantage::site(s.name.clone()));
                host.ok_or_else(|| lost("no site is known to be the gateway's host", format!("host({of})")))
            }
        }
    }

    /// The name of a vantage as sentences print it: a path's name, or a site's.
    pub fn name(&self, at: &At) -> Option<String> {
        self.place(at).ok().map(|v| v.path.unwrap_or(v.site))
    }

    /// The key of a bound row, its values joined by a blank.
    pub fn row_name(&self, binder: &str) -> Option<String> {
        match self.item(binder)? {
            Item::Row { row, .. } if !row.key.is_empty() => {
                Some(row.key.iter().map(|(_, v)| v.to_string()).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        }
    }

    /// Finds the cell of a reference.
    pub fn look(&self, reference: &Ref) -> Seen {
        match reference {
            Ref::Key { binder, key } => match self.item(binder) {
                Some(Item::Row { row, .. }) => {
                    let value = row.key(key.name).cloned();
                    Seen { id: Id::Key, cell: value.map_or(Cell::Absent, |value| Cell::Value { value }) }
                }
                _ => unbound(binder, key.name),
            },
            Ref::Field { binder, table, field } => match self.item(binder) {
                Some(Item::Row { vantage, row, .. }) => {
                    let id = FactId {
                        table: table.name.to_owned(),
                        vantage: vantage.cloned(),
                        key: row.key.clone(),
                        field: field.name.to_owned(),
                    };
                    let cell = row.cell(field.name).cloned();
                    let cell = cell.unwrap_or_else(|| self.world.cell(&id));
                    Seen { id: Id::Fact(id), cell }
                }
                Some(Item::Site(vantage) | Item::Path(vantage)) => {
                    self.fact(table, Some(vantage.clone()), Vec::new(), field.name)
                }
                None => unbound(binder, field.name),
            },
            Ref::Cell { table, at, key, field } => self.elsewhere(table, at.as_ref(), key, field.name),
        }
    }

    fn fact(&self, table: &Table, vantage: Option<Vantage>, key: Vec<(String, Value)>, field: &str) -> Seen {
        let id = FactId { table: table.name.to_owned(), vantage, key, field: field.to_owned() };
        Seen { cell: self.world.cell(&id), id: Id::Fact(id) }
    }

    fn elsewhere(&self, table: &'static Table, at: Option<&At>, key: &[(&'static Key, KeyValue)], field: &str) -> Seen {
        let nowhere = |name: String, cell: Cell| Seen { id: Id::Nowhere(name), cell };
        let vantage = match at.map(|at| self.place(at)).transpose() {
            Ok(vantage) => vantage,
            Err(lost) => {
                return nowhere(format!("{}@{}.{field}", table.name, lost.name), Cell::NotMeasured(lost.because));
            }
        };
        let mut columns = Vec::with_capacity(key.len());
        for (column, value) in key {
            let value = match value {
                KeyValue::Value(value) => value.clone(),
                KeyValue::At(at) => match self.place(at) {
                    Ok(vantage) => Value::Text(vantage.to_string()),
                    Err(lost) => {
                        let name = format!("{}[{}={}].{field}", table.name, column.name, lost.name);
                        return nowhere(name, Cell::NotMeasured(lost.because));
                    }
                },
                KeyValue::Ref(reference) => match self.look(reference) {
                    Seen { cell: Cell::Value { value }, .. } => value,
                    // No row has a key that is not there; a key that nobody measured tells nothing.
                    other => return other,
                },
            };
            columns.push((column.name.to_owned(), value));
        }
        self.fact(table, vantage, columns, field)
    }

    /// The rows of a source.
    pub fn rows(&self, source: &Source) -> Found<'w> {
        let topology = self.world.topology;
        match source {
            Source::Paths => {
                Found { items: topology.paths.iter().map(|p| Item::Path(p.vantage.clone())).collect(), ..Found::default() }
            }
            Source::Sites => Found {
                items: topology.sites.iter().map(|s| Item::Site(Vantage::site(s.name.clone()))).collect(),
                ..Found::default()
            },
            Source::Table { table, at: Some(at) } => {
                let mut found = Found::default();
                match self.place(at) {
                    Ok(vantage) => self.world.sheet(table, Some(&vantage), &mut found),
                    Err(lost) => found.unseen.push(Unseen {
                        table,
                        vantage: None,
                        name: format!("{}@{}", table.name, lost.name),
                        because: lost.because,
                    }),
                }
                found
            }
            Source::Table { table, at: None } => self.world.everywhere(table),
        }
    }
}

fn unbound(binder: &str, column: &str) -> Seen {
    let because = Because::new(Reason::NotPlanned, "the name is not bound");
    Seen { id: Id::Nowhere(format!("{binder}.{column}")), cell: Cell::NotMeasured(because) }
}
