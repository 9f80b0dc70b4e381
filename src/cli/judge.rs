//! `clawprobe judge` and `clawprobe report`: a recording, judged anew by this build and this shelf.

use super::args::{Judging, Replay};
use super::end::{End, note};
use super::sink::{self, RECORDING};
use super::tell::tell;
use crate::exit::Exit;
use crate::plan::{Selection, selection};
use crate::record::{Head, Recording, Share, read, redact};
use crate::settings;
use crate::shelf::Shelf;

/// Exits by the verdict.
///
/// # Errors
/// A recording, an overlay or an output that cannot be used.
pub fn judge(flags: &Replay) -> Result<u8, End> {
    let own = settings::own(&settings_of(flags))?;
    let shelf = Shelf::with_overlays(&own.overlays)?;
    Selection::parse(&shelf, &flags.judging.only, &flags.judging.skip)?;
    let sinks = sink::sinks(&flags.telling, &[(RECORDING, &flags.recording)])?;
    let mut recording = read::open(&flags.recording)?;
    override_head(&mut recording.head, &flags.judging, &shelf);
    let recording = share(recording, flags.judging.share);
    if !flags.telling.quiet {
        missing_overlays(&recording.head, &shelf);
    }
    tell(&recording, &shelf, &flags.telling, &sinks, own.terminal)
}

/// Exits 0 once the report is written.
///
/// # Errors
/// As [`judge`].
pub fn report(flags: &Replay) -> Result<u8, End> {
    judge(flags).map(|_| Exit::Healthy.number())
}

fn settings_of(flags: &Replay) -> settings::Flags {
    settings::Flags {
        overlay: flags.judging.overlay.clone(),
        no_overlay: flags.judging.no_overlay,
        color: flags.telling.color,
        ..settings::Flags::default()
    }
}

/// What may be shown; what a public recording hides, nobody can bring back.
fn share(mut recording: Recording, asked: Option<Share>) -> Recording {
    match (asked, recording.head.share) {
        (Some(Share::Public), _) => redact::hide(recording),
        (Some(share), Share::Team | Share::Private) => {
            recording.head.share = share;
            recording
        }
        (Some(_), Share::Public) | (None, _) => recording,
    }
}

/// The head says how the run was meant to be judged; flags of this command say otherwise.
fn override_head(head: &mut Head, judging: &Judging, shelf: &Shelf) {
    if !judging.only.is_empty() || !judging.skip.is_empty() {
        // The plan requires what its own flags left. Another choice may ask for rows the run left out: those count too, and
        // what was not measured for them is no clear answer.
        let more = shelf.matrix(&head.plan.matrix).map(|m| m.require.as_slice()).unwrap_or_default();
        let lacking = more.iter().filter(|code| !head.plan.require.contains(code)).cloned().collect::<Vec<_>>();
        head.plan.require.extend(lacking);
    }
    if !judging.only.is_empty() {
        head.only = selection::split(&judging.only);
    }
    if !judging.skip.is_empty() {
        head.skip = selection::split(&judging.skip);
    }
    head.fail_on = judging.fail_on.unwrap_or(head.fail_on);
}

/// The run was judged by rows that are not at hand: the verdict may differ, and silence would hide why.
fn missing_overlays(head: &Head, shelf: &Shelf) {
    for origin in head.shelf.iter().filter(|o| o.name != "builtin" && !shelf.origins.contains(o)) {
        note(&format!("The run was judged with the overlay {} ({}), which was not given now.", origin.name, origin.digest));
    }
}
