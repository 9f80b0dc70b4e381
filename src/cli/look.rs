//! The commands that only look something up: shelf, text, standard output.

use super::args::Look;
use super::end::End;
use super::sink;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::settings;
use crate::shelf::Shelf;

/// Prints what is made of the shelf and of the terminal's width.
///
/// # Errors
/// An overlay that cannot be used, or what the user asked for that is not there.
pub fn look(flags: &Look, text: impl FnOnce(&Shelf, u16) -> Result<String, Complaint>) -> Result<u8, End> {
    let own = settings::own(&settings::Flags {
        overlay: flags.overlay.clone(),
        no_overlay: flags.no_overlay,
        ..settings::Flags::default()
    })?;
    let shelf = Shelf::with_overlays(&own.overlays)?;
    let width = u16::try_from(own.terminal.width).unwrap_or(u16::MAX);
    Ok(sink::print(&text(&shelf, width)?).map(|()| Exit::Healthy.number())?)
}
