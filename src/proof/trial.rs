//! One run in one world, from the document to the verdict; and many of them at once.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::stage::Stage;
use crate::complaint::Complaint;
use crate::exit::Exit;
use crate::judge::{Judgement, judge};
use crate::plan;
use crate::record::{Event, Head, Recording};
use crate::reference::document::Document;
use crate::reference::ground::Ground;
use crate::run::stop::Stop;
use crate::run::{self, Order};
use crate::shelf::Shelf;

/// What is to be tried.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What a recording calls the world.
    pub name: String,
    /// The matrix.
    pub matrix: String,
    /// The run's time; the matrix says how much unless this does.
    pub budget: Option<Duration>,
    /// Rows that are not asked for, as `--skip` takes them.
    pub skip: Vec<String>,
}

/// What came of it.
#[derive(Debug)]
pub struct Tried {
    /// What was seen.
    pub recording: Recording,
    /// What follows from it.
    pub judgement: Judgement,
    /// How a command would end.
    pub exit: Exit,
    /// What the world's holes were filled with: ports, folders.
    pub holes: BTreeMap<String, String>,
}

impl Trial {
    /// Raises the world, runs the matrix in it, judges, and takes the world down again.
    ///
    /// # Errors
    /// A complaint about a world that cannot stand or go, or what the world tells clawprobe that it cannot use.
    pub fn play(&self, world: impl Into<Document>, ground: &Ground, shelf: &Shelf) -> Result<Tried, Complaint> {
        self.play_until(world, ground, shelf, &Stop::never())
    }

    /// The same; when the end is asked for, the rest of the run is interrupted.
    ///
    /// # Errors
    /// As for [`Self::play`].
    pub fn play_until(
        &self,
        world: impl Into<Document>,
        ground: &Ground,
        shelf: &Shelf,
        stop: &Stop,
    ) -> Result<Tried, Complaint> {
        let stage = Stage::set(ground, world)?;
        let tried = self.play_on(&stage, shelf, &mut |_| {}, stop.asked());
        stage.standing.end().and(tried)
    }

    /// Runs the matrix in a world that stands already. `listen` sees every event; when `stop` completes, the rest is interrupted.
    ///
    /// # Errors
    /// A matrix that nobody knows.
    pub fn play_on(
        &self,
        stage: &Stage,
        shelf: &Shelf,
        listen: &mut dyn FnMut(&Event),
        stop: impl Future<Output = ()>,
    ) -> Result<Tried, Complaint> {
        let target = &stage.target;
        let options = plan::Options { budget: self.budget, skip: self.skip.clone(), ..plan::Options::default() };
        let plan = plan::make(shelf, shelf.named_matrix(&self.matrix)?, target, &options)?;
        let head = Head { world: Some(self.name.clone()), skip: self.skip.clone(), ..run::head(plan, shelf, target) };
        let recording = run::execute(Order { target, head }, listen, stop);
        let judgement = judge(shelf, &recording);
        let exit = judgement.verdict.ended(recording.head.fail_on, &recording.end);
        Ok(Tried { recording, judgement, exit, holes: stage.standing.holes.clone() })
    }
}

/// Does something with every item on a few threads at once; the answers are in the order of the items.
pub fn each<'i, T: Sync, A: Send>(items: &'i [T], threads: usize, work: impl Fn(&'i T) -> A + Sync) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                while let Some((at, item)) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
                {
                    let answer = work(item);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, answer));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_in_the_order_of_the_items_and_every_item_has_one() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(each(&items, 7, |n| n * 2), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        assert!(each(&[] as &[u32], 7, |n| *n).is_empty());
    }
}
