//! `--reference`, `--fault` and `--scenario`: a run in a world of our own.

use std::path::Path;

use super::args::World;
use super::end::note;
use super::ready::ready;
use crate::complaint::{Complaint, meant};
use crate::exit::Exit;
use crate::harmless::in_line;
use crate::judge;
use crate::proof::expect::differences;
use crate::proof::stage::Stage;
use crate::record::{End, Recording};
use crate::reference::document::Document;
use crate::reference::fault::{self, Expect, Fault};
use crate::reference::ground::Ground;
use crate::run::stop::Stop;
use crate::settings::files;
use crate::shelf::Shelf;

/// A world that stands while a command runs.
pub struct Scene {
    /// What is asked.
    pub stage: Stage,
    /// What a recording calls the world.
    pub name: String,
    /// What is told about it before the run.
    pub summary: String,
    /// What must come out, when the run is a test.
    expect: Option<Expect>,
    /// Whoever asks for the end; listened for since before the world stood.
    pub stop: Stop,
    /// Ends with the scene, after the stage.
    _ground: Ground,
}

impl Scene {
    /// The world that the flags ask for; none of them asks for a real gateway.
    ///
    /// # Errors
    /// A complaint about a fault nobody knows, a file that is none, or a world that cannot stand here.
    pub fn of(flags: &World, matrix: &str) -> Result<Option<Self>, Complaint> {
        match (&flags.scenario, &flags.fault) {
            (Some(file), _) => {
                let fault = read("--scenario", file)?;
                for_this_run(&fault, file, matrix)?;
                let expect = Some(fault.expect.clone());
                Ok(Some(Self { expect, ..Self::raise(Some(("--scenario", &file.display().to_string(), fault)))? }))
            }
            (None, Some(typed)) => Self::raise(Some(("--fault", typed, broken(typed)?))).map(Some),
            (None, None) if flags.reference => Self::raise(None).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Raises the built-in world, or a fault's under the flag that it was typed behind.
    fn raise(fault: Option<(&str, &str, Fault)>) -> Result<Self, Complaint> {
        let stop = ready()?;
        let ground = Ground::new()?;
        if let Some((flag, typed, fault)) = &fault {
            ground.admit(fault).map_err(|complaint| complaint.flag(flag, typed, "not on this machine"))?;
        }
        let fault = fault.map(|(_, _, fault)| fault);
        let world = fault.as_ref().map_or_else(|| fault::world().map(Document::from), Fault::world)?;
        let stage = Stage::set(&ground, world)?;
        let (name, summary) = match fault {
            None => ("reference".to_owned(), "The embedded reference gateway is asked, and no real one.".to_owned()),
            Some(fault) => (
                format!("reference, {}", fault.name),
                format!("The embedded reference gateway is asked, and no real one. {}: {}", fault.name, in_line(&fault.summary)),
            ),
        };
        Ok(Self { stage, name, summary, expect: None, stop, _ground: ground })
    }

    /// When the run was a test: what it comes to. The differences go to standard error.
    pub fn compare(&self, recording: &Recording, shelf: &Shelf) -> Option<Exit> {
        let expect = self.expect.as_ref()?;
        if let End { defect: Some(_), .. } | End { interrupted: true, .. } = recording.end {
            return None;
        }
        let verdict = judge::judge(shelf, recording).verdict;
        let exit = verdict.ended(recording.head.fail_on, &recording.end);
        let found = differences(expect, &verdict, exit);
        found.iter().for_each(|difference| note(&in_line(&difference.to_string())));
        Some(if found.is_empty() { Exit::Healthy } else { Exit::Symptoms })
    }
}

/// The fault that `--fault` names, built in or in a file.
///
/// # Errors
/// A complaint about a fault nobody knows, or a file that is none.
pub fn broken(typed: &str) -> Result<Fault, Complaint> {
    if is_file(typed) {
        return read("--fault", Path::new(typed));
    }
    fault::named(typed).map_err(|complaint| match Path::new(typed).exists() {
        true => complaint.help(format!("for the file of that name write --fault ./{typed}")),
        false => complaint,
    })
}

/// Whether what was typed is a file of the user's own. Built-in names have a slash as well, but none begins as a path does, and no
/// such file lies about.
fn is_file(typed: &str) -> bool {
    let path = Path::new(typed);
    let begins = path.is_absolute() || ["./", "../"].iter().any(|start| typed.starts_with(start));
    begins || path.extension().is_some_and(|ending| ending == "toml") || typed.contains('/') && path.exists()
}

/// What a file expects holds for one matrix.
fn for_this_run(fault: &Fault, file: &Path, matrix: &str) -> Result<(), Complaint> {
    match fault.matrix.as_deref() {
        Some(other) if other != matrix => {
            let typed = file.display().to_string();
            let complaint = Complaint::new(format!("this file says what the matrix {other} comes to, not {matrix}"));
            let complaint = complaint.flag("--scenario", &typed, format!("for {other}"));
            Err(complaint.help(format!("clawprobe run {other} --scenario {typed}")))
        }
        _ => Ok(()),
    }
}

fn read(flag: &str, file: &Path) -> Result<Fault, Complaint> {
    let (name, text) = (file.display().to_string(), files::named(flag, file)?);
    let fault = fault::read(&name, &text)?;
    let shelf = Shelf::builtin()?;
    match fault.matrix.as_deref().filter(|matrix| shelf.matrix(matrix).is_none()) {
        Some(unknown) => {
            let label = meant(unknown, shelf.matrices.iter().map(|matrix| matrix.name.as_str()), "no such matrix");
            Err(fault.written.wrong(&["matrix"], None, format!("there is no matrix `{unknown}`"), label))
        }
        None => Ok(fault),
    }
}
