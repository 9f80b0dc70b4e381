//! Text from outside made harmless, and text of our own laid out.

use crate::harmless::is_unsafe;

/// The text with every unsafe character written as an escape (`\n`, `\u{1b}`).
pub fn tame(text: &str) -> String {
    if !text.contains(is_unsafe) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_unsafe(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
        out
    })
}

/// Serialised JSON with every unsafe character written as `\uXXXX`; serde itself only escapes the C0 range.
pub fn tame_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        match c {
            // Outside of strings a line's end is layout; inside of them serde has escaped it.
            '\n' => out.push(c),
            c if is_unsafe(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
        out
    })
}

/// Pieces set one after the other, `gap` between them; a piece that does not fit begins a new line under `indent` blanks.
pub fn flow(pieces: &[String], gap: &str, indent: usize, width: u16) -> String {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            None => lines.push(piece.clone()),
            Some(line) if columns(line) + columns(gap) + columns(piece) <= usize::from(width) => {
                line.push_str(gap);
                line.push_str(piece);
            }
            Some(_) => lines.push(format!("{}{piece}", " ".repeat(indent))),
        }
    }
    lines.join("\n")
}

/// Columns a text takes on a terminal, its own colours not counted; peers' text is tamed before.
pub fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

/// A label as words: `plain-answer` reads `plain answer`.
pub fn words(label: &str) -> String {
    label.replace('-', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        assert_eq!(tame("a\u{1b}[2Jb\r\n\u{9b}\u{202e}ü"), "a\\u{1b}[2Jb\\r\\n\\u{9b}\\u{202e}ü");
        let json = serde_json::to_string("a\u{1b}\u{9b}\u{202e}\n\u{7f}").unwrap();
        let tamed = tame_json(&json);
        assert!(!tamed.contains(is_unsafe), "{tamed:?}");
        assert_eq!(serde_json::from_str::<String>(&tamed).unwrap(), "a\u{1b}\u{9b}\u{202e}\n\u{7f}");
    }

    #[test]
    fn pieces_flow_over_lines() {
        let pieces: Vec<String> = ["aaaa", "bbbb", "cccc"].map(String::from).into();
        assert_eq!(flow(&pieces, "  ", 2, 10), "aaaa  bbbb\n  cccc");
        assert_eq!(flow(&pieces, "  ", 2, 80), "aaaa  bbbb  cccc");
    }
}
