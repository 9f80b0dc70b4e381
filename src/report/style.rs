//! Width and colour: what the settings found out about where the report goes.

use anstyle::{AnsiColor, Style as Ansi};

/// How a report for people may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal, or 80 when nobody can tell.
    pub width: u16,
    /// Whether colours may be used.
    pub color: bool,
}

/// Width of a report that does not go to a terminal, so that files and tickets look the same everywhere.
pub const PIPED_WIDTH: u16 = 80;

impl Default for Style {
    fn default() -> Self {
        Self { width: PIPED_WIDTH, color: false }
    }
}

/// What a piece of text says about the gateway; a colour is only an echo of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// All is well, or refused as it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Broken.
    Bad,
    /// Of little weight.
    Faint,
    /// A heading.
    Strong,
}

/// Sentences are not set wider than this: longer lines are hard to read.
const WIDEST_SENTENCE: u16 = 110;

impl Style {
    /// Columns for sentences.
    pub fn reading_width(&self) -> u16 {
        self.width.clamp(40, WIDEST_SENTENCE)
    }

    /// The text in the tone's colour, or as it is.
    pub fn paint(&self, tone: Tone, text: &str) -> String {
        let ansi = match tone {
            _ if !self.color => return text.to_owned(),
            Tone::Plain => return text.to_owned(),
            Tone::Good => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
            Tone::Warn => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Bad => Ansi::new().fg_color(Some(AnsiColor::Red.into())).bold(),
            Tone::Faint => Ansi::new().dimmed(),
            Tone::Strong => Ansi::new().bold(),
        };
        format!("{ansi}{text}{ansi:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_only_there_when_wanted_and_is_ended() {
        assert_eq!(Style::default().paint(Tone::Bad, "x"), "x");
        let painted = Style { color: true, ..Style::default() }.paint(Tone::Good, "x");
        assert!(painted.starts_with("\u{1b}[32m") && painted.ends_with("\u{1b}[0m"), "{painted:?}");
    }
}
