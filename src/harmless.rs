//! Which characters of a text from outside may not reach a terminal as they are.

/// Characters that could move a cursor, change a terminal's state or turn a line's reading order.
///
/// Control characters (C0, DEL, C1); line and paragraph separators; the marks, embeddings, overrides and isolates of
/// bidirectional text (Unicode 16, UAX #9); the byte order mark.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with every unsafe character but a line's end and a tab replaced, every byte in its place.
pub fn in_place(text: &str) -> String {
    let stands = |c: char| matches!(c, '\n' | '\r' | '\t') || !is_unsafe(c);
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match stands(c) {
            true => out.push(c),
            false => out.extend(std::iter::repeat_n('?', c.len_utf8())),
        }
        out
    })
}

/// The text as one line: what [`in_place`] replaces, and a blank for every line's end and tab.
pub fn in_line(text: &str) -> String {
    in_place(text).replace(['\n', '\r', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_replaced_byte_for_byte() {
        let text = "a\u{1b}[2J\u{9b}2J\u{202e}ü\r\n\tb\u{7f}";
        let shown = in_place(text);
        assert_eq!(shown, "a?[2J??2J???ü\r\n\tb?");
        assert_eq!(shown.len(), text.len());
        assert_eq!(in_line(text), "a?[2J??2J???ü   b?");
    }
}
