//! The command line: one file per command, and one way for all of them to end.

mod advise;
mod args;
pub mod confusion;
mod end;
pub mod explain;
pub mod facts;
mod guard;
pub mod guides;
mod judge;
mod keypair;
mod listen;
mod listing;
mod look;
pub mod matrix;
mod places;
pub mod probes;
mod progress;
mod ready;
mod recorder;
mod reference;
mod reproduce;
mod run;
mod scene;
mod self_test;
mod sink;
mod stand;
mod style;
mod tell;
mod usage;

use std::ffi::OsString;

use clap::Parser;

use crate::settings;

use args::{Cli, Command};
use end::End;
use style::ExitStyle;
use usage::Answer;

/// Does what the command line says and returns the process's exit status.
pub fn main() -> u8 {
    let words = settings::env::words();
    let style = ExitStyle::typed(words.iter().skip(1));
    guard::guard(style, || end::status(dispatch(&words), style))
}

fn dispatch(words: &[OsString]) -> Result<u8, End> {
    let cli = match Cli::try_parse_from(words) {
        Ok(cli) => cli,
        Err(error) => return end::of(usage::answer(&error)),
    };
    match cli.command {
        Command::Preflight(flags) => run::run("preflight", &flags),
        Command::Run { matrix, run } => run::run(&matrix, &run),
        Command::Reproduce(flags) => reproduce::run(&flags),
        Command::Reference(flags) => reference::run(&flags),
        Command::SelfTest(flags) => self_test::run(&flags),
        Command::Judge(flags) => judge::judge(&flags),
        Command::Report(flags) => judge::report(&flags),
        Command::Explain { words, look } => look::look(&look, |shelf, width| explain::text(shelf, &words, width)),
        Command::Advise(flags) => advise::run(&flags),
        Command::Facts { table, look } => look::look(&look, |_, width| facts::text(table.as_deref(), width)),
        Command::Matrix(what) => matrix::run(&what),
        Command::Probes { id, look } => look::look(&look, |shelf, width| probes::text(shelf, id.as_deref(), width)),
    }
}
