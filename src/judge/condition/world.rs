//! Facts and topology as conditions look at them.

use super::env::{Found, Id, Item, Seen, Unseen};
use crate::facts::derived::pair;
use crate::facts::{Because, Cell, FactId, Facts, Reason, Scope, SheetState, Table};
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

impl<'w> World<'w> {
    /// Whether two paths are known to lead to different gateways.
    pub(super) fn apart(self, a: &Vantage, b: &Vantage) -> bool {
        pair::apart(self.facts, a, b)
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

    pub(super) fn sheet(self, table: &'static Table, vantage: Option<&Vantage>, found: &mut Found<'w>) {
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
    pub(super) fn everywhere(self, table: &'static Table) -> Found<'w> {
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
