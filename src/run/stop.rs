//! Who asks for the end of what is going on: a person who interrupts, a supervisor, a terminal that goes away.

use std::future::Future;
use std::{io, thread};

use tokio::sync::watch;

/// Whether somebody asked for the end.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Nobody ever asks.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// From the call on, the signals by which an end is asked for are heard, and no longer end the process themselves. They are
    /// heard on a thread of their own, so that they can be waited for on any runtime and looked at on none. Whoever asks a second
    /// time, because nothing ended (a reader that does not read keeps whoever writes), gets what is done `at_once`.
    ///
    /// # Errors
    /// The system gives no thread, no event loop, or no handler.
    pub fn on_signals(at_once: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            Signals::new()?
        };
        let (tell, asked) = watch::channel(false);
        thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(signals.next());
            tell.send_replace(true);
            runtime.block_on(signals.next());
            at_once();
        })?;
        Ok(Self(asked))
    }

    /// Whether the end was asked for by now.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Keeps this thread until the end is asked for. Must not be called within a runtime.
    pub fn wait(&self) {
        // A runtime that drives nothing takes nothing that the system could refuse.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() {
            runtime.block_on(self.asked());
        }
    }

    /// Waits until the end is asked for, or was.
    pub fn asked(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut asked = self.0.clone();
        async move {
            if asked.wait_for(|asked| *asked).await.is_err() {
                std::future::pending().await
            }
        }
    }
}

/// SIGINT, SIGTERM, and SIGHUP unless whoever started the process wants it to outlive its terminal.
#[cfg(unix)]
struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (!crate::own::ignores_hangup()).then_some(SignalKind::hangup());
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup);
        Ok(Self(kinds.map(signal).collect::<io::Result<_>>()?))
    }

    async fn next(&mut self) {
        futures_util::future::select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Without a handler there is nothing to wait for: the system then ends the process itself.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_asked_before_anybody_waited_is_heard() {
        let (tell, asked) = watch::channel(false);
        let stop = Stop(asked);
        assert!(!stop.is_asked());
        tell.send_replace(true);
        drop(tell);
        stop.asked().await;
        assert!(stop.is_asked());
    }

    #[tokio::test]
    async fn nobody_asks_by_going_away() {
        let stop = Stop::never();
        tokio::select! {
            biased;
            () = stop.asked() => panic!("nobody asked"),
            () = tokio::task::yield_now() => {}
        }
        assert!(!stop.is_asked());
    }
}
