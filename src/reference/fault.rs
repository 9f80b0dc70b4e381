//! Named changes of the built-in world: `matrices/faults/PLACE/NAME.toml`. The world they change is `matrices/faults/world.toml`.
//!
//! What a fault makes clawprobe say stands in its own file, and self-test holds it to the letter. A file under `healthy/` is a
//! right world that no row may fire in; one under `hostile/` sets a peer that means harm.

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use toml::Table;

use super::world::{World, merge};
use crate::complaint::{Complaint, did_you_mean};
use crate::labels;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/matrices/faults");

/// A named change of the world.
#[derive(Debug, Clone)]
pub struct Fault {
    /// `edge/upgrade-dropped`; for a file of the user's own its path.
    pub name: String,
    /// A sentence.
    pub summary: String,
    /// The matrix that is run in the changed world, if not the one that requires the fault's row.
    pub matrix: Option<String>,
    /// What must come out.
    pub expect: Expect,
    /// The change.
    pub change: Table,
}

/// What a run in the changed world must come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// The exit code.
    pub exit: u8,
    /// Ids of the findings that nothing explains, as in `WS-01@here/edge`.
    pub roots: Vec<String>,
    /// Ids of the findings that others explain.
    pub folded: Vec<String>,
    /// Ids of what is required and stays undecided, and folds beneath no finding.
    pub undecided: Vec<String>,
    /// What the machine must have, or the fault cannot be made.
    pub needs: Vec<Need>,
}

labels! {
    /// What a fault asks of the machine it is made on.
    pub enum Need {
        Ipv6 = "ipv6": "The IPv6 loopback address.",
        Address = "address": "An address of its own beside loopback; the hole `{address}`.",
        NoContainer = "no-container": "No container around it: a gateway in one listens on every address unless told otherwise.",
    }
}

#[derive(Deserialize)]
struct File {
    summary: String,
    matrix: Option<String>,
    #[serde(default)]
    expect: Expect,
    #[serde(flatten)]
    change: Table,
}

impl Fault {
    /// Where the fault lies: the part of the name before the slash.
    pub fn place(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The built-in world with this change made.
    ///
    /// # Errors
    /// A complaint about a change that makes no world.
    pub fn world(&self) -> Result<Table, Complaint> {
        let mut world = world()?;
        merge(&mut world, &self.change);
        check(&world, &self.name)?;
        Ok(world)
    }
}

/// The built-in world, which is healthy.
///
/// # Errors
/// A complaint about the built-in file, which a test holds right.
pub fn world() -> Result<Table, Complaint> {
    let text = FILES.get_file("world.toml").and_then(|f| f.contents_utf8()).unwrap_or_default();
    text.parse::<Table>().map_err(|why| wrong("matrices/faults/world.toml", text, &why))
}

/// Every built-in fault, by name.
///
/// # Errors
/// A complaint about the first file that does not load.
pub fn all() -> Result<Vec<Fault>, Complaint> {
    let files = FILES.dirs().flat_map(Dir::files);
    let mut faults = files
        .map(|file| {
            let name = file.path().with_extension("").to_string_lossy().replace('\\', "/");
            read(&name, file.contents_utf8().unwrap_or_default())
        })
        .collect::<Result<Vec<_>, _>>()?;
    faults.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(faults)
}

/// The built-in fault of a name.
///
/// # Errors
/// A complaint that suggests a name.
pub fn named(name: &str) -> Result<Fault, Complaint> {
    let all = all()?;
    let meant = did_you_mean(name, all.iter().map(|f| f.name.as_str())).map(str::to_owned);
    all.into_iter().find(|f| f.name == name).ok_or_else(|| {
        let label = meant.map_or_else(|| "no such fault".to_owned(), |m| format!("did you mean {m}?"));
        Complaint::new(format!("there is no fault `{name}`")).flag("--fault", name, label)
    })
}

/// Reads a fault file.
///
/// # Errors
/// A complaint that points at the place.
pub fn read(name: &str, text: &str) -> Result<Fault, Complaint> {
    let file: File = toml::from_str(text).map_err(|why| wrong(name, text, &why))?;
    Ok(Fault { name: name.to_owned(), summary: file.summary, matrix: file.matrix, expect: file.expect, change: file.change })
}

fn check(world: &Table, name: &str) -> Result<(), Complaint> {
    let text = toml::to_string(world).unwrap_or_default();
    toml::from_str::<World>(&text).map(drop).map_err(|why| wrong(name, &text, &why))
}

fn wrong(name: &str, text: &str, why: &toml::de::Error) -> Complaint {
    let span = why.span().unwrap_or(0..text.len().min(1));
    Complaint::new(format!("{name} is no fault file")).at(name, text, span, why.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_fault_makes_a_world() {
        for fault in all().unwrap_or_else(|c| panic!("{c}")) {
            fault.world().unwrap_or_else(|c| panic!("{c}"));
        }
    }

    #[test]
    fn a_misspelt_name_is_corrected() {
        let complaint = named("edge/upgrade-droped").unwrap_err().to_string();
        assert!(complaint.contains("did you mean edge/upgrade-dropped?"), "{complaint}");
    }

    #[test]
    fn a_misspelt_switch_is_pointed_at() {
        let fault = read("mine", "summary = 'x'\n[edge]\nupgarde = 'held'").unwrap();
        assert!(fault.world().unwrap_err().to_string().contains("upgarde"));
    }
}
