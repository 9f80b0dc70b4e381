//! How a primitive declares its tables: once, as a constant, with names, types, units, sentences and privacy.

use crate::labels::Label;

/// What a table speaks about, and so which vantage its facts carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A machine: `listener@here`.
    Site,
    /// A way to the gateway: `upgrade@here/edge:corp`.
    Path,
    /// Two paths, named by the key: `pair[a=here/edge,b=here/local]`.
    Between,
}

/// The type of a key column or a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number without unit.
    Int,
    /// A length of time; stored in milliseconds, written with a unit (`60.1 s`, `4 ms`).
    Duration,
    /// A share; written `41 %`.
    Percent,
    /// One word of a closed set.
    Label(&'static [Label]),
    /// Free text; equal or not, never ordered.
    Text,
    /// An IP address, a host name or `address:port`; equal or not, never ordered.
    Address,
    /// A vantage such as `here/edge:corp`.
    Vantage,
    /// A size in bytes.
    Bytes,
}

impl Type {
    /// The name used in the dictionary.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Duration => "duration",
            Self::Percent => "percent",
            Self::Label(_) => "label",
            Self::Text => "text",
            Self::Address => "address",
            Self::Vantage => "vantage",
            Self::Bytes => "bytes",
        }
    }

    /// The unit of numbers in JSON, where there is one.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Duration => Some("ms"),
            Self::Percent => Some("%"),
            Self::Bytes => Some("bytes"),
            _ => None,
        }
    }

    /// Whether `<` and `>` make sense.
    pub const fn ordered(self) -> bool {
        matches!(self, Self::Int | Self::Duration | Self::Percent | Self::Bytes)
    }
}

/// Who may see a cell's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Everybody.
    Public,
    /// An address: hidden in a public report.
    Address,
    /// A name of a host, a user or a file, or a peer's free text: hidden in a public report.
    Name,
    /// Text from outside: of it a public report shows these words, numbers and releases, and hides the rest.
    Words(&'static [&'static str]),
    /// Never written: replaced by a keyed placeholder when the primitive hands the fact over.
    Secret,
}

/// How a fingerprint treats a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// The value itself.
    Exact,
    /// The order of magnitude.
    Bucket,
    /// Whether there is a value.
    Presence,
    /// Nothing: it differs from run to run.
    Omit,
}

/// A key column: what tells one row of a table from another.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Name as written in `[name=value]`.
    pub name: &'static str,
    /// Type of its values.
    pub ty: Type,
    /// One sentence.
    pub doc: &'static str,
    /// The value meant when a reference omits the column; a column without default may not be omitted.
    pub default: Option<&'static str>,
    /// Who may see it.
    pub privacy: Privacy,
}

/// A field: one typed cell of each row.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Name as written after the dot.
    pub name: &'static str,
    /// Type of its values.
    pub ty: Type,
    /// One sentence.
    pub doc: &'static str,
    /// Who may see it.
    pub privacy: Privacy,
    /// What a fingerprint makes of it.
    pub print: Print,
    /// Computed at judging by [`super::derived`], never read from a recording.
    pub derived: bool,
}

/// A table as a primitive declares it.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name as written before the `@`.
    pub name: &'static str,
    /// What it speaks about.
    pub scope: Scope,
    /// One sentence.
    pub doc: &'static str,
    /// Key columns in written order; none means that the table has exactly one row.
    pub keys: &'static [Key],
    /// Fields in written order.
    pub fields: &'static [Field],
}

impl Table {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The key column of a name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }

    /// Whether every field is derived, so that no primitive fills the table.
    pub fn is_derived(&self) -> bool {
        self.fields.iter().all(|f| f.derived)
    }
}

/// A table without keys and fields yet.
pub const fn table(name: &'static str, scope: Scope, doc: &'static str) -> Table {
    Table { name, scope, doc, keys: &[], fields: &[] }
}

impl Table {
    /// The same table with key columns.
    pub const fn keys(mut self, keys: &'static [Key]) -> Self {
        self.keys = keys;
        self
    }

    /// The same table with fields.
    pub const fn fields(mut self, fields: &'static [Field]) -> Self {
        self.fields = fields;
        self
    }
}

/// A public key column without default.
pub const fn key(name: &'static str, ty: Type, doc: &'static str) -> Key {
    Key { name, ty, doc, default: None, privacy: Privacy::Public }
}

impl Key {
    /// The same column, which a reference may omit to mean this value.
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// The same column, holding addresses.
    pub const fn address(mut self) -> Self {
        self.privacy = Privacy::Address;
        self
    }

    /// The same column, holding names.
    pub const fn named(mut self) -> Self {
        self.privacy = Privacy::Name;
        self
    }
}

/// A public field that a fingerprint takes exactly; durations are omitted from fingerprints unless said otherwise.
pub const fn field(name: &'static str, ty: Type, doc: &'static str) -> Field {
    let print = match ty {
        Type::Duration | Type::Bytes => Print::Omit,
        _ => Print::Exact,
    };
    Field { name, ty, doc, privacy: Privacy::Public, print, derived: false }
}

impl Field {
    /// The same field, holding addresses.
    pub const fn address(mut self) -> Self {
        self.privacy = Privacy::Address;
        self
    }

    /// The same field, holding names of hosts, users or files, or a peer's free text.
    pub const fn named(mut self) -> Self {
        self.privacy = Privacy::Name;
        self
    }

    /// The same field, of which only these words, numbers and releases are anybody's.
    pub const fn words(mut self, known: &'static [&'static str]) -> Self {
        self.privacy = Privacy::Words(known);
        self
    }

    /// The same field, holding secrets: only a keyed placeholder is ever stored.
    pub const fn secret(mut self) -> Self {
        self.privacy = Privacy::Secret;
        self
    }

    /// The same field with another fingerprint policy.
    pub const fn print(mut self, print: Print) -> Self {
        self.print = print;
        self
    }

    /// The same field, computed at judging.
    pub const fn derived(mut self) -> Self {
        self.derived = true;
        self
    }
}
