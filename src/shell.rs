//! Words as a shell takes them, for commands that are printed to be copied.

/// A word, quoted if a shell would read it as more than that.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,%+".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for (text, expected) in [
            ("unix:/run/gw.sock", "unix:/run/gw.sock"),
            ("unix:/my dir/ü.sock", "'unix:/my dir/ü.sock'"),
            ("ws://[::1]:7", "'ws://[::1]:7'"),
            ("it's", r"'it'\''s'"),
            ("~", "'~'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(word(text), expected);
        }
    }
}
