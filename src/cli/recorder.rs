//! Keeps a run's events as they come, so that even a defect leaves a recording behind.

use std::path::PathBuf;

use super::end::note;
use crate::record::Event;

/// A listener that holds a run's events until the run has come to its end. Only a defect makes lines of them here: a run that
/// ends well hands its own recording over.
pub struct Recorder {
    events: Vec<Event>,
    file: PathBuf,
}

impl Recorder {
    /// A recorder that falls back on a file in the working directory when nobody asked for one.
    pub fn new(save: Option<&PathBuf>, marker: &str) -> Self {
        let own = || PathBuf::from(format!("clawprobe-{marker}.jsonl"));
        Self { events: Vec::new(), file: save.cloned().unwrap_or_else(own) }
    }

    /// Takes an event, redacted as the run hands it out.
    pub fn hear(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn lines(&self) -> String {
        self.events.iter().filter_map(|event| serde_json::to_string(event).ok()).map(|line| line + "\n").collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.events.is_empty() && std::fs::write(&self.file, self.lines()).is_ok() {
            note(&format!("What was recorded so far is in {}.", self.file.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::End;

    #[test]
    fn a_defect_leaves_what_was_heard_and_an_ordinary_end_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("kept.jsonl");
        let heard = || {
            let mut recorder = Recorder::new(Some(&file), "00");
            recorder.hear(&Event::End(End { duration_ms: 1.0, interrupted: false, defect: None, note: None }));
            recorder
        };
        drop(heard());
        assert!(!file.exists());
        let run = || {
            let _recorder = heard();
            panic!("a planted defect");
        };
        assert!(std::panic::catch_unwind(run).is_err());
        assert!(std::fs::read_to_string(&file).unwrap().contains("\"type\":\"end\""));
    }
}
