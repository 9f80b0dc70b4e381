//! The right configuration that `clawprobe advise` has for the product a finding is about.

use super::Report;
use super::text::tame;
use crate::advise::product;
use crate::facts::{Cell, Facts};
use crate::judge::verdict::Finding;
use crate::path::{Class, Path};

/// The name under which `clawprobe advise` knows what stands in front, for a finding that binds edges alone; none where the edges
/// of one finding are of several products, or of one that does not show itself.
pub fn on(finding: &Finding, report: &Report<'_>) -> Option<String> {
    let topology = &report.judgement.topology;
    let paths: Option<Vec<&Path>> = finding.vantages.iter().map(|at| topology.path(at)).collect();
    let paths = paths.filter(|paths| !paths.is_empty() && paths.iter().all(|path| path.class == Class::Edge))?;
    let mut names = paths.iter().map(|path| advised(&report.judgement.facts, path));
    let first = names.next()??;
    names.all(|name| name.as_ref() == Some(&first)).then_some(first)
}

/// The product that shows itself on the wire, else the way in that was recognised, if either can be advised on.
fn advised(facts: &Facts, path: &Path) -> Option<String> {
    let way = || facts.look("path", &path.vantage, &[], "pattern").text().map(tame);
    let known = product::all().ok()?;
    [shown(facts, path), way()].into_iter().flatten().find(|name| known.iter().any(|product| product.product == *name))
}

/// The product that shows itself in an answer by way of an edge.
pub fn shown(facts: &Facts, path: &Path) -> Option<String> {
    let rows = |table: &str| facts.rows(table, Some(&path.vantage)).0;
    let mut told =
        rows("upgrade").iter().chain(rows("http")).filter_map(|row| row.cell("product").and_then(Cell::text).map(tame));
    told.find(|product| product != "unknown")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::code::Layer;
    use crate::facts::Sheet;
    use crate::facts::sheet::RowBuilder;
    use crate::facts::tables::path::PATH;
    use crate::path::{HERE, Vantage};

    #[test]
    fn what_shows_itself_and_can_be_advised_on_is_named_for_a_finding_of_its_edge_alone() {
        let mut sample = sample::symptoms();
        let mut finding = sample::finding("WS-01", "x", Layer::Websocket, "edge:corp", &[]);
        assert_eq!(on(&finding, &sample.report()).as_deref(), Some("nginx"));
        finding.vantages.push(Vantage::path(HERE, "edge:lab"));
        assert_eq!(on(&finding, &sample.report()), None, "nothing shows itself there");
        finding.vantages = vec![Vantage::path(HERE, "local")];
        assert_eq!(on(&finding, &sample.report()), None, "no edge");
        finding.vantages = vec![Vantage::path(HERE, "edge:lab")];
        let mut sheet = Sheet::new(&PATH, &finding.vantages[0]);
        sheet.push(RowBuilder::new(&PATH, []).set("pattern", "serve").rest(Cell::Absent));
        sample.judgement.facts.add(sheet);
        assert_eq!(on(&finding, &sample.report()).as_deref(), Some("serve"));
    }
}
