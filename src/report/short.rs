//! The short report: one line per root cause, or one line that says that all is well.

use super::Report;
use super::count::Count;
use super::grid::tone;
use super::style::{Style, Tone};
use super::text::tame;
use crate::judge::verdict::Finding;

/// The lines.
pub fn render(report: &Report<'_>, style: &Style) -> String {
    let verdict = &report.judgement.verdict;
    let head = &report.recording.head;
    let world = head.world.as_ref().map(|world| format!(" ({})", tame(world))).unwrap_or_default();
    let head = format!("{} {}{world}: {}.\n", verdict.outcome, tame(&head.target), Count::of(report).words());
    let roots = verdict.findings.iter().filter(|f| f.explained_by.is_empty());
    let open = verdict.undecided.iter().filter(|u| u.required && u.beneath.is_none()).map(|u| {
        format!("undecided {}: {} ({}).\n", style.paint(Tone::Warn, &u.id), u.title, super::lacking::why(&u.reason, report))
    });
    head + &roots.map(|f| line(f, report, style)).collect::<String>() + &open.collect::<String>()
}

fn line(root: &Finding, report: &Report<'_>, style: &Style) -> String {
    let folded = report.judgement.verdict.findings.iter().filter(|f| f.explained_by.first() == Some(&root.id)).count();
    let folded = if folded > 0 { format!(" {folded} folded.") } else { String::new() };
    let muted = root.muted.as_ref().map(|why| format!(" muted: {}", tame(why))).unwrap_or_default();
    format!(
        "{} {} {}: {}. {}{folded}{muted}\n",
        root.certainty,
        root.severity,
        style.paint(tone(root.severity), &root.id),
        root.title,
        tame(&root.first_response)
    )
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_muted_finding_says_why_it_does_not_count() {
        let mut sample = sample::symptoms();
        assert!(!render(&sample.report(), &Style::default()).contains("muted:"));
        sample.judgement.verdict.findings[0].muted = Some("known".into());
        let text = render(&sample.report(), &Style::default());
        assert!(text.lines().any(|line| line.contains("WS-01@") && line.ends_with(" muted: known")), "{text}");
    }
}
