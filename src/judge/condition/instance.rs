//! One binding of a row's names, and its id.

use super::env::{Env, Item, Unseen};
use super::world::World;
use crate::code::Code;
use crate::facts::{Because, Reason, Table, Value, dictionary};
use crate::path::Vantage;

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
    /// What an item of an environment is bound as.
    pub(super) fn of(item: &Item<'_>) -> Self {
        match item {
            Item::Site(vantage) => Self::Site(vantage.clone()),
            Item::Path(vantage) => Self::Path(vantage.clone()),
            Item::Row { table, vantage, row } => Self::Row { table: table.name, vantage: vantage.cloned(), key: row.key.clone() },
        }
    }

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
