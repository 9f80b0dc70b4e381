//! `clawprobe run MATRIX` and `clawprobe preflight`: settings, plan, run, judge, report.

use std::path::Path;
use std::time::Duration;

use super::args::RunFlags;
use super::end::{End, note};
use super::keypair;
use super::progress::Progress;
use super::ready::ready;
use super::recorder::Recorder;
use super::scene::Scene;
use super::sink;
use super::tell::tell;
use crate::code::Severity;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::facts::value::parse_ms;
use crate::plan::{self, Plan, selection};
use crate::record::{Event, Head, Recording, Share};
use crate::report::Format;
use crate::run::stop::Stop;
use crate::run::{self, Order};
use crate::settings::{self, Terminal};
use crate::shelf::Shelf;
use crate::target::Target;

/// Runs a matrix and exits by the verdict.
///
/// # Errors
/// Anything the user named that cannot be used: known before the first packet and before anything is written.
pub fn run(matrix: &str, flags: &RunFlags) -> Result<u8, End> {
    let budget = flags.budget.as_deref().map(budget).transpose()?;
    let scene = Scene::of(&flags.world, matrix)?;
    let Asked { target, overlays, terminal } = asked(scene.as_ref(), flags)?;
    let shelf = Shelf::with_overlays(&overlays)?;
    let options =
        plan::Options { budget, only: flags.judging.only.clone(), skip: flags.judging.skip.clone(), ..plan::Options::default() };
    let plan = plan::make(&shelf, shelf.named_matrix(matrix)?, &target, &options)?;
    let save = flags.save.as_deref();
    let taken: Vec<(&str, &Path)> = save.iter().map(|file| ("--save", *file)).collect();
    let sinks = sink::sinks(&flags.telling, &taken)?;
    if flags.plan {
        return show(&plan, flags.telling.format);
    }
    let head = Head { world: scene.as_ref().map(|scene| scene.name.clone()), ..head(plan, &shelf, &target, flags) };
    if let Some(scene) = scene.as_ref().filter(|_| !flags.telling.quiet) {
        note(&scene.summary);
    }
    let stop = scene.as_ref().map_or_else(ready, |scene| Ok(scene.stop.clone()))?;
    let recording = execute(&target, head, flags, &stop);
    if let Some(file) = save {
        sink::store(file, &recording.write())?;
        if !flags.telling.quiet {
            note(&format!("The recording is in {}.", file.display()));
        }
    }
    let status = tell(&recording, &shelf, &flags.telling, &sinks, terminal)?;
    let compared = scene.as_ref().and_then(|scene| scene.compare(&recording, &shelf));
    scene.map_or(Ok(()), |scene| scene.stage.standing.end())?;
    Ok(compared.map_or(status, |exit| flags.telling.exit_style.status(exit)))
}

/// What is asked, by which rows, and how it is told.
struct Asked {
    target: Target,
    overlays: Vec<(String, String)>,
    terminal: Terminal,
}

/// In a world of our own only what the user typed counts beside it: neither the environment nor overlays found by search.
fn asked(scene: Option<&Scene>, flags: &RunFlags) -> Result<Asked, Complaint> {
    let given = flags.settings();
    match scene {
        Some(scene) => {
            let own = settings::own(&settings::Flags { no_overlay: true, ..given })?;
            Ok(Asked { target: scene.stage.target.clone(), overlays: own.overlays, terminal: own.terminal })
        }
        None => {
            let settings = settings::load(&given)?;
            paired(&settings.target, flags)?;
            Ok(Asked { target: settings.target, overlays: settings.overlays, terminal: settings.terminal })
        }
    }
}

/// Whether the client's certificate and its key go together.
fn paired(target: &Target, flags: &RunFlags) -> Result<(), Complaint> {
    keypair::check(&target.tls).map_err(|why| {
        let file = flags.settings().client_key.map(|file| file.display().to_string()).unwrap_or_default();
        let complaint = Complaint::new("the client certificate and its key cannot be used together");
        complaint
            .flag("--client-key", &file, why)
            .help("openssl x509 -noout -pubkey -in CERT and openssl pkey -pubout -in KEY must tell the same")
    })
}

fn budget(typed: &str) -> Result<Duration, Complaint> {
    let ms =
        parse_ms(typed).map_err(|why| Complaint::new(why).flag("--budget", typed, "not a time").help("as in --budget 60s"))?;
    // The plan refuses what is too short as well, but no longer knows how it was typed.
    if (0.0..1_000.0).contains(&ms) {
        let complaint = Complaint::new("the budget is under one second").flag("--budget", typed, "at least 1s");
        return Err(complaint.help("try --budget 10s"));
    }
    if !(0.0..=LONGEST_BUDGET_MS).contains(&ms) {
        return Err(Complaint::new("the budget is out of range").flag("--budget", typed, "between 1s and 1d"));
    }
    Ok(Duration::from_secs_f64(ms / 1_000.0))
}

/// A day: nothing that is waited for takes longer.
const LONGEST_BUDGET_MS: f64 = 86_400_000.0;

fn show(plan: &Plan, format: Format) -> Result<u8, End> {
    let text = match format {
        Format::Human | Format::Short => plan.text(),
        Format::Json => serde_json::to_string_pretty(plan).unwrap_or_default() + "\n",
        Format::Ndjson => serde_json::to_string(plan).unwrap_or_default() + "\n",
    };
    Ok(sink::print(&text).map(|()| Exit::Healthy.number())?)
}

fn head(plan: Plan, shelf: &Shelf, target: &Target, flags: &RunFlags) -> Head {
    Head {
        only: selection::split(&flags.judging.only),
        skip: selection::split(&flags.judging.skip),
        fail_on: flags.judging.fail_on.unwrap_or(Severity::Warning),
        share: flags.judging.share.unwrap_or(Share::Team),
        ..run::head(plan, shelf, target)
    }
}

fn execute(target: &Target, head: Head, flags: &RunFlags, stop: &Stop) -> Recording {
    let progress = Progress::new(flags.telling.quiet);
    let mut recorder = Recorder::new(flags.save.as_ref(), &head.marker);
    let mut listen = |event: &Event| {
        recorder.hear(event);
        progress.hear(event);
    };
    let recording = run::execute(Order { target, head }, &mut listen, progress.beside(stop.asked()));
    progress.wipe();
    recording
}
