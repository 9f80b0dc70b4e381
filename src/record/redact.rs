//! `--share public`: addresses and names give way to stand-ins, everywhere a recording can hold them.
//!
//! Equality is kept: the same address has the same stand-in (`address:ab12cd34`) wherever it turns up, so that every row
//! judges as before. Loopback and wildcard addresses stay, because they say nothing about anybody and half of the rows are
//! about them; ports stay. The names of sites and paths (`here/edge:corp`) stay too: the user typed them for reports.
//!
//! Whoever holds the key could try all addresses, so the key is the private recording's marker, and the public recording
//! carries another one, made from it one way.

mod words;

use std::net::{IpAddr, SocketAddr};

use super::{End, Event, Head, Recording, Share};
use crate::facts::schema::{Privacy, Type};
use crate::facts::series::Taken;
use crate::facts::sheet::SheetState;
use crate::facts::{Because, Cell, Sheet, Table, Value, dictionary};
use crate::openclaw::upgrade::is_own_text;
use crate::secret::Marker;

/// How the marker of a public recording begins.
const PUBLIC: &str = "public";

/// A name shorter than this is hidden in its own cell, but not searched for in sentences: it would blot out ordinary words.
const SHORTEST_NAME: usize = 4;

/// What a public report may not show, and what stands for it.
#[derive(Debug, Clone)]
pub struct Veil {
    marker: Marker,
    /// What to look for in sentences, longest first, and its stand-in.
    known: Vec<(String, String)>,
}

/// The recording as everybody may see it. One that is public already stays as it is.
pub fn hide(recording: Recording) -> Recording {
    if recording.head.marker.starts_with(PUBLIC) {
        return recording;
    }
    let mut veil = Veil::new(Marker::from_text(recording.head.marker.as_str()));
    recording.events.iter().for_each(|event| veil.learn(event));
    let Recording { head, events, end, .. } = recording;
    let events = events.iter().map(|event| veil.event(event)).collect();
    Recording::new(veil.head(&head), events, veil.end(&end))
}

impl Veil {
    /// A veil that knows nothing to look for yet.
    pub fn new(marker: Marker) -> Self {
        Self { marker, known: Vec::new() }
    }

    /// A host that sentences may mention before any fact does.
    pub fn learn_host(&mut self, host: &str) {
        let shown = self.address(host);
        self.know(host, shown);
    }

    /// Looks for what a sheet holds, so that sentences can be freed of it.
    pub fn learn(&mut self, event: &Event) {
        let Event::Sheet(sheet) = event else { return };
        let declared = dictionary::table(&sheet.table);
        for row in &sheet.rows {
            let keys = row.key.iter().filter_map(|(name, value)| Some((key_privacy(declared, name), value.as_text()?)));
            let cells = row.cells.iter().filter_map(|(name, cell)| Some((cell_privacy(declared, name), cell.text()?)));
            for (privacy, text) in keys.chain(cells).collect::<Vec<_>>() {
                match privacy {
                    Privacy::Address => self.learn_host(split_port(text).0),
                    Privacy::Words(known) => self.learn_words(text, known),
                    Privacy::Name if text.len() >= SHORTEST_NAME => {
                        let shown = self.name(text);
                        self.know(text, shown);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Sentences quote such a text whole, too.
    fn learn_words(&mut self, text: &str, known: &[&str]) {
        if text.len() >= SHORTEST_NAME {
            let shown = self.words(text, known);
            self.know(text, shown);
        }
    }

    fn know(&mut self, text: &str, shown: String) {
        if text != shown && !self.known.iter().any(|(known, _)| known == text) {
            self.known.push((text.to_owned(), shown));
            // One that contains another goes first, or its tail would stay.
            self.known.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        }
    }

    /// The same event, veiled.
    pub fn event(&self, event: &Event) -> Event {
        match event {
            Event::Head(head) => Event::Head(Box::new(self.head(head))),
            Event::Sheet(sheet) => Event::Sheet(self.sheet(sheet)),
            Event::End(end) => Event::End(self.end(end)),
            Event::Series(taken) => Event::Series(self.series(taken)),
            Event::Started { .. } | Event::Finished { .. } => event.clone(),
        }
    }

    fn head(&self, head: &Head) -> Head {
        let marker = self.marker.stand_in(PUBLIC, self.marker.as_str());
        let world = head.world.as_deref().map(|text| self.sentence(text));
        Head { marker, share: Share::Public, target: self.sentence(&head.target), world, ..head.clone() }
    }

    fn end(&self, end: &End) -> End {
        End { defect: end.defect.as_deref().map(|text| self.sentence(text)), ..end.clone() }
    }

    fn series(&self, taken: &Taken) -> Taken {
        let declared = dictionary::table(&taken.table);
        let veiled = |(name, text): (&String, &String)| {
            let ty = declared.and_then(|t| t.key(name)).map(|k| k.ty);
            (name.clone(), self.value(&Value::Text(text.clone()), ty, key_privacy(declared, name)).to_string())
        };
        Taken { key: taken.key.iter().map(veiled).collect(), ..taken.clone() }
    }

    fn sheet(&self, sheet: &Sheet) -> Sheet {
        let declared = dictionary::table(&sheet.table);
        let mut sheet = sheet.clone();
        for row in &mut sheet.rows {
            for (name, value) in &mut row.key {
                let ty = declared.and_then(|t| t.key(name)).map(|k| k.ty);
                *value = self.value(value, ty, key_privacy(declared, name));
            }
            for (name, cell) in &mut row.cells {
                let ty = declared.and_then(|t| t.field(name)).map(|f| f.ty);
                *cell = match &*cell {
                    Cell::Value { value } => Cell::Value { value: self.value(value, ty, cell_privacy(declared, name)) },
                    Cell::Absent => Cell::Absent,
                    Cell::NotMeasured(because) => Cell::NotMeasured(self.because(because)),
                };
            }
        }
        if let SheetState::Incomplete(because) | SheetState::NotMeasured(because) = &mut sheet.state {
            *because = self.because(because);
        }
        sheet
    }

    fn because(&self, because: &Because) -> Because {
        Because::new(because.reason, self.sentence(&because.because))
    }

    fn value(&self, value: &Value, ty: Option<Type>, privacy: Privacy) -> Value {
        match (value, ty, privacy) {
            (Value::Text(_), Some(Type::Label(_) | Type::Vantage), _) => value.clone(),
            (Value::Text(text), _, Privacy::Address) => Value::Text(self.address(text)),
            (Value::Text(text), _, Privacy::Name) => Value::Text(self.name(text)),
            (Value::Text(text), _, Privacy::Words(known)) => Value::Text(self.words(text, known)),
            (Value::Text(text), _, Privacy::Public) => Value::Text(self.sentence(text)),
            _ => value.clone(),
        }
    }

    /// What stands for an address, a host, or either with a port.
    fn address(&self, text: &str) -> String {
        let (host, port) = split_port(text);
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if tells_nothing(bare) {
            return text.to_owned();
        }
        format!("{}{port}", self.marker.stand_in("address", &bare.to_ascii_lowercase()))
    }

    /// What stands for a name or a peer's words; the gateway's fixed texts stay, because rows read them.
    fn name(&self, text: &str) -> String {
        if text.is_empty() || is_stand_in(text) || is_own_text(text) {
            text.to_owned()
        } else {
            self.marker.stand_in("name", text)
        }
    }

    /// A text with stand-ins for what is not well known in it: a host has the same one as wherever else it turns up.
    fn words(&self, text: &str, known: &[&str]) -> String {
        words::veiled(text, known, |word| {
            let (scheme, rest) = word.split_once("://").map_or(("", word), |(scheme, rest)| (&word[..scheme.len() + 3], rest));
            match rest.contains(['.', ':', '[']) && !rest.contains('/') {
                true => format!("{scheme}{}", self.address(rest)),
                false => self.name(word),
            }
        })
    }

    /// A sentence without anything that is known.
    fn sentence(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (known, shown) in &self.known {
            out = replace_word(&out, known, shown);
        }
        out
    }
}

/// Unknown columns may hold anything: hidden like names.
fn key_privacy(declared: Option<&Table>, name: &str) -> Privacy {
    declared.and_then(|t| t.key(name)).map_or(Privacy::Name, |k| k.privacy)
}

fn cell_privacy(declared: Option<&Table>, name: &str) -> Privacy {
    declared.and_then(|t| t.field(name)).map_or(Privacy::Name, |f| f.privacy)
}

/// Host and `:port` (empty when there is none).
fn split_port(text: &str) -> (&str, &str) {
    if text.parse::<IpAddr>().is_ok() {
        return (text, "");
    }
    match text.rfind(':') {
        Some(at)
            if text[at + 1..].parse::<u16>().is_ok() && (text.parse::<SocketAddr>().is_ok() || !text[..at].contains(':')) =>
        {
            let host = text[..at].strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(&text[..at]);
            (host, &text[at..])
        }
        _ => (text, ""),
    }
}

/// Loopback, wildcard, a bare number (a port among settings), a word of ours, or a stand-in already.
fn tells_nothing(host: &str) -> bool {
    let address = host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback() || ip.is_unspecified());
    address
        || host.is_empty()
        || host.bytes().all(|b| b.is_ascii_digit())
        || ["localhost", "named"].contains(&host)
        || is_stand_in(host)
}

/// Only in the shape that [`Marker::stand_in`] gives: a peer may call itself `name:somebody`.
fn is_stand_in(text: &str) -> bool {
    let digits = ["address:", "name:", "secret:"].iter().find_map(|kind| text.strip_prefix(kind));
    digits.is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Replaces a text where it is not part of a longer word.
fn replace_word(text: &str, word: &str, with: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(word) {
        let (head, tail) = (&rest[..at], &rest[at + word.len()..]);
        let left = head.chars().next_back().or(before);
        let whole = !left.is_some_and(char::is_alphanumeric) && !tail.chars().next().is_some_and(char::is_alphanumeric);
        out.push_str(head);
        out.push_str(if whole { with } else { word });
        before = word.chars().next_back();
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn veil() -> Veil {
        Veil::new(Marker::from_text("m"))
    }

    #[test]
    fn a_peers_own_words_are_hidden_and_the_gateways_fixed_ones_stay() {
        for (table, field) in [
            ("http", "server"),
            ("upgrade", "server"),
            ("upgrade", "text"),
            ("challenge", "close-reason"),
            ("connect", "close-reason"),
            ("connect", "message"),
            ("tls", "alert"),
            ("tls", "issuer"),
            ("tcp", "error"),
        ] {
            assert_eq!(cell_privacy(dictionary::table(table), field), Privacy::Name, "{table}.{field}");
        }
        let said = |text: &str| veil().value(&Value::from(text), Some(Type::Text), Privacy::Name).to_string();
        assert!(!said("Acme-GW/7 on vault-3").contains("vault"));
        assert!(said("Too many unauthenticated sockets").contains("Too many unauthenticated sockets"));
    }

    #[test]
    fn an_address_keeps_its_port_and_its_equality() {
        let v = veil();
        let bare = v.address("203.0.113.9");
        assert!(bare.starts_with("address:") && !bare.contains("203"), "{bare}");
        assert_eq!(v.address("203.0.113.9:443"), format!("{bare}:443"));
        assert_eq!(v.address("GW.example"), v.address("gw.example"));
        assert_eq!(v.address("[2001:db8::1]:443"), format!("{}:443", v.address("2001:db8::1")));
        assert_ne!(v.address("203.0.113.8"), bare);
        assert_eq!(v.address(&bare), bare);
    }

    #[test]
    fn what_says_nothing_about_anybody_stays() {
        for text in ["127.0.0.1", "::1", "127.0.0.1:18789", "[::1]:18789", "0.0.0.0", "::", "localhost", "named", "18789", ""] {
            assert_eq!(veil().address(text), text);
        }
    }

    #[test]
    fn sentences_lose_what_cells_taught_and_nothing_else() {
        let mut v = veil();
        v.learn_host("10.0.0.1");
        v.learn_host("gw.example");
        let out = v.sentence("ws://gw.example:1 at 10.0.0.1, not 110.0.0.1 or 10.0.0.11 or mygw.example");
        let hidden = v.address("10.0.0.1");
        assert_eq!(out, format!("ws://{}:1 at {hidden}, not 110.0.0.1 or 10.0.0.11 or mygw.example", v.address("gw.example")));
    }

    #[test]
    fn words_inside_words_stay() {
        assert_eq!(replace_word("abc bc bcd bc", "bc", "X"), "abc X bcd X");
        assert_eq!(replace_word("aaa", "aa", "X"), "aaa");
    }
}
