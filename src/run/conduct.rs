//! Which lane runs when: the site and the direct lane at once, the others when the direct lane has had its quiet second.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Semaphore, watch};

use super::beside::Reached;
use super::gate::Standing;
use super::lane::{run_lane, vantage};
use super::tape::{Place, Tape};
use super::{Primitives, paths};
use crate::clock::Instant;
use crate::facts::dictionary::filled_by;
use crate::path::{Class, Vantage};
use crate::plan::schedule::{ALONE_MS, reserve_ms};
use crate::plan::{Lane, Plan};
use crate::probe::blank;
use crate::target::Target;

/// What all lanes of one run share.
pub struct Stage<'a, 't, P> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the settings yielded.
    pub target: &'a Target,
    /// Takes the events.
    pub tape: &'a Tape<'t>,
    /// Runs the steps.
    pub primitives: &'a P,
    /// Whether the run was interrupted.
    pub stopped: watch::Sender<bool>,
    /// What has become of the credential on each lane that may send it, innermost first.
    pub standings: watch::Sender<Vec<(Vantage, Standing)>>,
    /// Places for sockets that have not passed authentication.
    pub sockets: Arc<Semaphore>,
    /// When the run's time is over.
    pub end: Instant,
    /// How the paths are dialled that were reached so far.
    pub reached: RefCell<Reached>,
    /// The first panic of a probe.
    pub defect: RefCell<Option<String>>,
}

/// Runs all lanes. Yields whether it was interrupted, and the first defect.
pub async fn conduct(
    plan: &Plan,
    target: &Target,
    tape: &Tape<'_>,
    primitives: &impl Primitives,
    stop: impl Future<Output = ()>,
) -> (bool, Option<String>) {
    tape.sheets(Place::Front, paths::sheets(plan.paths(), target));
    for drop in &plan.dropped {
        let at = drop.path.as_ref().map_or_else(|| Vantage::site(&plan.site), |path| path.vantage.clone());
        tape.sheets(Place::Front, blank(filled_by(&drop.step.primitive), &drop.step, &at, &drop.because));
    }
    let stage = Stage {
        plan,
        target,
        tape,
        primitives,
        stopped: watch::Sender::new(false),
        standings: watch::Sender::new(plan.lanes.iter().filter(may_send).map(|l| (vantage(plan, l), Standing::Open)).collect()),
        sockets: Arc::new(Semaphore::new(plan.sockets.max(plan.lanes_at_once))),
        end: tape.began() + Duration::from_millis(plan.budget_ms - reserve_ms(plan.budget_ms)),
        reached: RefCell::default(),
        defect: RefCell::new(None),
    };
    let interrupted = Cell::new(false);
    // The stop is polled first, so that whoever listens for it does so before the first packet.
    match select(pin!(stop), pin!(lanes(&stage))).await {
        Either::Right(_) => {}
        Either::Left(((), rest)) => {
            interrupted.set(true);
            stage.stopped.send_replace(true);
            rest.await;
        }
    }
    (interrupted.get(), stage.defect.into_inner())
}

/// Whether a lane has a step that may send the credential.
pub fn may_send(lane: &&Lane) -> bool {
    lane.steps.iter().any(|step| step.credential)
}

async fn lanes(stage: &Stage<'_, '_, impl Primitives>) {
    let (sites, ways): (Vec<usize>, Vec<usize>) = (0..stage.plan.lanes.len()).partition(|i| stage.plan.lanes[*i].path.is_none());
    let site = async {
        for index in sites {
            run_lane(stage, index).await;
        }
    };
    join(site, outward(stage, ways.into())).await;
}

/// Runs the lanes of paths, innermost first.
async fn outward(stage: &Stage<'_, '_, impl Primitives>, mut waiting: VecDeque<usize>) {
    let mut running = FuturesUnordered::new();
    let direct = |index: &usize| stage.plan.lanes[*index].path.as_ref().is_some_and(|p| p.class == Class::Direct);
    if waiting.front().is_some_and(direct) {
        running.extend(waiting.pop_front().map(|index| run_lane(stage, index)));
        // Whether it ended or only its quiet time did, the others may begin.
        let _ = tokio::time::timeout(Duration::from_millis(ALONE_MS), running.next()).await;
    }
    loop {
        while running.len() < stage.plan.lanes_at_once {
            match waiting.pop_front() {
                Some(index) => running.push(run_lane(stage, index)),
                None => break,
            }
        }
        if running.next().await.is_none() {
            break;
        }
    }
}
