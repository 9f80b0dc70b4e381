//! `clawprobe reproduce CODE`: the trouble behind a code, made in a world of our own.

use std::fmt::Write as _;

use super::args::Reproduce as Flags;
use super::end::{End, note};
use super::progress::Progress;
use super::ready::ready;
use super::sink;
use super::tell::tell;
use crate::code::Code;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::proof::by_hand;
use crate::proof::hall::matrix_of;
use crate::proof::stage::Stage;
use crate::proof::trial::{Trial, Tried};
use crate::reference::fault::{self, Fault};
use crate::reference::ground::Ground;
use crate::report::Format;
use crate::run::stop::Stop;
use crate::settings;
use crate::shelf::Shelf;
use crate::shelf::check::near;
use crate::shelf::symptom::Symptom;

/// Exits 0 when the row fired, 1 when it did not.
///
/// # Errors
/// A code that nobody knows or that has no fault; a world that cannot stand here; a report that cannot be written.
pub fn run(flags: &Flags) -> Result<u8, End> {
    let own = settings::own(&settings::Flags {
        overlay: flags.look.overlay.clone(),
        no_overlay: flags.look.no_overlay,
        color: flags.telling.color,
        ..settings::Flags::default()
    })?;
    let shelf = Shelf::with_overlays(&own.overlays)?;
    let row = row(&shelf, &flags.code)?;
    let fault = fault_of(row, &flags.code)?;
    let sinks = sink::sinks(&flags.telling, &[])?;
    let (stop, ground) = (ready()?, Ground::new()?);
    ground.admit(&fault)?;
    let stage = Stage::set(&ground, fault.world()?)?;
    let tried = play(&shelf, &fault, &stage, &stop, flags.telling.quiet)?;
    let status = tell(&tried.recording, &shelf, &flags.telling, &sinks, own.terminal)?;
    if flags.telling.format == Format::Human && flags.telling.output.is_none() {
        sink::offer(&more(row, &fault, &stage, flags.hold)?)?;
    }
    if flags.hold {
        hold(&stop);
    }
    stage.standing.end()?;
    let fired = tried.judgement.verdict.findings.iter().any(|f| f.code == row.code && f.explained_by.is_empty());
    match tried.exit {
        Exit::Defect | Exit::Interrupted => Ok(status),
        _ if fired => Ok(Exit::Healthy.number()),
        _ => {
            note(&format!("{} is no root cause of this run: it was not reproduced.", row.code));
            Ok(Exit::Symptoms.number())
        }
    }
}

fn row<'a>(shelf: &'a Shelf, typed: &str) -> Result<&'a Symptom, Complaint> {
    let code = typed.to_ascii_uppercase().parse::<Code>().ok();
    let known = || shelf.symptoms.iter().map(|row| row.code.as_str());
    match (code.as_ref().and_then(|code| shelf.symptom(code)), code.as_ref().and_then(|code| shelf.later.get(code))) {
        (Some(row), _) => Ok(row),
        (None, Some(later)) => Err(Complaint::new(format!(
            "{} has a name and no row yet: {}",
            typed.to_ascii_uppercase(),
            later.title
        ))
        .flag("reproduce", typed, "no row yet")),
        (None, None) => Err(Complaint::new(format!("there is no code {typed}"))
            .flag("reproduce", typed, "unknown code")
            .help(near(&typed.to_ascii_uppercase(), known()))),
    }
}

/// The fault of a row; for one without, the reason is the complaint.
fn fault_of(row: &Symptom, typed: &str) -> Result<Fault, Complaint> {
    if row.fault.is_empty() {
        let complaint = Complaint::new(format!("{} cannot be reproduced: {}", row.code, row.no_fault));
        return Err(complaint.flag("reproduce", typed, "this row has no fault"));
    }
    fault::named(&row.fault).map_err(|_| {
        Complaint::new(format!("{} cannot be reproduced: its fault {} does not exist", row.code, row.fault)).flag(
            "reproduce",
            typed,
            "no such fault",
        )
    })
}

fn play(shelf: &Shelf, fault: &Fault, stage: &Stage, stop: &Stop, quiet: bool) -> Result<Tried, Complaint> {
    let progress = Progress::new(quiet);
    let name = format!("reference, {}", fault.name);
    let trial = Trial { name, matrix: matrix_of(shelf, fault).to_owned(), budget: None, skip: Vec::new() };
    let tried = trial.play_on(stage, shelf, &mut |event| progress.hear(event), progress.beside(stop.asked()));
    progress.wipe();
    tried
}

/// What follows the report: what was broken, and the page's commands, led into the world.
fn more(row: &Symptom, fault: &Fault, stage: &Stage, held: bool) -> Result<String, Complaint> {
    let mut out = format!("\nfault  {}\n  {}\n", fault.name, fault.summary);
    let commands = by_hand::commands(&row.page, &fault.change, stage)?;
    if !commands.is_empty() {
        let hint = if held { String::new() } else { format!("  while it stands: clawprobe reproduce {} --hold", row.code) };
        let _ = writeln!(out, "\nby hand{hint}");
        out += &commands.iter().map(|command| format!("  {command}\n")).collect::<String>();
    }
    Ok(out)
}

/// Waits until somebody asks for the end.
fn hold(stop: &Stop) {
    note("The world stands until you interrupt.");
    stop.wait();
}
