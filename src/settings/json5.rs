//! JSON5 with a place for every mistake, and a way to show the place without showing a secret.

use serde_json::Value;

/// No configuration nests deeper; the parser recurses, so a hostile file must not reach it.
const DEEPEST: usize = 128;

/// Words of a configuration that may be shown; everything else between the punctuation is starred out, because where the syntax
/// is broken nobody can tell a key from a secret.
const SHOWN: &[&str] = &[
    "gateway",
    "auth",
    "mode",
    "token",
    "password",
    "port",
    "bind",
    "remote",
    "url",
    "tls",
    "enabled",
    "controlUi",
    "basePath",
    "tailscale",
    "trustedProxies",
    "agents",
    "channels",
    "models",
    "nodes",
    "http",
    "discovery",
    "local",
    "true",
    "false",
    "null",
];

/// Why a text is not a JSON5 object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong.
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
    /// Line and column, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
}

/// Reads an object.
///
/// # Errors
/// The first mistake and its place.
pub fn object(text: &str) -> Result<Value, Mistake> {
    if let Some(at) = too_deep(text) {
        return Err(mistake(text, format!("nested deeper than {DEEPEST} levels"), at));
    }
    match json5::from_str::<Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => {
            let at = text.len() - text.trim_start().len();
            Err(mistake(text, "expected an object".into(), at))
        }
        Err(why) => {
            let message = why.code().map_or_else(
                || "a value that JSON cannot hold".to_owned(),
                |c| c.to_string().replace("EOF", "the file ends while"),
            );
            let at = why.position().map_or(0, |p| offset(text, p.line, p.column));
            Err(mistake(text, message, at))
        }
    }
}

fn mistake(text: &str, message: String, at: usize) -> Mistake {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    Mistake { message, at, line: before.matches('\n').count() + 1, column: before[start..].chars().count() + 1 }
}

/// The byte offset of a line and column as the parser counts them: from 0, in characters, at JSON5's own line ends.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let (mut l, mut c) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        if (l, c) >= (line, column) {
            return at;
        }
        match char {
            '\r' if chars.peek().is_some_and(|(_, next)| *next == '\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => (l, c) = (l + 1, 0),
            _ => c += 1,
        }
    }
    text.len()
}

/// Where the nesting becomes too deep. Brackets within texts count as well: no harm, so many never stand in one.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().enumerate().find_map(|(at, byte)| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth > DEEPEST).then_some(at)
    })
}

/// The text with every word starred out that is not a well-known key, every byte in its place.
pub fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if word > 0 {
            let (head, tail) = rest.split_at(word);
            if SHOWN.contains(&head) {
                out.push_str(head)
            } else {
                out.push_str(&"*".repeat(word))
            }
            rest = tail;
        } else {
            let kept = first.is_whitespace() && !first.is_control() && first.is_ascii() || "\n\r{}[]:,\"'".contains(first);
            if kept {
                out.push(first)
            } else {
                out.push_str(&"*".repeat(first.len_utf8()))
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_its_place() {
        let at = |text| object(text).map_err(|m| (m.line, m.column)).unwrap_err();
        assert_eq!(at("{\n  gateway: {\n    port: 1 mode: 'x' } }"), (3, 13));
        assert_eq!(at("{\r\n  \"a\": \"b\r\n\"}").0, 2);
        assert_eq!(at("[1]"), (1, 1));
        assert_eq!(at("  {"), (1, 3), "the object that is not closed");
        assert_eq!(at("{é: 1} x").0, 1);
        assert_eq!(object(&"[".repeat(100_000)).unwrap_err().message, "nested deeper than 128 levels");
        assert!(object("// c\n{a: 1, 'b': [0x10, .5,], }").is_ok());
    }

    #[test]
    fn a_masked_text_tells_structure_and_nothing_else() {
        let text = "{ gateway: { auth: { token: hunter2-é, x: 'tokens' } } } // old: swordfish";
        let shown = masked(text);
        assert_eq!(shown.len(), text.len());
        assert_eq!(shown, "{ gateway: { auth: { token: **********, *: '******' } } } ** ***: *********");
    }
}
