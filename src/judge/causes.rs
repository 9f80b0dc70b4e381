//! Which finding explains which, and which of them are the roots.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::code::{Certainty, Code, Layer, Severity};
use crate::path::{Kind, Role, Topology, Vantage};

/// What a cause needs to know of a finding.
#[derive(Debug, Clone)]
pub struct Effect {
    /// The finding's id.
    pub id: String,
    /// The code.
    pub code: Code,
    /// Codes whose findings may explain it.
    pub explained_by: Vec<Code>,
    /// Proven or suspected.
    pub certainty: Certainty,
    /// Weight.
    pub severity: Severity,
    /// Layer of the walk.
    pub layer: Layer,
    /// What its instance binds.
    pub scope: Bindings,
    /// Whether the site's overlay mutes it: it still explains, but is no root.
    pub muted: bool,
}

/// What an instance binds, by kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bindings {
    /// Paths.
    pub paths: Vec<Vantage>,
    /// Sites.
    pub sites: Vec<String>,
    /// Rows of other tables: table and key as text.
    pub rows: BTreeMap<String, String>,
}

/// The answer: explainers of each finding, and the roots in order.
#[derive(Debug, Default, PartialEq)]
pub struct Causes {
    /// For each finding, in the order given, the indices of the findings that explain it, heaviest first.
    pub explainers: Vec<Vec<usize>>,
    /// Indices of the findings that nothing explains, heaviest first.
    pub roots: Vec<usize>,
    /// All indices: each root followed by what it explains, every finding once, under the first cause.
    pub order: Vec<usize>,
}

/// Finds explainers and roots.
pub fn causes(effects: &[Effect], topology: &Topology, fail_on: Severity) -> Causes {
    let explains = |g: usize, f: usize| g != f && explains(&effects[g], &effects[f], topology);
    let mut explainers: Vec<Vec<usize>> =
        (0..effects.len()).map(|f| (0..effects.len()).filter(|&g| explains(g, f)).collect()).collect();
    let reach: Vec<usize> = (0..effects.len()).map(|g| explained_below(g, &explainers)).collect();
    let rank = |i: &usize| order_of(&effects[*i], reach[*i], topology, fail_on);
    explainers.iter_mut().for_each(|list| list.sort_by_key(&rank));
    let mut roots: Vec<usize> = (0..effects.len()).filter(|&f| explainers[f].is_empty()).collect();
    roots.sort_by_key(&rank);
    let mut order = Vec::new();
    for &root in &roots {
        walk(root, &explainers, &rank, &mut order);
    }
    roots.retain(|&i| !effects[i].muted);
    Causes { explainers, roots, order }
}

fn walk<K: Ord>(at: usize, explainers: &[Vec<usize>], rank: &impl Fn(&usize) -> K, order: &mut Vec<usize>) {
    if order.contains(&at) {
        return;
    }
    order.push(at);
    let mut below: Vec<usize> = (0..explainers.len()).filter(|&f| explainers[f].contains(&at)).collect();
    below.sort_by_key(rank);
    below.into_iter().for_each(|f| walk(f, explainers, rank, order));
}

/// How many findings a finding explains, directly or through others.
fn explained_below(of: usize, explainers: &[Vec<usize>]) -> usize {
    let mut seen = vec![of];
    let mut open = vec![of];
    while let Some(g) = open.pop() {
        for f in (0..explainers.len()).filter(|&f| explainers[f].contains(&g)) {
            if !seen.contains(&f) {
                seen.push(f);
                open.push(f);
            }
        }
    }
    seen.len() - 1
}

/// The design's order of roots: at or above the threshold, proven, severity, inner layer, more explained, the gateway's
/// site before a client's, inner kind of path, code, instance.
fn order_of(e: &Effect, explained: usize, topology: &Topology, fail_on: Severity) -> impl Ord + use<> {
    (
        Reverse(e.severity >= fail_on),
        Reverse(e.certainty),
        Reverse(e.severity),
        e.layer,
        Reverse(explained),
        Reverse(at_gateway(e, topology)),
        innermost(e, topology),
        e.code.clone(),
        e.id.clone(),
    )
}

fn at_gateway(e: &Effect, topology: &Topology) -> bool {
    let sites = e.scope.sites.iter().chain(e.scope.paths.iter().map(|p| &p.site));
    let mut roles = sites.filter_map(|name| topology.site(name)).map(|site| site.role);
    roles.any(|role| role == Role::GatewayHost)
}

fn innermost(e: &Effect, topology: &Topology) -> Option<Kind> {
    e.scope.paths.iter().filter_map(|p| topology.path(p)).map(|p| p.kind).min()
}

fn explains(g: &Effect, f: &Effect, topology: &Topology) -> bool {
    if g.certainty < f.certainty {
        return false;
    }
    if g.code == f.code {
        return further_in(g, f, topology);
    }
    f.explained_by.contains(&g.code) && scopes_agree(&g.scope, &f.scope, topology)
}

/// The same code on an inner path explains itself further out.
fn further_in(g: &Effect, f: &Effect, topology: &Topology) -> bool {
    let rides = |outer: &Vantage| g.scope.paths.iter().any(|inner| topology.rides(outer, inner));
    !f.scope.paths.is_empty() && f.scope.paths.iter().all(rides) && g.scope.rows == f.scope.rows
}

/// Whether what *g* is about is what *f* is about, or lies on its way.
fn scopes_agree(g: &Bindings, f: &Bindings, topology: &Topology) -> bool {
    let rows_agree = g.rows.iter().all(|(table, key)| f.rows.get(table).is_none_or(|other| other == key));
    let common_row = g.rows.keys().any(|table| f.rows.contains_key(table));
    let on_the_way = |inner: &Vantage| f.paths.iter().any(|outer| outer == inner || topology.rides(outer, inner));
    let is_end =
        |site: &String| f.paths.iter().any(|p| &p.site == site || topology.host(p).is_some_and(|host| &host.name == site));
    let places_agree = match (g.paths.is_empty(), f.paths.is_empty(), g.sites.is_empty(), f.sites.is_empty()) {
        (false, false, _, _) => Some(g.paths.iter().all(on_the_way)),
        (true, false, false, true) => Some(g.sites.iter().all(is_end)),
        (_, _, false, false) => Some(g.sites == f.sites),
        _ => None,
    };
    rows_agree && places_agree.unwrap_or(common_row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::{HERE, Path, Site};

    fn topology() -> Topology {
        let path = |site: &str, name: &str, kind: Kind, rides: &[&str]| Path {
            vantage: Vantage::path(site, name),
            kind,
            class: kind.class(),
            rides_on: rides.iter().map(|s| s.to_string()).collect(),
        };
        Topology {
            sites: vec![Site { name: HERE.into(), role: Role::GatewayHost }, Site { name: "laptop".into(), role: Role::Client }],
            paths: vec![
                path(HERE, "local", Kind::Local, &[]),
                path(HERE, "edge:a", Kind::Edge, &["local"]),
                path(HERE, "edge:b", Kind::Edge, &["edge:a", "local"]),
                path(HERE, "edge:c", Kind::Edge, &[]),
                path("laptop", "edge:a", Kind::Edge, &[]),
            ],
        }
    }

    fn on(code: &str, place: &str, by: &[&str]) -> Effect {
        let vantage: Vantage = place.parse().unwrap();
        let scope = match &vantage.path {
            Some(_) => Bindings { paths: vec![vantage], ..Bindings::default() },
            None => Bindings { sites: vec![vantage.site], ..Bindings::default() },
        };
        Effect {
            id: format!("{code}@{place}"),
            code: code.parse().unwrap(),
            explained_by: by.iter().map(|c| c.parse().unwrap()).collect(),
            certainty: Certainty::Proven,
            severity: Severity::Error,
            layer: Layer::Edge,
            scope,
            muted: false,
        }
    }

    fn roots(effects: &[Effect]) -> Vec<String> {
        causes(effects, &topology(), Severity::Warning).roots.into_iter().map(|i| effects[i].id.clone()).collect()
    }

    #[test]
    fn an_edge_explains_its_own_path_only() {
        let found = [
            on("EDGE-01", "here/edge:a", &[]),
            on("WS-01", "here/edge:a", &["EDGE-01"]),
            on("WS-01", "here/edge:c", &["EDGE-01"]),
        ];
        assert_eq!(roots(&found), ["EDGE-01@here/edge:a", "WS-01@here/edge:c"]);
    }

    #[test]
    fn what_breaks_a_hop_breaks_what_rides_on_it() {
        let found = [on("EDGE-01", "here/edge:a", &[]), on("WS-01", "here/edge:b", &["EDGE-01"])];
        assert_eq!(roots(&found), ["EDGE-01@here/edge:a"]);
        let outward = [on("EDGE-01", "here/edge:b", &[]), on("WS-01", "here/edge:a", &["EDGE-01"])];
        assert_eq!(roots(&outward).len(), 2, "an outer hop does not explain an inner path");
    }

    #[test]
    fn the_same_code_explains_itself_further_out() {
        let found = [on("WS-07", "here/local", &[]), on("WS-07", "here/edge:a", &[])];
        assert_eq!(roots(&found), ["WS-07@here/local"]);
        let apart = [on("WS-07", "here/edge:c", &[]), on("WS-07", "here/edge:a", &[])];
        assert_eq!(roots(&apart).len(), 2);
    }

    #[test]
    fn a_site_explains_paths_that_end_there() {
        let by = &["LISTEN-09"];
        assert_eq!(roots(&[on("LISTEN-09", "here", &[]), on("WS-01", "here/edge:a", by)]), ["LISTEN-09@here"]);
        assert_eq!(
            roots(&[on("LISTEN-09", "here", &[]), on("WS-01", "laptop/edge:a", by)]),
            ["LISTEN-09@here"],
            "the gateway's end"
        );
        assert_eq!(roots(&[on("LISTEN-09", "laptop", &[]), on("WS-01", "here/edge:a", by)]).len(), 2);
    }

    #[test]
    fn a_path_does_not_explain_a_site() {
        assert_eq!(roots(&[on("WS-01", "here/local", &[]), on("LISTEN-09", "here", &["WS-01"])]).len(), 2);
    }

    #[test]
    fn sites_must_be_equal_and_rows_too() {
        let by = &["LISTEN-09"];
        assert_eq!(roots(&[on("LISTEN-09", "here", &[]), on("LISTEN-03", "here", by)]), ["LISTEN-09@here"]);
        assert_eq!(roots(&[on("LISTEN-09", "here", &[]), on("LISTEN-03", "laptop", by)]).len(), 2);
        let row = |e: Effect, key: &str| Effect {
            scope: Bindings { rows: [("listener".to_owned(), key.to_owned())].into(), ..Bindings::default() },
            id: format!("{}@{key}", e.code),
            ..e
        };
        let g = row(on("LISTEN-09", "here", &[]), "0.0.0.0:1");
        assert_eq!(roots(&[g.clone(), row(on("LISTEN-03", "here", by), "0.0.0.0:1")]).len(), 1);
        assert_eq!(roots(&[g.clone(), row(on("LISTEN-03", "here", by), "0.0.0.0:2")]).len(), 2);
        assert_eq!(roots(&[g, on("LISTEN-03", "here", by)]).len(), 2, "nothing in common");
    }

    #[test]
    fn a_suspicion_does_not_explain_a_proof() {
        let suspected = Effect { certainty: Certainty::Suspected, ..on("EDGE-01", "here/edge:a", &[]) };
        assert_eq!(roots(&[suspected, on("WS-01", "here/edge:a", &["EDGE-01"])]).len(), 2);
    }

    #[test]
    fn roots_stand_in_the_designs_order() {
        let base = |code: &str, place: &str| on(code, place, &[]);
        let notice = Effect { severity: Severity::Notice, layer: Layer::Listener, ..base("LISTEN-09", "here") };
        let suspected = Effect { certainty: Certainty::Suspected, ..base("WS-02", "here/edge:c") };
        let warning = Effect { severity: Severity::Warning, ..base("WS-03", "here/edge:c") };
        let inner = Effect { layer: Layer::Listener, ..base("WS-08", "here/edge:c") };
        let explaining = base("EDGE-02", "here/edge:c");
        let explained = on("WS-01", "here/edge:c", &["EDGE-02"]);
        let client = base("EDGE-01", "laptop/edge:a");
        let local = base("WS-09", "here/local");
        let edge = base("AUTH-02", "here/edge:a");
        let all = [notice, suspected, warning, client, edge, local, explained, explaining, inner];
        assert_eq!(
            roots(&all),
            [
                "WS-08@here/edge:c",
                "EDGE-02@here/edge:c",
                "WS-09@here/local",
                "AUTH-02@here/edge:a",
                "EDGE-01@laptop/edge:a",
                "WS-03@here/edge:c",
                "WS-02@here/edge:c",
                "LISTEN-09@here"
            ]
        );
    }

    #[test]
    fn an_effect_of_two_causes_stands_once_under_the_first() {
        let found = [
            on("WS-01", "here/edge:a", &["EDGE-01", "EDGE-02"]),
            on("EDGE-02", "here/edge:a", &[]),
            on("EDGE-01", "here/edge:a", &[]),
        ];
        let c = causes(&found, &topology(), Severity::Warning);
        assert_eq!(c.explainers[0], [2, 1]);
        assert_eq!(c.order, [2, 0, 1]);
    }

    #[test]
    fn a_muted_finding_explains_but_is_no_root() {
        let muted = Effect { muted: true, ..on("EDGE-01", "here/edge:a", &[]) };
        assert!(roots(&[muted, on("WS-01", "here/edge:a", &["EDGE-01"])]).is_empty());
    }
}
