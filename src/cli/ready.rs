//! What has to be before a run or a world begins: descriptors enough, and an ear for whoever asks for the end.

use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::own;
use crate::proof::room::RUN;
use crate::reference::folder;
use crate::run::stop::Stop;

/// Called before anything is made that an interruption may leave behind, and after everything that waits for a person's typing:
/// from here on an interruption ends nothing by itself. A second one does, and leaves no secret behind either.
///
/// # Errors
/// A limit of the system's: it is no finding about a gateway, and no defect.
pub fn ready() -> Result<Stop, Complaint> {
    if let Some(free) = own::free_descriptors().filter(|free| *free < RUN) {
        let title = format!("this process may open {free} more files and sockets, and a run takes up to {RUN}");
        return Err(Complaint::new(title).help("raise the limit, as in ulimit -n 1024"));
    }
    Stop::on_signals(at_once).map_err(|why| Complaint::new(format!("the system lets no signals be heard: {why}")))
}

/// Ends the process whatever it is at.
#[expect(clippy::disallowed_methods, reason = "whoever is kept by a reader that does not read never comes back to main")]
fn at_once() {
    folder::remove_all();
    std::process::exit(Exit::Interrupted.number().into());
}
