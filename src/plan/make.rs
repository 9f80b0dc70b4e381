//! Makes the plan.

use std::collections::BTreeSet;
use std::time::Duration;

use super::schedule::{LANES_AT_ONCE, reserve_ms, worst};
use super::{Etiquette, Lack, Lane, Plan, Selection, Step, fit, needed};
use crate::complaint::{Complaint, meant};
use crate::facts::tables::site::CredentialState;
use crate::facts::value::show_ms;
use crate::path::{Class, HERE, Kind, Path, Vantage};
use crate::shelf::Shelf;
use crate::shelf::matrix::Matrix;
use crate::shelf::probe::{Method, Probe};
use crate::target::{Target, Way};

/// The smallest budget: below it not even a local gateway could be asked.
const SMALLEST_BUDGET: Duration = Duration::from_secs(1);

/// What the command line says about a plan.
#[derive(Debug, Clone)]
pub struct Options {
    /// The site's name.
    pub site: String,
    /// `--budget`; otherwise the matrix's own.
    pub budget: Option<Duration>,
    /// `--only`, as typed.
    pub only: Vec<String>,
    /// `--skip`, as typed.
    pub skip: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { site: HERE.to_owned(), budget: None, only: Vec::new(), skip: Vec::new() }
    }
}

/// Plans a matrix over the ways of a target.
///
/// # Errors
/// A budget under one second, words of `--only` or `--skip` that match nothing, and a matrix that asks for a probe nobody
/// knows or for more sockets at once than the etiquette allows.
pub fn make(shelf: &Shelf, matrix: &Matrix, target: &Target, options: &Options) -> Result<Plan, Complaint> {
    let budget = options.budget.unwrap_or(matrix.budget);
    if budget < SMALLEST_BUDGET {
        let shown = show_ms(budget.as_secs_f64() * 1_000.0);
        return Err(Complaint::new("the budget is under one second")
            .flag("--budget", &shown, "at least 1s")
            .help("try --budget 10s"));
    }
    let budget_ms = millis(budget);
    let chosen = Selection::parse(shelf, &options.only, &options.skip)?;
    let asked: Vec<&Probe> = matrix.probes.iter().map(|id| known(shelf, matrix, id)).collect::<Result<_, _>>()?;
    let probes = if chosen.is_everything() { asked } else { needed::probes(shelf, &chosen, &asked) };
    let mut lanes = lay(&probes, target, &options.site);
    let lanes_at_once = at_once(shelf, matrix, &lanes);
    let dropped =
        fit::fit(&mut lanes, lanes_at_once, budget_ms, |step| shelf.probe(&step.probe).is_some_and(|probe| probe.spare));
    let schedule = worst(&lanes, lanes_at_once);
    for (lane, wave) in lanes.iter_mut().zip(schedule.waves()) {
        lane.wave = wave;
    }
    let taken = |code: &&crate::code::Code| chosen.is_everything() || shelf.symptom(code).is_none_or(|row| chosen.takes(row));
    Ok(Plan {
        matrix: matrix.name.clone(),
        site: options.site.clone(),
        budget_ms,
        worst_case_ms: schedule.end_ms + reserve_ms(budget_ms),
        sockets: sockets(shelf, matrix, lanes_at_once, &lanes)?,
        lanes_at_once,
        credentials: credentials(&lanes, target),
        etiquette: Some(etiquette(shelf, &lanes)),
        require: matrix.require.iter().filter(taken).cloned().collect(),
        lacks: lacks(matrix, target),
        lanes,
        dropped,
    })
}

fn millis(d: Duration) -> u64 {
    d.as_millis().try_into().unwrap_or(u64::MAX)
}

fn known<'a>(shelf: &'a Shelf, matrix: &Matrix, id: &str) -> Result<&'a Probe, Complaint> {
    shelf.probe(id).ok_or_else(|| {
        let complaint = Complaint::new(format!("the matrix `{}` asks for the probe `{id}`, which does not exist", matrix.name));
        complaint.help(meant(id, shelf.probes.iter().map(|p| p.id.as_str()), "`clawprobe probes` lists all probes"))
    })
}

/// The site's lane, then one lane per way, innermost first.
fn lay(probes: &[&Probe], target: &Target, site: &str) -> Vec<Lane> {
    let mut ways: Vec<&Way> = target.ways.iter().collect();
    ways.sort_by_key(|way| way.kind);
    let direct = ways.iter().find(|way| way.kind.class() == Class::Direct).map(|way| way.name.clone());
    let mut lanes = vec![lane(None, probes.iter().filter(|p| p.paths.is_empty()))];
    for way in ways {
        let class = way.kind.class();
        // Whether an edge leads to the same gateway is found out only later; until it is refuted, it is taken to.
        let rides_on = if class == Class::Edge { direct.iter().cloned().collect() } else { Vec::new() };
        let path = Path { vantage: Vantage::path(site, &way.name), kind: way.kind, class, rides_on };
        lanes.push(lane(Some(path), probes.iter().filter(|p| p.asks(way.kind, way.endpoint.scheme))));
    }
    lanes
}

fn lane<'a>(path: Option<Path>, probes: impl Iterator<Item = &'a &'a Probe>) -> Lane {
    let mut steps: Vec<Step> = probes.map(|probe| step(probe)).collect();
    let here: BTreeSet<String> = steps.iter().map(|s| s.probe.clone()).collect();
    // A need that this kind of path never has cannot fail.
    steps.iter_mut().for_each(|s| s.needs.retain(|need| here.contains(need)));
    let share_ms = steps.iter().map(|s| s.deadline_ms).sum();
    Lane { path, steps, share_ms, wave: 0 }
}

fn step(probe: &Probe) -> Step {
    Step {
        probe: probe.id.clone(),
        primitive: probe.primitive.clone(),
        with: probe.with.clone(),
        needs: probe.needs.clone(),
        deadline_ms: millis(probe.deadline),
        credential: probe.credential,
    }
}

/// The most sockets that each path opens at once, the most first.
fn most_sockets(shelf: &Shelf, lanes: &[Lane]) -> Vec<usize> {
    let most = |lane: &Lane| lane.steps.iter().filter_map(|s| shelf.probe(&s.probe)).map(|p| p.sockets).max().unwrap_or(0);
    let mut each: Vec<usize> = lanes.iter().filter(|lane| lane.path.is_some()).map(most).collect();
    each.sort_unstable_by(|a, b| b.cmp(a));
    each
}

/// How many lanes may run at once: fewer than four where a matrix declares how many sockets it takes and each lane takes many.
fn at_once(shelf: &Shelf, matrix: &Matrix, lanes: &[Lane]) -> usize {
    let most = most_sockets(shelf, lanes).first().copied().unwrap_or_default().max(1);
    matrix.sockets.map_or(LANES_AT_ONCE, |sockets| (sockets / most).clamp(1, LANES_AT_ONCE))
}

/// The most sockets at once: those of the lanes that ask for the most, as many lanes as may run together.
fn sockets(shelf: &Shelf, matrix: &Matrix, at_once: usize, lanes: &[Lane]) -> Result<usize, Complaint> {
    let allowed = matrix.sockets.unwrap_or(LANES_AT_ONCE);
    let sum: usize = most_sockets(shelf, lanes).iter().take(at_once).sum();
    if sum > allowed {
        return Err(Complaint::new(format!("the plan could open {sum} sockets at once; at most {allowed} are allowed"))
            .help("name fewer paths, or ask for the probe with many sockets by itself"));
    }
    Ok(sum)
}

/// The most attempts that may fail: one, since a second is made only after the credential was accepted somewhere.
fn credentials(lanes: &[Lane], target: &Target) -> usize {
    let tries = lanes.iter().flat_map(|lane| &lane.steps).any(|step| step.credential);
    usize::from(tries && target.credential.state == CredentialState::Present)
}

/// What every step of every path may show of itself.
fn etiquette(shelf: &Shelf, lanes: &[Lane]) -> Etiquette {
    let of_path = lanes.iter().filter_map(|lane| Some((lane.path.as_ref()?.kind, lane)));
    let asked: Vec<(Kind, &Probe)> = of_path
        .flat_map(|(kind, lane)| lane.steps.iter().filter_map(move |step| Some((kind, shelf.probe(&step.probe)?))))
        .collect();
    let methods: BTreeSet<Method> = asked.iter().flat_map(|(_, probe)| probe.methods.iter().copied()).collect();
    let headers: BTreeSet<&String> = asked.iter().flat_map(|(_, probe)| &probe.headers).collect();
    Etiquette {
        connections: asked.iter().map(|(kind, probe)| probe.connections(*kind)).sum(),
        methods: methods.into_iter().collect(),
        headers: headers.into_iter().cloned().collect(),
    }
}

fn lacks(matrix: &Matrix, target: &Target) -> Vec<Lack> {
    // Whoever needs an edge is content with any path through one, a tunnel as well as Funnel.
    let serves = |way: &Way, kind: Kind| way.kind == kind || kind == Kind::Edge && way.kind.class() == Class::Edge;
    let lacking = |kind: &&Kind| !target.ways.iter().any(|way| serves(way, **kind));
    matrix.needs.iter().filter(lacking).map(|kind| Lack { kind: *kind, flag: flag(*kind).to_owned() }).collect()
}

/// The flag that names a path of a kind.
const fn flag(kind: Kind) -> &'static str {
    match kind {
        Kind::Local | Kind::Lan => "--gateway URL",
        Kind::Tailnet => "--tailnet HOST",
        Kind::Tunnel => "--tunnel URL",
        Kind::Serve | Kind::Funnel => "--localapi SOCKET",
        Kind::Edge => "--edge URL",
        Kind::Public => "--public URL",
    }
}
