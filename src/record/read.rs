//! Reads a recording.

use std::ops::Range;
use std::path::Path;

use super::{End, Event, Head, Recording, SCHEMA};
use crate::complaint::Complaint;

/// Types of lines this build knows; others are left out, since later releases may add some.
const KNOWN: &[&str] = &["head", "started", "sheet", "finished", "end"];

/// The note of a recording that has no end.
const CUT_OFF: &str = "The recording has no end: the run that wrote it was cut off.";

/// One line of a recording and its place in the whole text.
struct Line<'a> {
    text: &'a str,
    at: usize,
    last: bool,
}

/// Reads a recording's file.
///
/// # Errors
/// A file that cannot be read, is not text, or is not a recording.
pub fn open(path: &Path) -> Result<Recording, Complaint> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        Complaint::new(format!("cannot read the recording: {error}")).at("command line", name.clone(), 0..name.len(), "this file")
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Recording::read(&name, &text),
        Err(_) => Err(binary(&name)),
    }
}

impl Recording {
    /// Reads a recording from its text; `name` is the file's name for complaints. Unknown types of lines and unknown fields are
    /// left out, unknown tables are kept. A recording that was cut off reads as interrupted.
    ///
    /// # Errors
    /// An empty or binary text, a line that is not JSON or not of the schema, a missing head, another schema.
    pub fn read(name: &str, text: &str) -> Result<Self, Complaint> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.contains('\0') {
            return Err(binary(name));
        }
        let mut lines = lines(text);
        let Some(first) = lines.next() else {
            return Err(Complaint::new(format!("{name} is empty")).help("`clawprobe preflight --save FILE` writes a recording"));
        };
        let head = head(name, text, &first)?;
        let mut events = Vec::new();
        for line in lines {
            match event(name, text, &line)? {
                Some(Event::End(end)) => return Ok(Self::new(head, events, end)),
                Some(Event::Head(_)) => return Err(wrong(name, text, &line, "a second head", "one recording per file")),
                Some(event) => events.push(event),
                None => {}
            }
        }
        let end = End { duration_ms: last_ms(&events), interrupted: true, defect: None, note: Some(CUT_OFF.to_owned()) };
        Ok(Self::new(head, events, end))
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |raw| {
        let line = Line { text: raw.trim_end(), at, last: at + raw.len() == text.len() };
        at += raw.len();
        (!line.text.is_empty()).then_some(line)
    })
}

fn head(name: &str, text: &str, line: &Line<'_>) -> Result<Head, Complaint> {
    let json: serde_json::Value = serde_json::from_str(line.text).map_err(|e| broken(name, text, line, &e))?;
    if json.get("type").and_then(|t| t.as_str()) != Some("head") {
        return Err(wrong(name, text, line, "no head", "a recording begins with {\"type\":\"head\"}"));
    }
    let schema = json.get("schema").and_then(|s| s.as_str()).unwrap_or_default();
    if major(schema) != major(SCHEMA) {
        let span =
            line.text.find(&format!("\"{schema}\"")).map_or(span_of(line), |i| line.at + i + 1..line.at + i + 1 + schema.len());
        return Err(Complaint::new(format!("the recording's schema is `{schema}`, this build reads `{SCHEMA}`"))
            .at(name, text, span, "another schema")
            .help("read it with the clawprobe that wrote it, or with a newer one"));
    }
    match serde_json::from_str(line.text) {
        Ok(Event::Head(head)) => Ok(*head),
        Ok(_) => Err(wrong(name, text, line, "no head", "a recording begins with {\"type\":\"head\"}")),
        Err(error) => Err(broken(name, text, line, &error)),
    }
}

/// A schema without its minor version: `clawprobe.recording/1` of `clawprobe.recording/1.4`.
fn major(schema: &str) -> &str {
    let (start, version) = schema.rsplit_once('/').unwrap_or(("", schema));
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    if start.is_empty() { schema } else { &schema[..start.len() + 1 + digits] }
}

/// The event of a line; none for a type this build does not know, and for a last line that was cut off.
fn event(name: &str, text: &str, line: &Line<'_>) -> Result<Option<Event>, Complaint> {
    match serde_json::from_str(line.text) {
        Ok(event) => Ok(Some(event)),
        Err(error) if error.is_eof() && line.last => Ok(None),
        Err(error) => {
            let json: Option<serde_json::Value> = serde_json::from_str(line.text).ok();
            match json.as_ref().and_then(|j| j.get("type")).and_then(|t| t.as_str()) {
                Some(kind) if !KNOWN.contains(&kind) => Ok(None),
                _ => Err(broken(name, text, line, &error)),
            }
        }
    }
}

fn last_ms(events: &[Event]) -> f64 {
    let at = |event: &Event| match event {
        Event::Started { at_ms, .. } | Event::Finished { at_ms, .. } => *at_ms,
        _ => 0.0,
    };
    events.iter().map(at).fold(0.0, f64::max)
}

fn binary(name: &str) -> Complaint {
    Complaint::new(format!("{name} is not text")).help("a recording is text: one JSON object per line")
}

fn span_of(line: &Line<'_>) -> Range<usize> {
    line.at..line.at + line.text.len()
}

fn wrong(name: &str, text: &str, line: &Line<'_>, label: &str, help: &str) -> Complaint {
    Complaint::new(format!("{name} is not a recording")).at(name, text, span_of(line), label).help(help)
}

fn broken(name: &str, text: &str, line: &Line<'_>, error: &serde_json::Error) -> Complaint {
    let column = if error.column() == 0 { 0 } else { error.column() - 1 };
    let mut start = (line.at + column).min(line.at + line.text.len().saturating_sub(1));
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    // serde_json adds its own line and column, which would be those of the one line.
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default().to_owned();
    Complaint::new(format!("{name} is not a recording: {words}"))
        .at(name, text, start..end, "here")
        .help("a recording is one JSON object per line, as `--save` writes it")
}
