//! `--header-file`: headers for the edge's own authentication, one `Name: value` a line.

use std::path::Path;

use super::files;
use super::vault::Vault;
use crate::complaint::Complaint;
use crate::secret::Secret;

/// Headers that belong to the upgrade itself; another value would break what is to be measured.
const OURS: &[&str] = &["host", "connection", "upgrade", "content-length", "transfer-encoding"];

/// Reads the file. Blank lines and lines that begin with `#` are skipped.
///
/// # Errors
/// A complaint that points at the line; values are starred out.
pub fn read(path: &Path, vault: &mut Vault) -> Result<Vec<(String, Secret)>, Complaint> {
    let text = files::named("--header-file", path)?;
    let mut headers = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let here = start;
        start += line.len();
        let line = line.trim_end();
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = |title: &str, length: usize, label: &str| {
            Err(Complaint::new(title).at(path.display().to_string(), masked(&text), here..here + length, label.to_owned()))
        };
        let Some((name, value)) = line.split_once(':') else {
            return wrong("a header is written `Name: value`", line.len(), "no colon");
        };
        if !is_name(name) {
            return wrong("this cannot be the name of a header", name.len(), "not a name");
        }
        let lower = name.to_ascii_lowercase();
        if OURS.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            return wrong("this header belongs to the request itself", name.len(), "remove this line");
        }
        let value = value.trim();
        if value.is_empty() || value.contains(|c: char| c.is_control() && c != '\t') {
            return wrong("this header has no value that can be sent", line.len(), "empty, or with characters no header carries");
        }
        headers.push((name.to_owned(), vault.keep_header(value)));
    }
    Ok(headers)
}

/// A header's name is a token (RFC 9110 5.6.2).
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// The text with everything after each line's colon starred out; a line without one is starred out whole.
fn masked(text: &str) -> String {
    let line = |line: &str| {
        let shown = line.find(':').map_or(0, |i| i + 1);
        let stars = |c: char| if c.is_ascii_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) };
        format!("{}{}", &line[..shown], line[shown..].chars().map(stars).collect::<String>())
    };
    text.split_inclusive('\n').map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, Secret)>, Complaint> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path(), &mut Vault::default())
    }

    #[test]
    fn headers_are_read() {
        let got = read_text("# Access\nCF-Access-Client-Id: abc.access\r\n\nCookie: a=b:c\n").unwrap();
        assert_eq!(got[0], ("CF-Access-Client-Id".into(), Secret::new("abc.access")));
        assert_eq!(got[1], ("Cookie".into(), Secret::new("a=b:c")));
    }

    #[test]
    fn bad_lines_are_pointed_at_without_telling_a_value() {
        for (text, title) in [
            ("X-Ok: swordfish\nswordfish", "a header is written"),
            ("X Y: swordfish", "this cannot be the name"),
            ("Host: swordfish", "this header belongs"),
            ("Sec-WebSocket-Key: swordfish", "this header belongs"),
            ("X-Token:  ", "this header has no value"),
        ] {
            let complaint = read_text(text).unwrap_err();
            assert!(complaint.title.starts_with(title), "{complaint}");
            assert!(!complaint.to_string().contains("swordfish"), "{complaint}");
        }
    }
}
