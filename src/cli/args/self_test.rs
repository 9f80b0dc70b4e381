//! The flags of `self-test`.

use clap::Args;

use super::word;
use crate::labels;

/// Flags of `self-test`.
#[derive(Debug, Args)]
pub struct SelfTest {
    /// Print the confusion matrix too: which fault makes which codes fire.
    #[arg(long)]
    pub confusion: bool,
    /// The format.
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = word::<SelfTestFormat>(SelfTestFormat::ALL))]
    pub format: SelfTestFormat,
    /// No progress on standard error.
    #[arg(long)]
    pub quiet: bool,
}

labels! {
    /// How a self-test is told.
    pub enum SelfTestFormat {
        Human = "human": "For people: a line per place, everything that is not as declared, then the sum.",
        Json = "json": "One object.",
    }
}
