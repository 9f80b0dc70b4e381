//! The report as one JSON object of the schema `clawprobe.report/1`.

use serde_json::{Map, Value as Json};

use super::advice;
use super::text::tame_json;
use super::{Report, v1, ways};
use crate::code::Code;
use crate::facts::value::Because;
use crate::facts::{Cell, FactId, Row, Sheet, SheetState, dictionary};
use crate::judge::verdict;
use crate::path::{Site, Topology, Vantage};
use crate::shelf::answer;

/// The object, indented, its last line ended.
pub fn render(report: &Report<'_>) -> String {
    // The shapes of v1 are strings, numbers and lists of them: serialising those cannot fail.
    tame_json(&serde_json::to_string_pretty(&shape(report)).unwrap_or_default()) + "\n"
}

fn shape<'a>(report: &Report<'a>) -> v1::Report<'a> {
    let (head, end, verdict) = (&report.recording.head, &report.recording.end, &report.judgement.verdict);
    v1::Report {
        schema: v1::SCHEMA,
        verdict: verdict.outcome.as_str(),
        root: verdict.root.as_ref().map(Code::as_str),
        roots: &verdict.roots,
        exit: report.status,
        matrix: &head.plan.matrix,
        target: &head.target,
        world: head.world.as_deref(),
        tool: &head.tool,
        judged_by: report.judged_by,
        taken: &head.taken,
        duration_ms: end.duration_ms,
        interrupted: end.interrupted,
        defect: end.defect.as_deref(),
        fail_on: head.fail_on.as_str(),
        share: head.share.as_str(),
        shelf: report.shelf.origins.iter().map(|o| v1::Origin { name: &o.name, digest: &o.digest }).collect(),
        deployment: deployment(report),
        vantages: vantages(report),
        findings: verdict.findings.iter().map(|f| finding(f, report)).collect(),
        undecided: verdict.undecided.iter().map(undecided).collect(),
        clear: verdict.clear.iter().map(clear).collect(),
        facts: report.judgement.facts.sheets().flat_map(cells).collect(),
        tables: report.judgement.facts.sheets().map(table).collect(),
        plan: &head.plan,
    }
}

/// What is told of an offer of HTTP/3.
const HTTP3: &str = "seen-not-measured";

/// How each site shows the gateway to be deployed.
fn deployment<'a>(report: &Report<'a>) -> Vec<v1::Deployment<'a>> {
    let judgement = report.judgement;
    let one = |site: &'a Site| {
        let told = |field: &str| {
            let cell = judgement.facts.look("deployment", &Vantage::site(&site.name), &[], field);
            cell.text().unwrap_or("unknown").to_owned()
        };
        v1::Deployment { site: &site.name, mode: told("mode"), tailscale: told("tailscale") }
    };
    judgement.topology.sites.iter().map(one).collect()
}

fn vantages<'a>(report: &Report<'a>) -> Vec<v1::Vantage<'a>> {
    let topology: &Topology = &report.judgement.topology;
    let sites = topology.sites.iter().map(|s| v1::Vantage {
        id: s.name.clone(),
        site: &s.name,
        path: None,
        role: Some(s.role.as_str()),
        kind: None,
        class: None,
        pattern: None,
        http3: None,
        rides_on: &[],
    });
    let paths = topology.paths.iter().map(|p| v1::Vantage {
        id: p.vantage.to_string(),
        site: &p.vantage.site,
        path: p.vantage.path.as_deref(),
        role: None,
        kind: Some(p.kind.as_str()),
        class: Some(p.class.as_str()),
        pattern: report.judgement.facts.look("path", &p.vantage, &[], "pattern").text().map(str::to_owned),
        http3: ways::offers_http3(report).any(|other| other.vantage == p.vantage).then_some(HTTP3),
        rides_on: &p.rides_on,
    });
    sites.chain(paths).collect()
}

/// A finding in the shape of the report, which the event stream shares.
pub fn finding<'a>(f: &'a verdict::Finding, report: &Report<'a>) -> v1::Finding<'a> {
    v1::Finding {
        id: &f.id,
        code: f.code.as_str(),
        name: &f.name,
        title: &f.title,
        layer: f.layer.as_str(),
        family: &f.family,
        plane: f.plane.as_str(),
        vantage: first(&f.vantages),
        vantages: f.vantages.iter().map(Vantage::to_string).collect(),
        certainty: f.certainty.as_str(),
        severity: f.severity.as_str(),
        explained_by: &f.explained_by,
        observed: &f.observed,
        expected: &f.expected,
        therefore: &f.therefore,
        first_response: &f.first_response,
        commands: &f.commands,
        advise: advice::on(f, report),
        answers: answer::of_code(report.shelf, &f.code).map(|a| a.name.as_str()).collect(),
        evidence: f.evidence.iter().map(|e| v1::Evidence { id: &e.id, value: &e.value }).collect(),
        muted: f.muted.as_deref(),
    }
}

/// An undecided row in the shape of the report.
pub fn undecided(u: &verdict::Undecided) -> v1::Undecided<'_> {
    v1::Undecided {
        code: &u.code,
        id: &u.id,
        title: &u.title,
        layer: u.layer.map(|l| l.as_str()),
        vantage: first(&u.vantages),
        required: u.required,
        lacks: u.lacks.iter().map(lacking).collect(),
        reason: u.reason.reason.as_str(),
        because: &u.reason.because,
        beneath: u.beneath.as_deref(),
    }
}

fn lacking(l: &verdict::Lacking) -> v1::Lacking<'_> {
    v1::Lacking { id: &l.id, reason: l.because.reason.as_str(), because: &l.because.because }
}

/// A clear row in the shape of the report.
pub fn clear(c: &verdict::Clear) -> v1::Clear<'_> {
    v1::Clear { id: &c.id, layer: c.layer.as_str(), vantage: first(&c.vantages), expected: c.expected }
}

fn first(vantages: &[Vantage]) -> Option<String> {
    vantages.first().map(Vantage::to_string)
}

fn place(sheet: &Sheet) -> (Option<&str>, Option<&str>) {
    (sheet.vantage.as_ref().map(|v| v.site.as_str()), sheet.vantage.as_ref().and_then(|v| v.path.as_deref()))
}

fn table(sheet: &Sheet) -> v1::Table<'_> {
    let (site, path) = place(sheet);
    let (state, because) = match &sheet.state {
        SheetState::Complete => ("complete", None),
        SheetState::Incomplete(because) => ("incomplete", Some(because)),
        SheetState::NotMeasured(because) => ("not-measured", Some(because)),
    };
    let (reason, because) = why(because);
    v1::Table { table: &sheet.table, site, path, state, rows: sheet.rows.len(), reason, because }
}

fn why(because: Option<&Because>) -> (Option<&str>, Option<&str>) {
    (because.map(|b| b.reason.as_str()), because.map(|b| b.because.as_str()).filter(|b| !b.is_empty()))
}

fn cells(sheet: &Sheet) -> impl Iterator<Item = v1::Fact<'_>> {
    sheet.rows.iter().flat_map(move |row| row.cells.iter().map(move |(field, cell)| fact(sheet, row, field, cell)))
}

fn fact<'a>(sheet: &'a Sheet, row: &'a Row, field: &'a str, cell: &'a Cell) -> v1::Fact<'a> {
    let (site, path) = place(sheet);
    let id = FactId { table: sheet.table.clone(), vantage: sheet.vantage.clone(), key: row.key.clone(), field: field.to_owned() };
    let (state, value, because) = match cell {
        Cell::Value { value } => ("value", value.to_json(), None),
        Cell::Absent => ("absent", Json::Null, None),
        Cell::NotMeasured(because) => ("not-measured", Json::Null, Some(because)),
    };
    let (reason, because) = why(because);
    v1::Fact {
        id: id.to_string(),
        table: &sheet.table,
        site,
        path,
        key: row.key.iter().map(|(k, v)| (k.clone(), v.to_json())).collect::<Map<_, _>>(),
        field,
        state,
        value,
        unit: dictionary::table(&sheet.table).and_then(|t| t.field(field)).and_then(|f| f.ty.unit()),
        reason,
        because,
    }
}
