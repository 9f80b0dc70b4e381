//! What is fuzzed: each target takes any bytes, and panics where a promise is broken. "No panic" alone is the least of them.
//!
//! The same functions run under the fuzzer (`tests/fuzz`) and, on the kept corpus, in every test run (`tests/house/fuzz.rs`).

mod files;
mod language;
mod recording;
mod settings;
mod stream;
mod wire;

use clawprobe::complaint::Complaint;
use clawprobe::secret::{Marker, Redactor, Secret};

/// Takes any bytes and panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also its folder in the corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("address", settings::address),
    ("answer", wire::answer),
    ("condition", language::condition),
    ("config", settings::config),
    ("fault", files::fault),
    ("frame", wire::frame),
    ("head", wire::head),
    ("overlay", files::overlay),
    ("recording", recording::recording),
    ("symptom", files::symptom),
    ("websocket", wire::websocket),
];

/// Runs the target of a name.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name");
    target(data);
}

/// The secret that peers and files may hold, and that nobody may be told.
const PLANTED: &str = "swordfish-planted";

/// A redactor that knows it.
fn redactor() -> Redactor {
    Redactor::new(Marker::from_text("m"), [Secret::new(PLANTED)])
}

/// Holds a complaint to its form: it points into the text, and prints without control characters.
fn sound(complaint: &Complaint) -> String {
    if let Some(place) = &complaint.place {
        let (text, span) = (&place.text, &place.span);
        assert!(span.start <= span.end && span.end <= text.len(), "{span:?} of {} bytes: {}", text.len(), complaint.title);
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{span:?} in {text:?}");
    }
    assert!(!complaint.title.is_empty());
    let shown = complaint.to_string();
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "a control character in {shown:?}");
    shown
}
