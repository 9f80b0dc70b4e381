//! Reads a recording.

use std::ops::Range;
use std::path::Path;

use super::{End, Event, Head, Recording, SCHEMA};
use crate::complaint::Complaint;
use crate::regular;

/// Types of lines this build knows; others are left out, since later releases may add some.
const KNOWN: &[&str] = &["head", "started", "sheet", "series", "finished", "end"];

/// The note of a recording that has no end.
const CUT_OFF: &str = "The recording has no end: the run that wrote it was cut off.";

/// The largest recording: a run writes some hundred KiB, and a million samples some ten MiB.
const LARGEST: u64 = 256 << 20;

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
    let bytes = regular::open(path).and_then(|file| regular::limited(file, LARGEST)).map_err(|error| {
        Complaint::new(format!("cannot read the recording: {}", regular::words(&error))).at(
            "command line",
            name.clone(),
            0..name.len(),
            "this file",
        )
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{FactId, Reason};
    use crate::path::Vantage;
    use crate::record::sample::recording;

    fn refused(text: &str) -> String {
        Recording::read("run.jsonl", text).unwrap_err().to_string()
    }

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn what_was_written_reads_back_byte_for_byte() {
        let live = recording();
        let text = live.write();
        let again = Recording::read("run.jsonl", &text).unwrap();
        assert_eq!(again, live);
        assert_eq!(again.write(), text);
    }

    #[test]
    fn bad_input_is_pointed_at() {
        let text = recording().write();
        assert!(refused("").contains("run.jsonl is empty"));
        assert!(refused("\n \n").contains("run.jsonl is empty"));
        assert!(refused("a\0b").contains("is not text"));
        assert!(refused("hello\n").contains("^"));
        assert!(refused("[]\n").contains("no head"));
        assert!(refused("{\"type\":\"end\"}\n").contains("a recording begins with"));
        assert!(refused("{\"type\":\"head\",\"schema\":\"clawprobe.recording/1\"}\n").contains("missing field"));
        let head = lines(&text)[0];
        let twice = refused(&format!("{head}\n{head}\n"));
        assert!(twice.contains("a second head") && twice.contains("run.jsonl:2:1"), "{twice}");
    }

    #[test]
    fn the_broken_line_and_column_are_named() {
        let text = recording().write();
        let mut lines = lines(&text);
        lines[2] = "{\"type\":\"sheet\",,}";
        let complaint = refused(&(lines.join("\n") + "\n"));
        assert!(complaint.contains("run.jsonl:3:17"), "{complaint}");
        let wrong_type = text.replacen("\"at_ms\":0.25", "\"at_ms\":\"soon\"", 1);
        let complaint = refused(&wrong_type);
        assert!(complaint.contains("run.jsonl:2:") && complaint.contains("expected f64"), "{complaint}");
    }

    #[test]
    fn another_major_schema_is_refused_and_another_minor_is_not() {
        let text = recording().write();
        let newer = refused(&text.replacen("clawprobe.recording/1", "clawprobe.recording/2", 1));
        assert!(newer.contains("`clawprobe.recording/2`") && newer.contains("another schema"), "{newer}");
        assert!(refused(&text.replacen("clawprobe.recording/1", "clawprobe.recording/10", 1)).contains("another schema"));
        assert!(refused(&text.replacen("clawprobe.recording/1", "", 1)).contains("another schema"));
        assert!(Recording::read("r", &text.replacen("clawprobe.recording/1", "clawprobe.recording/1.3", 1)).is_ok());
    }

    #[test]
    fn what_later_releases_add_is_left_out_and_unknown_tables_stay() {
        let text = recording().write();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[1] = lines[1].replacen('{', "{\"mood\":\"fine\",", 1);
        let sheet = r#"{"type":"sheet","table":"weather","vantage":"here","state":{"state":"complete"},"rows":[{"cells":{"sky":{"state":"value","value":{"text":"blue"}}}}]}"#;
        lines.insert(2, sheet.to_owned());
        lines.insert(3, String::from(r#"{"type":"sample","series":[1,2]}"#));
        let read = Recording::read("r", &(lines.join("\n") + "\n")).unwrap();
        let sky = read.facts.cell(&FactId {
            table: String::from("weather"),
            vantage: Some(Vantage::site("here")),
            key: Vec::new(),
            field: String::from("sky"),
        });
        assert!(sky.is("blue"));
        assert!(read.write().contains("weather") && !read.write().contains("sample"));
    }

    #[test]
    fn a_recording_that_was_cut_off_counts_as_interrupted_wherever_it_was_cut() {
        let whole = recording();
        let text = whole.write();
        let end = text.trim_end().rfind('\n').unwrap() + 1;
        let first = text.find('\n').unwrap() + 1;
        for cut in first..end {
            let read = Recording::read("r", &text[..cut]).unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
            assert!(read.end.interrupted && read.end.note.is_some(), "cut at {cut}");
            assert_eq!(Recording::read("r", &read.write()).unwrap(), read, "cut at {cut}");
        }
        let read = Recording::read("r", &text[..first]).unwrap();
        for table in ["tcp", "upgrade", "connect"] {
            let (_, state) = read.facts.rows(table, Some(&Vantage::path("here", "local")));
            let shown = format!("{state:?} {:?}", read.facts.rows(table, Some(&Vantage::path("here", "local"))).0);
            assert!(shown.contains(&format!("{:?}", Reason::Interrupted)), "{table}: {shown}");
        }
        assert!(Recording::read("r", &text[..end - 2]).unwrap().end.duration_ms > 0.0);
    }

    #[test]
    fn a_public_recording_hides_the_address_everywhere_and_keeps_it_equal() {
        let hidden = crate::record::redact::hide(recording());
        let text = hidden.write();
        assert!(!text.contains("192.168.7.9") && !text.contains("0011223344556677"), "{text}");
        let stand_in = hidden.head.target.strip_prefix("ws://").and_then(|t| t.strip_suffix(":18789")).unwrap().to_owned();
        assert!(stand_in.starts_with("address:"), "{stand_in}");
        assert_eq!(text.matches(&stand_in).count(), 3, "target, key and reason:\n{text}");
        assert_eq!(crate::record::redact::hide(hidden.clone()), hidden, "hiding twice changes nothing");
        assert_eq!(Recording::read("r", &text).unwrap(), hidden);
    }
}
