//! How to write to the terminal.

use super::env::Env;
use crate::labels;

labels! {
    /// `--color WHEN`.
    pub enum Color {
        Auto = "auto": "Colours on a terminal that wants them.",
        Always = "always": "Colours everywhere.",
        Never = "never": "No colours.",
    }
}

/// Columns when nobody can tell: what fits everywhere, tickets among it.
const WIDTH: usize = 80;

/// Fewer columns than this are no width a table can live with.
const NARROWEST: usize = 40;

/// What standard output can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Whether to write colours.
    pub color: bool,
    /// Columns: `COLUMNS`, or the terminal's own, or 80.
    pub width: usize,
    /// Whether standard output is a terminal.
    pub interactive: bool,
}

impl Terminal {
    /// Decides: `--color`, then `NO_COLOR` (no-color.org), `CLICOLOR_FORCE` and `CLICOLOR` (bixense.com/clicolors), then
    /// whether standard output is a terminal.
    pub fn of(color: Option<Color>, env: &Env, interactive: bool) -> Self {
        let set = |name: &str| env.get(name).is_some_and(|v| v != "0");
        let color = match color.unwrap_or(Color::Auto) {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if env.raw("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
            Color::Auto if set("CLICOLOR_FORCE") => true,
            Color::Auto => interactive && env.get("CLICOLOR") != Some("0") && env.get("TERM") != Some("dumb"),
        };
        let own = || terminal_size::terminal_size().filter(|_| interactive).map(|(width, _)| usize::from(width.0));
        let width = env.get("COLUMNS").and_then(|c| c.parse().ok()).or_else(own);
        let width = width.filter(|w| *w >= NARROWEST).unwrap_or(WIDTH);
        Self { color, width, interactive }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_beats_the_terminal() {
        let color = |flag, vars: &[(&str, &str)], tty| Terminal::of(flag, &vars.iter().copied().collect(), tty).color;
        assert!(color(None, &[], true) && !color(None, &[], false));
        assert!(!color(None, &[("NO_COLOR", "0")], true), "any value of NO_COLOR counts");
        assert!(color(None, &[("CLICOLOR_FORCE", "1")], false));
        assert!(!color(None, &[("CLICOLOR_FORCE", "0")], false) && !color(None, &[("CLICOLOR", "0")], true));
        assert!(!color(None, &[("TERM", "dumb")], true));
        assert!(color(Some(Color::Always), &[("NO_COLOR", "1")], false));
        assert!(!color(Some(Color::Never), &[("CLICOLOR_FORCE", "1")], true));
    }

    #[test]
    fn columns_are_taken_when_sane() {
        let width = |v: &str| Terminal::of(None, &[("COLUMNS", v)].into_iter().collect(), false).width;
        assert_eq!((width("160"), width("3"), width("x")), (160, WIDTH, WIDTH));
    }
}
