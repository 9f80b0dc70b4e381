//! Writes a recording: one JSON object per line.

use super::{Event, Recording};

impl Recording {
    /// The whole recording as text. Reading it back and writing it again gives the same bytes.
    pub fn write(&self) -> String {
        let head = Event::Head(Box::new(self.head.clone()));
        let end = Event::End(self.end.clone());
        std::iter::once(&head).chain(&self.events).chain(std::iter::once(&end)).map(line).collect()
    }
}

/// One event as its line, line break included.
pub fn line(event: &Event) -> String {
    // Events hold strings, numbers and words only, and maps with string keys: serde_json cannot fail on them.
    serde_json::to_string(event).map(|text| text + "\n").unwrap_or_default()
}
