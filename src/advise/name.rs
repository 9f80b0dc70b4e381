//! Host names that may stand in a configuration and in a certificate.

use crate::complaint::Complaint;

/// RFC 1035, section 2.3.4: a label has up to 63 octets, a name up to 253 as it is written.
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;

/// The name in lower case, once it is one: labels of letters, digits and inner hyphens, joined by dots (RFC 1123, section 2.1).
///
/// # Errors
/// A complaint that underlines the first thing no host name has.
pub fn host(flag: &str, typed: &str) -> Result<String, Complaint> {
    let wrong = |from: usize, to: usize, label: &str| {
        let at = flag.len() + 1;
        let shown: String = typed.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let complaint =
            Complaint::new("this is no host name").at("command line", format!("{flag} {shown}"), at + from..at + to, label);
        Err(complaint.help("write the name clients use, as in gateway.example; without scheme, port or path"))
    };
    if typed.parse::<std::net::IpAddr>().is_ok() {
        return wrong(0, typed.len(), "an address; certificates are made out to names");
    }
    if typed.is_empty() || typed.len() > LONGEST_NAME {
        return wrong(0, typed.len().max(1), if typed.is_empty() { "empty" } else { "longer than 253 characters" });
    }
    if let Some((at, bad)) = typed.char_indices().find(|(_, c)| !c.is_ascii_alphanumeric() && *c != '-' && *c != '.') {
        return wrong(at, at + bad.len_utf8(), "not a letter, digit, hyphen or dot");
    }
    let mut at = 0;
    for label in typed.split('.') {
        if label.is_empty() {
            return wrong(at, at + 1, "an empty label");
        }
        if label.len() > LONGEST_LABEL || label.starts_with('-') || label.ends_with('-') {
            return wrong(at, at + label.len(), "1 to 63 characters, no hyphen at either end");
        }
        at += label.len() + 1;
    }
    Ok(typed.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name() {
        for (typed, name) in
            [("gateway.example", "gateway.example"), ("GW", "gw"), ("xn--bcher-kva.example", "xn--bcher-kva.example")]
        {
            assert_eq!(host("--name", typed).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_is_none_is_underlined_where_it_is_wrong() {
        let long = format!("{}.example", "a".repeat(64));
        for (typed, marked) in [
            ("gw.example;", ";"),
            ("gw example", " "),
            ("https://gw.example", ":"),
            ("gw..example", "."),
            ("gw.example.", ""),
            (".example", "."),
            ("-gw.example", "-gw"),
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("gw.ex\"ample", "\""),
            ("gw_1.example", "_"),
            ("gw\n.example", "?"),
            ("bücher.example", "ü"),
            ("", ""),
            (long.as_str(), &long[..64]),
        ] {
            let complaint = host("--name", typed).expect_err(typed);
            let place = complaint.place.clone().expect("a place");
            assert_eq!(place.text.get(place.span.clone()), Some(marked), "{complaint}");
        }
    }
}
