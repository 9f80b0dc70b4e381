//! How a command ends: the exit code, in the style that was asked for.

use std::ffi::OsStr;

use crate::exit::Exit;
use crate::labels;

labels! {
    /// `--exit-style`.
    pub enum ExitStyle {
        Plain = "plain": "The documented exit codes.",
        Nagios = "nagios": "0 ok, 1 warning, 2 critical, 3 unknown.",
    }
}

impl ExitStyle {
    /// The style a command line asks for, told without understanding the rest of it: whoever reads plugin codes reads them
    /// also when the command line is wrong.
    pub fn typed(words: impl Iterator<Item = impl AsRef<OsStr>>) -> Self {
        let words: Vec<String> = words.map(|w| w.as_ref().to_string_lossy().into_owned()).take_while(|w| w != "--").collect();
        let apart = words.windows(2).filter(|pair| pair[0] == FLAG).map(|pair| pair[1].as_str());
        let joined = words.iter().filter_map(|w| w.strip_prefix(FLAG)?.strip_prefix('='));
        apart.chain(joined).find_map(|word| word.parse().ok()).unwrap_or(Self::Plain)
    }

    /// The process's exit status.
    pub fn status(self, exit: Exit) -> u8 {
        match self {
            Self::Plain => exit.number(),
            Self::Nagios => exit.nagios(),
        }
    }
}

const FLAG: &str = "--exit-style";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_is_told_even_from_a_wrong_command_line() {
        let typed = |line: &str| ExitStyle::typed(line.split(' '));
        for line in ["preflight --no-such --exit-style nagios", "--exit-style=nagios"] {
            assert_eq!(typed(line), ExitStyle::Nagios, "{line}");
        }
        for line in ["preflight", "--exit-style", "--exit-style icinga", "explain -- --exit-style nagios"] {
            assert_eq!(typed(line), ExitStyle::Plain, "{line}");
        }
    }

    #[test]
    fn a_style_has_numbers_of_its_own() {
        assert_eq!((ExitStyle::Nagios.status(Exit::Symptoms), ExitStyle::Plain.status(Exit::Interrupted)), (2, 130));
    }
}
