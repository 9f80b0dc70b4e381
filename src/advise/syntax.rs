//! How a word from outside is written in a product's configuration: bare where it can be, quoted where it must be, refused where
//! the product gives a character a meaning that no quoting takes away.

use crate::labels;

labels! {
    /// The language of a configuration.
    pub enum Syntax {
        Nginx = "nginx": "nginx.conf.",
        Caddy = "caddy": "A Caddyfile.",
        Haproxy = "haproxy": "haproxy.cfg.",
        Apache = "apache": "httpd.conf.",
        Yaml = "yaml": "YAML.",
        Ssh = "ssh": "ssh_config.",
        Json5 = "json5": "JSON5, as openclaw.json is written.",
        Shell = "shell": "A command line of a POSIX shell.",
    }
}

impl Syntax {
    /// What begins a comment to the line's end.
    pub const fn comment(self) -> &'static str {
        match self {
            Self::Json5 => "//",
            _ => "#",
        }
    }

    /// The first character of a word that cannot be written safely.
    pub fn refuses(self, word: &str) -> Option<char> {
        let special: &[char] = match self {
            // `$` begins a variable even within quotes.
            Self::Nginx => &['$'],
            // Braces hold placeholders and `$` environment variables even within quotes, and a backslash is kept as it is.
            Self::Caddy => &['"', '\\', '{', '}', '`'],
            // Single quotes take every meaning away, but cannot be written within themselves.
            Self::Haproxy => &['\''],
            // `${…}` is replaced even within quotes.
            Self::Apache => &['$', '"', '\\'],
            // Traefik passes its file through Go's templates first.
            Self::Yaml => &['{', '}'],
            // `%` begins a token.
            Self::Ssh => &['"', '%', '\\', '$'],
            Self::Json5 | Self::Shell => &[],
        };
        word.chars().find(|c| c.is_control() || special.contains(c))
    }

    /// The word as it is written. What [`Self::refuses`] refuses must not come here.
    pub fn word(self, word: &str) -> String {
        let bare = !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/:[]".contains(&b));
        let escaped = |quote: &str, chars: &[char]| {
            let inner: String = word.chars().flat_map(|c| chars.contains(&c).then_some('\\').into_iter().chain([c])).collect();
            format!("{quote}{inner}{quote}")
        };
        match self {
            // In these a bare word may be a number, a truth or a mapping: a string is always quoted.
            Self::Yaml | Self::Json5 => serde_json::Value::from(word).to_string(),
            Self::Shell => crate::shell::word(word),
            _ if bare => word.to_owned(),
            Self::Nginx => escaped("\"", &['"', '\\']),
            Self::Caddy | Self::Apache | Self::Ssh => escaped("\"", &[]),
            Self::Haproxy => escaped("'", &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_word_stays_as_it_is_and_a_blank_is_quoted() {
        for syntax in [Syntax::Nginx, Syntax::Caddy, Syntax::Haproxy, Syntax::Apache, Syntax::Ssh] {
            assert_eq!(syntax.word("[::1]:18789"), "[::1]:18789");
            assert!(syntax.word("/a b").len() == "/a b".len() + 2, "{syntax}");
            assert!(syntax.word("").len() == 2, "{syntax}");
        }
        assert_eq!(Syntax::Yaml.word("443"), "\"443\"");
        // A shell would look for files of such names.
        assert_eq!(Syntax::Shell.word("[::1]:18789"), "'[::1]:18789'");
    }

    #[test]
    fn no_word_gets_out_of_its_quotes() {
        assert_eq!(Syntax::Nginx.word("a\";x \\"), r#""a\";x \\""#);
        assert_eq!(Syntax::Shell.word("a'; x"), r"'a'\''; x'");
        assert_eq!(Syntax::Json5.word("a\"b"), r#""a\"b""#);
        for (syntax, word) in [
            (Syntax::Nginx, "/a$b"),
            (Syntax::Caddy, "/a\"b"),
            (Syntax::Caddy, "{env.X}"),
            (Syntax::Haproxy, "a'b"),
            (Syntax::Apache, "${X}"),
            (Syntax::Apache, "a\"b"),
            (Syntax::Yaml, "{{x}}"),
            (Syntax::Ssh, "%h"),
            (Syntax::Shell, "a\nb"),
            (Syntax::Json5, "a\u{1b}b"),
        ] {
            assert!(syntax.refuses(word).is_some(), "{syntax}: {word:?}");
        }
    }
}
