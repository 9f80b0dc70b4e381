//! The report for people: head, grid, findings, what was not measured, and the count.

use super::count::Count;
use super::style::{Style, Tone};
use super::text::columns;
use super::{Report, finding, grid, head, lacking, timers, ways};
use crate::exit::Exit;

/// The whole report.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let verdict = &report.judgement.verdict;
    let grid = grid::render(report, style);
    let roots = verdict.findings.iter().filter(|f| f.explained_by.is_empty());
    let findings: String = roots.map(|root| finding::render(root, report, style) + "\n").collect();
    let parts = [
        head::render(report, style),
        grid,
        ways::render(report, style) + &timers::render(report, style),
        findings + &lacking::render(report, style) + &ended(report) + &last(report, style),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Mutes whose day is over: the row counts again, and whoever wrote the mute may not remember.
fn ended(report: &Report<'_>) -> String {
    let mutes = report.shelf.mutes.iter().filter_map(|mute| mute.ended(&report.recording.head.taken));
    mutes.map(|line| super::text::tame(&line) + "\n").collect()
}

fn last(report: &Report<'_>, style: &Style) -> String {
    let outcome = report.judgement.verdict.outcome.as_str();
    let left = format!("{outcome}: {}", Count::of(report).words());
    let right = format!("exit {}", report.status);
    let room = usize::from(style.width).saturating_sub(columns(&left) + columns(&right)).max(3);
    let tone = match report.exit {
        Exit::Healthy => Tone::Good,
        Exit::Symptoms => Tone::Bad,
        _ => Tone::Warn,
    };
    let defect = report.recording.end.defect.as_ref().map(|d| format!("clawprobe itself failed: {}\n", super::text::tame(d)));
    format!("{}{}{}{}\n", defect.unwrap_or_default(), style.paint(tone, &left), " ".repeat(room), style.paint(tone, &right))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn one_edge_wrong_and_one_right_are_told_apart_in_one_screen() {
        let sample = sample::symptoms();
        let text = render(&sample.report(), &Style::default());
        for line in [
            "websocket   ok      plain answer   ok              <- WS-01@edge:corp\n",
            "auth        ·       folded         no credential\n",
            "        folded     HEALTH-04 The gateway is silent (edge:corp)\n",
            "        run        nginx -T\n        set up     clawprobe advise nginx\n",
            r"from nginx\u{1b}]0;; the same",
        ] {
            assert!(text.contains(line), "no {line:?} in\n{text}");
        }
        let last = "symptoms: 2 proven, 0 suspected, 2 clear, 2 undecided";
        assert!(text.lines().last().unwrap().starts_with(last) && text.ends_with("   exit 1\n"), "{text}");
        assert!(text.lines().count() <= 29, "{text}");
    }

    #[test]
    fn a_healthy_run_prints_no_finding() {
        let sample = sample::healthy();
        let text = render(&sample.report(), &Style::default());
        assert!(text.lines().count() <= 12 && !text.contains("observed"), "{text}");
        assert!(text.trim_end().ends_with("exit 0"), "{text}");
    }

    #[test]
    fn colours_change_nothing_else() {
        let sample = sample::symptoms();
        let painted = render(&sample.report(), &Style { color: true, ..Style::default() });
        let plain = render(&sample.report(), &Style::default());
        assert_ne!(painted, plain);
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), plain);
    }

    #[test]
    fn a_narrow_terminal_splits_the_grid_and_keeps_every_column() {
        let sample = sample::symptoms();
        let text = render(&sample.report(), &Style { width: 48, color: false });
        assert_eq!(text.matches("\nlayer ").count(), 3, "{text}");
    }

    #[test]
    fn an_expected_refusal_is_green_and_beats_an_ordinary_clear() {
        let mut sample = sample::healthy();
        sample.judgement.verdict.clear[0].expected = true;
        let text = render(&sample.report(), &Style { color: true, ..Style::default() });
        assert!(text.contains("\u{1b}[32mexpected"), "{text}");
    }

    #[test]
    fn a_mute_that_ended_is_told() {
        let mut sample = sample::symptoms();
        let mute = |until: &str| crate::shelf::Mute {
            code: "AUTH-02".parse().unwrap(),
            reason: "known".into(),
            until: Some(until.into()),
            origin: "site.toml".into(),
        };
        sample.shelf.mutes = vec![mute("2020-01-01"), mute("2030-01-01")];
        let text = render(&sample.report(), &Style::default());
        assert!(text.contains("\nmute of AUTH-02 by site.toml ended on 2020-01-01; it counts again\n"), "{text}");
        assert_eq!(text.matches("ended on").count(), 1, "{text}");
    }

    #[test]
    fn muted_findings_do_not_fail_a_run_and_are_told() {
        let mut sample = sample::symptoms();
        sample.judgement.verdict.findings.iter_mut().for_each(|f| f.muted = Some("known".into()));
        sample.judgement.verdict.undecided.clear();
        let text = render(&sample.report(), &Style::default());
        assert!(text.contains("muted: known") && text.contains("(2 muted)") && text.ends_with("exit 0\n"), "{text}");
    }
}
