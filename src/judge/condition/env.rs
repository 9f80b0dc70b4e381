//! What names stand for while a condition is evaluated, and how a cell is found.

use super::ast::{At, KeyValue, Ref, Source};
use crate::facts::{Because, Cell, FactId, Facts, Reason, Row, Scope, SheetState, Table, Value};
use crate::path::{Topology, Vantage};

/// All that a condition may look at.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// What was seen, derived facts included.
    pub facts: &'a Facts,
    /// Sites and paths, with roles and classes settled.
    pub topology: &'a Topology,
}

/// The field that stands for the number of rows of a table in evidence: `listener@here.rows = 0`. No table declares it.
const ROWS: &str = "rows";

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

    fn elsewhere(
        &self,
        table: &'static Table,
        at: Option<&At>,
        key: &[(&'static crate::facts::Key, KeyValue)],
        field: &str,
    ) -> Seen {
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

impl<'w> World<'w> {
    /// Whether two paths are known to lead to different gateways.
    fn apart(self, a: &Vantage, b: &Vantage) -> bool {
        let end = |name: &str, v: &Vantage| (name.to_owned(), Value::Text(v.to_string()));
        let id = FactId {
            table: "pair".to_owned(),
            vantage: None,
            key: vec![end("a", a), end("b", b)],
            field: "same-gateway".to_owned(),
        };
        self.facts.cell(&id).is("refuted")
    }

    /// The cell of an id. Kind, class and name of a path and the role of a site come from the topology: they are never unmeasured.
    pub(super) fn cell(self, id: &FactId) -> Cell {
        let path = || self.topology.path(id.vantage.as_ref()?);
        let known = match (id.table.as_str(), id.field.as_str()) {
            ("path", "kind") => path().map(|p| Cell::value(p.kind.as_str())),
            ("path", "class") => path().map(|p| Cell::value(p.class.as_str())),
            ("path", "name") => path().and_then(|p| p.vantage.path.as_deref()).map(Cell::value),
            ("site", "role") => {
                id.vantage.as_ref().and_then(|v| self.topology.site(&v.site)).map(|s| Cell::value(s.role.as_str()))
            }
            _ => None,
        };
        known.unwrap_or_else(|| self.facts.cell(id))
    }

    fn sheet(self, table: &'static Table, vantage: Option<&Vantage>, found: &mut Found<'w>) {
        let name = vantage.map_or_else(|| table.name.to_owned(), |v| format!("{}@{v}", table.name));
        let unseen = |because: Because| Unseen { table, vantage: vantage.cloned(), name, because };
        let Some(sheet) = self.facts.sheet(table.name, vantage) else {
            found.unseen.push(unseen(Reason::NotPlanned.into()));
            return;
        };
        let own = sheet.vantage.as_ref();
        found.items.extend(sheet.rows.iter().map(|row| Item::Row { table, vantage: own, row }));
        match &sheet.state {
            SheetState::Complete => found.sizes.push(size(table, vantage, sheet.rows.len())),
            SheetState::Incomplete(because) | SheetState::NotMeasured(because) => found.unseen.push(unseen(because.clone())),
        }
    }

    /// The rows of a table over all vantages. A vantage without a sheet was not asked and takes no part, unless none was asked.
    fn everywhere(self, table: &'static Table) -> Found<'w> {
        let mut found = Found::default();
        let asked = self.facts.sheets().filter(|s| s.table == table.name).map(|s| s.vantage.as_ref());
        let mut asked: Vec<Option<Vantage>> = asked.map(|v| v.cloned()).collect();
        if asked.is_empty() {
            asked = match table.scope {
                Scope::Site => self.topology.sites.iter().map(|s| Some(Vantage::site(s.name.clone()))).collect(),
                Scope::Path => self.topology.paths.iter().map(|p| Some(p.vantage.clone())).collect(),
                Scope::Between => vec![None],
            };
        }
        asked.iter().for_each(|vantage| self.sheet(table, vantage.as_ref(), &mut found));
        found
    }
}

fn size(table: &Table, vantage: Option<&Vantage>, rows: usize) -> Seen {
    let id = FactId { table: table.name.to_owned(), vantage: vantage.cloned(), key: Vec::new(), field: ROWS.to_owned() };
    Seen { id: Id::Fact(id), cell: Cell::value(rows as i64) }
}
