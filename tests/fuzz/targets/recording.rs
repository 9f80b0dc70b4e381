//! A recording from anywhere: read, written, hidden, judged and reported.

use clawprobe::exit::Exit;
use clawprobe::judge;
use clawprobe::record::{BUILD, Recording, redact};
use clawprobe::report::{Format, Report, render, style::Style};

use super::files::SHELF;
use super::sound;

/// What reads is written and reads again, can be hidden once and for all, and every report of it can be told.
pub fn recording(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let read = match Recording::read("run.jsonl", text) {
        Ok(read) => read,
        Err(complaint) => return drop(sound(&complaint)),
    };
    let written = read.write();
    let again = Recording::read("run.jsonl", &written).unwrap_or_else(|c| panic!("{c}\n{written}"));
    assert_eq!(again.write(), written, "written twice, and not the same");
    let hidden = redact::hide(read.clone());
    assert_eq!(redact::hide(hidden.clone()), hidden, "hidden twice, and not the same");
    for recording in [&read, &hidden] {
        report(recording);
    }
}

fn report(recording: &Recording) {
    let judgement = judge::judge(&SHELF, recording);
    let exit = judgement.verdict.exit(recording.head.fail_on);
    assert!(matches!(exit, Exit::Healthy | Exit::Symptoms | Exit::Inconclusive));
    let report = Report { recording, judgement: &judgement, shelf: &SHELF, judged_by: BUILD, exit, status: exit.number() };
    for format in [Format::Human, Format::Short, Format::Json, Format::Ndjson] {
        let text = render(format, &report, &Style::default());
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "a control character in {format}: {text:?}");
        if format == Format::Json {
            serde_json::from_str::<serde_json::Value>(&text).expect("JSON");
        }
    }
}
