//! Which paths a path is compared with, request by request: the direct one, and the edge just further in.

use std::collections::BTreeMap;

use super::paths::way;
use crate::path::{Class, Kind, Path, Vantage};
use crate::plan::Plan;
use crate::probe::{Beside, LaneState};
use crate::target::Target;

/// How each path is dialled whose lane has found out.
#[derive(Debug, Default)]
pub struct Reached(BTreeMap<Vantage, Dialled>);

/// The part of a lane's state that dials.
type Dialled = (Option<std::net::SocketAddr>, Option<std::net::IpAddr>);

impl Reached {
    /// Takes note of a lane that has got through.
    pub fn note(&mut self, at: &Vantage, state: &LaneState) {
        if state.peer.is_some() || state.reached {
            self.0.insert(at.clone(), (state.peer, state.source));
        }
    }

    /// The paths to compare one with, of those that were reached: the direct path, or a tunnel where there is none, and the edge
    /// that was named just before this one. Who names edges from the inside out gets them hop by hop.
    pub fn beside(&self, plan: &Plan, target: &Target, at: &Vantage) -> Vec<Beside> {
        let inner: Vec<&Path> = plan.paths().take_while(|path| path.vantage != *at).collect();
        let first = |fits: fn(&Path) -> bool| inner.iter().find(|path| fits(path) && self.0.contains_key(&path.vantage));
        let base = first(|path| path.class == Class::Direct).or_else(|| first(|path| path.kind == Kind::Tunnel));
        let hop = inner.iter().rev().find(|path| path.class == Class::Edge && path.kind != Kind::Tunnel);
        let dialled = |path: &&Path| {
            let (peer, source) = *self.0.get(&path.vantage)?;
            Some(Beside { vantage: path.vantage.clone(), way: way(target, path)?.clone(), peer, source })
        };
        base.into_iter().chain(hop).filter_map(dialled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::HERE;
    use crate::plan::fixture::{matrix, probes, shelf, target, way};
    use crate::plan::{Options, make};

    /// Whom a path is compared with when these were reached.
    fn beside(ways: &[(&str, Kind)], reached: &[&str], at: &str) -> Vec<String> {
        let shelf = shelf(probes());
        let ways = ways.iter().zip(1_u16..).map(|((name, kind), n)| way(name, *kind, n)).collect();
        let target = target(ways);
        let plan = make(&shelf, &matrix(&shelf), &target, &Options::default()).unwrap();
        let mut all = Reached::default();
        let got_through = LaneState { reached: true, ..LaneState::default() };
        reached.iter().for_each(|path| all.note(&Vantage::path(HERE, *path), &got_through));
        all.note(&Vantage::path(HERE, "edge:dead"), &LaneState::default());
        all.beside(&plan, &target, &Vantage::path(HERE, at)).into_iter().filter_map(|b| b.vantage.path).collect()
    }

    #[test]
    fn an_edge_is_compared_with_the_direct_path_and_the_edge_before_it() {
        let all = [("local", Kind::Local), ("tunnel", Kind::Tunnel), ("edge:a", Kind::Edge), ("edge:b", Kind::Edge)];
        let names = ["local", "tunnel", "edge:a", "edge:b"];
        assert_eq!(beside(&all, &names, "edge:a"), ["local"]);
        assert_eq!(beside(&all, &names, "edge:b"), ["local", "edge:a"]);
        assert_eq!(beside(&all, &names, "tunnel"), ["local"]);
        assert_eq!(beside(&all, &names, "local"), [""; 0]);
    }

    #[test]
    fn without_a_direct_path_a_tunnel_stands_for_it_and_what_was_not_reached_for_nothing() {
        let far = [("tunnel", Kind::Tunnel), ("edge:dead", Kind::Edge), ("edge:b", Kind::Edge)];
        assert_eq!(beside(&far, &["tunnel"], "edge:b"), ["tunnel"]);
        assert_eq!(beside(&far, &[], "edge:b"), [""; 0]);
        let both = [("lan", Kind::Lan), ("tunnel", Kind::Tunnel), ("edge:b", Kind::Edge)];
        assert_eq!(beside(&both, &["tunnel"], "edge:b"), ["tunnel"], "the direct path is down");
    }
}
