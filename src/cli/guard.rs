//! The last resort: a defect of clawprobe ends in one sentence and exit 70, never in a stack trace.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use super::style::ExitStyle;
use crate::exit::Exit;

/// Runs a command; a panic becomes one sentence on standard error and the exit code of a defect.
///
/// The sentence tells the place, and the message only when it is a constant: a message that was put together at run time
/// may hold what a peer sent.
pub fn guard(style: ExitStyle, command: impl FnOnce() -> u8) -> u8 {
    panic::set_hook(Box::new(|info| eprintln!("{}", sentence(info))));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| style.status(Exit::Defect))
}

fn sentence(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".into(), ToString::to_string);
    let what = info.payload().downcast_ref::<&'static str>().map(|text| format!(": {text}")).unwrap_or_default();
    format!("clawprobe has a defect at {place}{what}; please report it together with this sentence.")
}
