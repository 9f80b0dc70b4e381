//! Named changes of the built-in world: `matrices/faults/PLACE/NAME.toml`. The world they change is `matrices/faults/world.toml`.
//!
//! What a fault makes clawprobe say stands in its own file, and self-test holds it to the letter. A file under `healthy/` is a
//! right world that no row may fire in; one under `hostile/` sets a peer that means harm.

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use toml::Table;

use super::document::Document;
use super::world::World;
use super::written::{Part, Written};
use crate::complaint::{Complaint, meant};
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
    /// The file.
    pub written: Written,
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

/// What a file says beside the change.
#[derive(Deserialize)]
struct Head {
    summary: String,
    matrix: Option<String>,
    #[serde(default)]
    expect: Expect,
}

/// The keys of [`Head`].
const HEAD: &[&str] = &["summary", "matrix", "expect"];
/// The file of the world that faults change.
const WORLD: &str = "matrices/faults/world.toml";

impl Fault {
    /// Where the fault lies: the part of the name before the slash.
    pub fn place(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The built-in world with this change made.
    ///
    /// # Errors
    /// A complaint about a change that makes no world.
    pub fn world(&self) -> Result<Document, Complaint> {
        let mut document = Document::default();
        document.lay(&world()?, Written::new(WORLD, built_in()));
        document.lay(&self.change, self.written.clone());
        // Each part was read by itself; what is wrong with them together stands in neither.
        let whole = document.table.clone().try_into::<World>();
        whole.map_err(|why| Complaint::new(format!("{} makes no world: {}", self.name, why.message())))?;
        Ok(document)
    }
}

/// The built-in world, which is healthy.
///
/// # Errors
/// A complaint about the built-in file, which a test holds right.
pub fn world() -> Result<Table, Complaint> {
    Ok(read_parts(&Written::new(WORLD, built_in()))?.1)
}

fn built_in() -> &'static str {
    FILES.get_file("world.toml").and_then(|file| file.contents_utf8()).unwrap_or_default()
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
    let label = meant(name, all.iter().map(|f| f.name.as_str()), "no such fault");
    all.into_iter()
        .find(|f| f.name == name)
        .ok_or_else(|| Complaint::new(format!("there is no fault `{name}`")).flag("--fault", name, label))
}

/// Reads a fault file.
///
/// # Errors
/// A complaint that points at the place.
pub fn read(name: &str, text: &str) -> Result<Fault, Complaint> {
    let written = Written::new(name, text);
    let (head, change) = read_parts(&written)?;
    let Head { summary, matrix, expect } = head.read()?;
    Ok(Fault { name: name.to_owned(), summary, matrix, expect, change, written })
}

/// What a file says beside the change, unread, and the change, whose every key and value is one of a world.
fn read_parts(written: &Written) -> Result<(Part<'_>, Table), Complaint> {
    let [head, world] = written.parts(HEAD)?;
    let world: World = world.read()?;
    sockets(&world, written)?;
    let mut change = written.text.parse::<Table>().unwrap_or_default();
    HEAD.iter().for_each(|key| drop(change.remove(*key)));
    Ok((head, change))
}

/// A socket is a file: one in the world's own folder goes with it, and is in nobody's way.
fn sockets(world: &World, written: &Written) -> Result<(), Complaint> {
    let lists = [
        ("gateway", world.gateway.as_ref().map(|g| &g.listen)),
        ("other", world.other.as_ref().map(|g| &g.listen)),
        ("edge", world.edge.as_ref().map(|e| &e.listen)),
        ("edge-2", world.edge_2.as_ref().map(|e| &e.listen)),
        ("peer", world.peer.as_ref().map(|p| &p.listen)),
        ("resolver", world.resolver.as_ref().map(|r| &r.listen)),
    ];
    for (stand, places) in lists.into_iter().filter_map(|(stand, places)| Some((stand, places?))) {
        for (number, place) in places.iter().enumerate() {
            let inside = place.strip_prefix("unix:").is_none_or(|file| file.strip_prefix("{dir}/").is_some_and(is_plain));
            if !inside {
                let path = [stand, "listen", &number.to_string()];
                let title = format!("{place} is not in this world's folder");
                return Err(written.wrong(&path, None, title, "as in unix:{dir}/gateway.sock"));
            }
        }
    }
    Ok(())
}

/// Whether a name leads to a place below the folder it is looked up in, on every system.
pub fn is_plain(name: &str) -> bool {
    let normal = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', ':', '\0']);
    name.split('/').all(normal)
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
        assert!(complaint.contains("did you mean `edge/upgrade-dropped`?"), "{complaint}");
    }

    #[test]
    fn a_misspelt_switch_is_pointed_at() {
        for (text, marked) in [
            ("summary = 'x'\n[edge]\nupgarde = 'held'", "upgarde"),
            ("summary = 'x'\n\n[edge]\nport = 70000\n", "70000"),
            ("summary = 'x'\n[edge]\nupgrade = 'dropt'", "'dropt'"),
            ("summary = 'x'\nneeds = ['ipv6']", "needs"),
            ("summary = 'x'\n[peer]\n[[peer.answer]]\nto = 'upgrade'\nframes = ['chalenge']", "'chalenge'"),
            ("summary = 'x'\n[peer]\n[[peer.answer]]\nto = '*'\nend = 'rest'", "'rest'"),
            ("summary = 'x'\n[peer]\n[[peer.answer]]\nto = '*'\nstatus = 'OK 200'", "'OK 200'"),
            ("summary = 'x'\n[peer]\nlisten = ['unix:/tmp/x']", "'unix:/tmp/x'"),
            ("summary = 'x'\n[peer]\nlisten = ['unix:{dir}/../x']", "'unix:{dir}/../x'"),
            ("summary = 'x'\n[expect]\nexti = 1", "exti"),
        ] {
            let place = read("mine.toml", text).unwrap_err().place.unwrap_or_else(|| panic!("no place: {text}"));
            assert_eq!((place.name.as_str(), &place.text[place.span]), ("mine.toml", marked), "{text}: {}", place.label);
        }
    }

    #[test]
    fn plain_names_stay_below_their_folder() {
        for (name, plain) in [
            ("a", true),
            ("a/b.json", true),
            ("../a", false),
            ("/a", false),
            ("a/../b", false),
            ("", false),
            ("a/", false),
            ("C:a", false),
        ] {
            assert_eq!(is_plain(name), plain, "{name}");
        }
    }
}
