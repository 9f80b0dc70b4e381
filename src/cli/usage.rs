//! What clap says about a wrong command line, told like every other complaint: the user's own text, underlined.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::complaint::Complaint;

/// What a command line that was not understood comes to.
pub enum Answer {
    /// The user asked for help or for the version: standard output, exit 0.
    Asked(String),
    /// The command line is wrong: standard error, exit 2.
    Wrong(Complaint),
    /// No command at all: the help on standard error, exit 2.
    Lost(String),
}

/// Sorts out an error of clap's.
pub fn answer(error: &Error) -> Answer {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Answer::Asked(error.to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Answer::Lost(error.to_string()),
        _ => Answer::Wrong(complaint(error)),
    }
}

fn complaint(error: &Error) -> Complaint {
    let rendered = error.to_string();
    let title = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ").trim_end_matches(':');
    let title = format!("{title}{}", beside(error, title));
    let complaint = Complaint::new(title).help(help(error, &rendered));
    let text = |kind| error.get(kind).and_then(plain).filter(|t| !t.is_empty());
    let (argument, value) = (text(ContextKind::InvalidArg), text(ContextKind::InvalidValue));
    match (argument, value, text(ContextKind::InvalidSubcommand)) {
        (_, _, Some(word)) => complaint.at("command line", format!("clawprobe {word}"), 10..10 + word.len(), "no such command"),
        (Some(argument), Some(value), _) => {
            let flag = argument.split(' ').next().unwrap_or_default().to_owned();
            complaint.flag(&flag, &value, known(error).unwrap_or_else(|| "not accepted".into()))
        }
        (Some(argument), None, _) => {
            let label = match error.kind() {
                ErrorKind::UnknownArgument => "no such flag",
                ErrorKind::MissingRequiredArgument => "this is missing",
                ErrorKind::ArgumentConflict => "given too often, or beside another flag",
                _ => "here",
            };
            complaint.at("command line", argument.clone(), 0..argument.len(), label)
        }
        (None, ..) => complaint,
    }
}

/// What an argument cannot stand beside, where clap lists that on lines of its own.
fn beside(error: &Error, title: &str) -> String {
    match error.get(ContextKind::PriorArg) {
        Some(ContextValue::Strings(names)) if title.ends_with("with") => format!(" {}", names.join(", ")),
        _ => String::new(),
    }
}

/// The words that would have been accepted.
fn known(error: &Error) -> Option<String> {
    match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(words)) if !words.is_empty() => Some(format!("one of {}", words.join(", "))),
        _ => None,
    }
}

/// clap's suggestion, or where to read on.
fn help(error: &Error, rendered: &str) -> String {
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| error.get(kind).and_then(plain));
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let usage = rendered.lines().find_map(|l| l.strip_prefix("Usage: "));
            usage.map_or_else(|| "clawprobe --help lists the commands".into(), |usage| format!("usage: {usage}"))
        }
    }
}

fn plain(value: &ContextValue) -> Option<String> {
    match value {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(words) => words.first().cloned(),
        _ => None,
    }
}
