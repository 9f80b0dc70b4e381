//! Texts from outside, word by word: well-known words, numbers and releases stay, and whatever else stands there is hidden.

use std::net::IpAddr;

/// What separates one word from the next. Colons and slashes belong to addresses, media types and URLs.
const BETWEEN: &[char] = &[' ', '\t', ',', ';', '=', '"'];

/// The text with every word that is not known handed to `hide`.
pub fn veiled(text: &str, known: &[&str], hide: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(BETWEEN) {
        let word = piece.trim_end_matches(BETWEEN);
        if word.is_empty() || tells_nothing(word, known) {
            out.push_str(word);
        } else {
            out.push_str(&hide(word));
        }
        out.push_str(&piece[word.len()..]);
    }
    out
}

fn tells_nothing(word: &str, known: &[&str]) -> bool {
    let port = word.strip_prefix(':').unwrap_or(word);
    known.iter().any(|k| k.eq_ignore_ascii_case(word)) || is_number(port) || is_release(word)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
}

/// `2026.9.6`, `2026.9.6-1` or `2026.10.0-beta.1`; four numbers are an address.
fn is_release(word: &str) -> bool {
    let (numbers, rest) = word.split_once('-').map_or((word, None), |(numbers, rest)| (numbers, Some(rest)));
    let stage = |part: &str| ["alpha", "beta", "rc"].contains(&part) || (!part.is_empty() && is_number(part));
    let parts: Vec<&str> = numbers.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && is_number(part))
        && numbers.parse::<IpAddr>().is_err()
        && rest.is_none_or(|rest| rest.split('.').all(stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, known: &[&str]) -> String {
        veiled(text, known, |_| "HIDDEN".into())
    }

    #[test]
    fn what_anybody_writes_stays() {
        for text in [r#"h3=":443"; ma=86400, h3-29=":8443""#, "clear", "", "2026.9.6", "2026.10.0-beta.1"] {
            assert_eq!(shown(text, &["h3", "h3-29", "ma", "clear"]), text);
        }
    }

    #[test]
    fn what_somebody_chose_is_hidden_word_by_word() {
        for (text, want) in [
            (r#"h3="alt.corp.example:443"; ma=60"#, r#"h3="HIDDEN"; ma=60"#),
            ("https://[2001:db8::1]:8443", "HIDDEN"),
            ("10.0.0.7", "HIDDEN"),
            ("2026.9.6-corp", "HIDDEN"),
            ("date x-corp-node via", "date HIDDEN via"),
            ("Date X-Corp", "Date HIDDEN"),
        ] {
            assert_eq!(shown(text, &["h3", "ma", "date", "via"]), want);
        }
    }
}
