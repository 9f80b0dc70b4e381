//! A recording is the run: read back, it is written and judged the same.

use clawprobe::judge::judge;
use clawprobe::plan;
use clawprobe::record::redact::hide;
use clawprobe::record::{Event, Recording, save};
use clawprobe::run::{Order, execute};
use clawprobe::shelf::Shelf;

use crate::engine::{Gateway, Manners, head, target};

fn live(shelf: &Shelf) -> Recording {
    let gateway = Gateway::start(Manners { accepts: true, together: 1 });
    let target = target(Some(gateway.url()), [format!("corp={}", gateway.url())]);
    let plan = plan::make(shelf, shelf.named_matrix("preflight").unwrap(), &target, &plan::Options::default()).unwrap();
    execute(Order { target: &target, head: head(plan, shelf) }, &mut |_| {}, std::future::pending())
}

#[test]
fn a_live_run_reads_back_writes_back_and_is_judged_the_same() {
    let shelf = Shelf::builtin().unwrap();
    let live = live(&shelf);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    save::save(&file, &live.write()).unwrap();
    let again = clawprobe::record::read::open(&file).unwrap();
    assert_eq!(again, live);
    assert_eq!(again.write(), live.write());
    assert_eq!(judge(&shelf, &again), judge(&shelf, &live));
    assert!(live.end.defect.is_none(), "{:?}", live.end.defect);
}

#[test]
fn the_order_of_a_recording_is_that_of_the_plan() {
    let shelf = Shelf::builtin().unwrap();
    let live = live(&shelf);
    let begun: Vec<String> = live
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Started { probe, vantage, .. } => Some(format!("{probe}@{vantage}")),
            _ => None,
        })
        .collect();
    let planned: Vec<String> = live
        .head
        .plan
        .lanes
        .iter()
        .flat_map(|lane| {
            let at = lane.path.as_ref().map_or(live.head.plan.site.clone(), |p| p.vantage.to_string());
            lane.steps.iter().map(move |step| format!("{}@{at}", step.probe))
        })
        .filter(|step| begun.contains(step))
        .collect();
    assert_eq!(begun, planned);
}

#[test]
fn a_public_recording_is_judged_to_the_same_codes() {
    let shelf = Shelf::builtin().unwrap();
    let live = live(&shelf);
    let codes = |recording: &Recording| {
        let verdict = judge(&shelf, recording).verdict;
        let findings: Vec<String> = verdict.findings.iter().map(|f| f.code.to_string()).collect();
        (verdict.outcome, findings, verdict.undecided.len(), verdict.clear.len())
    };
    assert_eq!(codes(&hide(live.clone())), codes(&live));
}

#[test]
fn a_file_that_is_no_recording_is_a_complaint() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    for (bytes, words) in
        [(&b""[..], "is empty"), (b"\xff\xfe\x00", "is not text"), (b"\x7fELF\0", "is not text"), (b"hello", "^")]
    {
        std::fs::write(&file, bytes).unwrap();
        let complaint = clawprobe::record::read::open(&file).unwrap_err().to_string();
        assert!(complaint.contains(words), "{complaint}");
    }
    let missing = clawprobe::record::read::open(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("cannot read the recording") && missing.contains('^'), "{missing}");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let waited = clawprobe::record::read::open(&pipe).unwrap_err().to_string();
    assert!(waited.contains("it is no regular file"), "{waited}");
}
