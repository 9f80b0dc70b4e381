//! What is wrong with a condition, and where.

use std::ops::Range;

use crate::complaint::{Complaint, did_you_mean};

/// A mistake in a condition, a template or an evidence fence, found at load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Byte range within the text that was parsed.
    pub span: Range<usize>,
    /// A few words to stand beside the caret.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(message: impl Into<String>, span: Range<usize>, label: impl Into<String>) -> Self {
        Self { message: message.into(), span, label: label.into(), help: None }
    }

    /// The same mistake with advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same mistake with the known word that was probably meant, or with all of them when none is near and they are few.
    pub fn among<'a>(self, typed: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        // More than a dozen words are a wall of text, not advice.
        const FEW: usize = 12;
        let known: Vec<&str> = known.into_iter().collect();
        match did_you_mean(typed, known.iter().copied()) {
            Some(word) => self.help(format!("did you mean `{word}`?")),
            None if known.is_empty() || known.len() > FEW => self,
            None => self.help(format!("known here: {}", known.join(", "))),
        }
    }

    /// The same mistake, for a text that stands `by` bytes into a longer one.
    pub fn shifted(mut self, by: usize) -> Self {
        self.span = self.span.start + by..self.span.end + by;
        self
    }

    /// The complaint that underlines it in the text it was found in.
    pub fn complaint(&self, name: &str, text: &str) -> Complaint {
        let complaint = Complaint::new(&self.message).at(name, text, self.span.clone(), &self.label);
        match &self.help {
            Some(help) => complaint.help(help),
            None => complaint,
        }
    }
}
