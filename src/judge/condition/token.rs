//! Text to tokens. Tokens keep their spans; what they mean together is the parser's business.

use std::ops::Range;

use super::mistake::Mistake;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    pub span: Range<usize>,
}

/// What a token is; its text is its span of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `[A-Za-z_][A-Za-z0-9_-]*`.
    Word,
    /// `-?[0-9][0-9_]*(.[0-9]+)?`.
    Number,
    /// Between double quotes, without escapes.
    Text,
    /// Punctuation: one of `PAIRS`, or a single character.
    Mark,
    /// The end of the text.
    End,
}

const PAIRS: [&str; 4] = ["==", "!=", "<=", ">="];

/// Splits a range of a text into tokens, the last of which is the end.
pub(super) fn tokens(source: &str, range: Range<usize>) -> Result<Vec<Token>, Mistake> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some(first) = source[at..range.end].chars().next() {
        let rest = &source[at..range.end];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = match first {
            '"' => (Kind::Text, quoted(rest).ok_or_else(|| unclosed(at..range.end))?),
            c if c.is_ascii_alphabetic() || c == '_' => (Kind::Word, run(rest, word_part)),
            c if c.is_ascii_digit() => (Kind::Number, number(rest)),
            '-' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (Kind::Number, 1 + number(&rest[1..])),
            c => (Kind::Mark, PAIRS.iter().find(|p| rest.starts_with(**p)).map_or(c.len_utf8(), |p| p.len())),
        };
        found.push(Token { kind, span: at..at + length });
        at += length;
    }
    found.push(Token { kind: Kind::End, span: range.end..range.end });
    Ok(found)
}

fn unclosed(span: Range<usize>) -> Mistake {
    Mistake::new("a text lacks its closing quote", span, "opened here")
}

fn quoted(rest: &str) -> Option<usize> {
    rest[1..].find('"').map(|inner| inner + 2)
}

fn word_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn run(rest: &str, part: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !part(c)).unwrap_or(rest.len())
}

fn number(rest: &str) -> usize {
    let whole = run(rest, |c| c.is_ascii_digit() || c == '_');
    match rest[whole..].strip_prefix('.') {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + run(digits, |c| c.is_ascii_digit()),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        tokens(source, 0..source.len()).unwrap().into_iter().map(|t| &source[t.span]).collect()
    }

    #[test]
    fn a_condition_falls_apart() {
        assert_eq!(texts("a@e.b-c>=-5.5 s"), ["a", "@", "e", ".", "b-c", ">=", "-5.5", "s", ""]);
        assert_eq!(texts("x == \"a b\": 41 %"), ["x", "==", "\"a b\"", ":", "41", "%", ""]);
        assert_eq!(
            texts("[ip=::1,v=10.0.0.1] ü"),
            ["[", "ip", "=", ":", ":", "1", ",", "v", "=", "10.0", ".", "0.1", "]", "ü", ""]
        );
    }

    #[test]
    fn an_open_quote_is_underlined() {
        assert_eq!(tokens("x == \"a", 0..7).unwrap_err().span, 5..7);
    }
}
