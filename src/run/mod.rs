//! Executes a plan: the only code that waits for probes. It emits events and knows no printer.
//!
//! [`conduct`] decides which lane runs when, [`lane`] runs one lane's probes one after the other, [`gate`] guards the
//! credential, [`handover`] makes facts safe to see, [`tape`] tells and keeps events, [`paths`] writes down the plan's paths,
//! [`head`] who ran what; [`stop`] hears who asks for the end.

mod beside;
mod conduct;
pub mod gate;
mod handover;
mod head;
mod lane;
mod paths;
pub mod stop;
mod tape;

use std::future::Future;

pub use head::head;

use crate::probe::{self, Ask, Done};
use crate::record::redact::{Veil, hide};
use crate::record::{End, Event, Head, Recording, Share};
use crate::secret::{Marker, Redactor};
use crate::target::Target;

/// What is to be executed.
pub struct Order<'a> {
    /// What the settings yielded.
    pub target: &'a Target,
    /// The recording's head, with the plan in it.
    pub head: Head,
}

/// What runs a step: the primitives, or what stands for them in tests of the engine.
trait Primitives: AsyncFn(&mut Ask<'_>) -> Done {}
impl<P: AsyncFn(&mut Ask<'_>) -> Done> Primitives for P {}

/// Executes a plan on a runtime of its own, on this thread. `listen` sees every event as it happens; when `stop` completes,
/// what is left becomes *not measured: interrupted*.
///
/// A panic inside a probe does not end the run: its message stands in [`End::defect`]. The process's panic hook still sees it.
pub fn execute(order: Order<'_>, listen: &mut dyn FnMut(&Event), stop: impl Future<Output = ()>) -> Recording {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let recording = runtime.block_on(record(order, listen, stop, &probe::run));
            // Blocking work that has outlived its deadline must not keep the process.
            runtime.shutdown_background();
            recording
        }
        Err(error) => {
            let defect = Some(format!("the system gives no event loop: {error}"));
            let end = End { duration_ms: 0.0, interrupted: true, defect, note: None };
            Recording::new(order.head, Vec::new(), end)
        }
    }
}

/// Executes a plan on the runtime it is called on.
async fn record(
    order: Order<'_>,
    listen: &mut dyn FnMut(&Event),
    stop: impl Future<Output = ()>,
    primitives: &impl Primitives,
) -> Recording {
    let Order { target, mut head } = order;
    let redactor = Redactor::new(Marker::from_text(head.marker.as_str()), target.secrets.iter().cloned());
    head.target = redactor.text(&head.target);
    let veil = (head.share == Share::Public).then(|| {
        let mut veil = Veil::new(redactor.marker().clone());
        target.ways.iter().for_each(|way| veil.learn_host(&way.endpoint.host));
        veil
    });
    let tape = tape::Tape::new(listen, head.plan.lanes.len(), &redactor, veil);
    tape.tell(&Event::Head(Box::new(head.clone())));
    let (interrupted, defect) = conduct::conduct(&head.plan, target, &tape, primitives, stop).await;
    let end = End { duration_ms: tape.at_ms(), interrupted, defect: defect.map(|text| redactor.text(&text)), note: None };
    tape.tell(&Event::End(end.clone()));
    let share = head.share;
    let recording = Recording::new(head, tape.into_events(), end);
    if share == Share::Public { hide(recording) } else { recording }
}

#[cfg(test)]
mod tests;
