//! Hands bytes both ways until both sides have ended, a side breaks, or a timer says so.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::mpsc;

use super::door::Guest;
use super::leg::{CHUNK, Leg, finish, unsaid};
use super::meter::Meter;
use super::options::{Counts, Death, Frames, Options};
use super::{Edge, upstream};
use crate::clock::{self, Instant};
use crate::reference::wire::drain;

/// The first byte of a close frame in one piece (RFC 6455, section 5.2).
const CLOSE: u8 = 0x88;

/// The code for a message that is too long (RFC 6455, section 7.4.1).
const TOO_LONG: u16 = 1009;

/// The most parts that are on their way at once; whoever sends more waits.
const MOST_UNDERWAY: usize = 256;

/// A close frame of a server, without a reason.
fn close_frame(code: u16) -> [u8; 4] {
    let [high, low] = code.to_be_bytes();
    [CLOSE, 2, high, low]
}

/// When and how a connection is ended that did not end by itself.
#[derive(Debug, Clone, Copy)]
pub struct Timers {
    idle: Option<Duration>,
    counts: Counts,
    lifetime: Option<Duration>,
    reload: Option<Instant>,
    death: Death,
    close_code: u16,
    no_close: bool,
    delay: Duration,
    bursts: Option<Duration>,
    message_limit: u64,
    message_death: Death,
}

impl Timers {
    /// The timers of an edge's options.
    pub fn new(options: &Options) -> Self {
        let some = |ms: u64| (ms > 0).then(|| Duration::from_millis(ms));
        Self {
            idle: some(options.idle_ms),
            counts: options.idle_counts,
            lifetime: some(options.lifetime_ms),
            reload: None,
            death: options.death,
            close_code: options.close_code,
            no_close: options.frames == Frames::NoClose,
            delay: Duration::from_millis(options.delay_ms),
            bursts: (options.frames == Frames::Bursts).then(|| Duration::from_millis(options.burst_ms)),
            message_limit: options.message_limit,
            message_death: options.message_death,
        }
    }

    /// The timers of an edge that stands: it may be about to be loaded anew.
    pub fn of(edge: &Edge) -> Self {
        let reload = (edge.options.reload_ms > 0).then(|| edge.since + Duration::from_millis(edge.options.reload_ms));
        Self { reload: reload.filter(|at| *at > clock::now()), ..Self::new(&edge.options) }
    }

    /// Returns when the connection has been idle, or alive, for too long.
    async fn expire(&self, last: &Last) {
        let oldest = self.lifetime.map(|lifetime| clock::now() + lifetime);
        loop {
            let idlest = self.idle.map(|idle| last.of(self.counts) + idle);
            let Some(at) = oldest.into_iter().chain(idlest).chain(self.reload).min() else { return std::future::pending().await };
            if at <= clock::now() {
                return;
            }
            tokio::time::sleep_until(at).await;
        }
    }
}

/// When each side last sent something.
struct Last(Mutex<(Instant, Instant)>);

impl Last {
    fn of(&self, counts: Counts) -> Instant {
        let (client, server) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts {
            Counts::Both => client.max(server),
            Counts::Each => client.min(server),
            Counts::Client => client,
            Counts::Server => server,
        }
    }

    fn client(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = clock::now();
    }

    fn server(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = clock::now();
    }
}

/// What ended a relay.
enum End {
    /// Both sides ended in order.
    Both,
    /// A side broke.
    Broken,
    /// A timer.
    Timer,
    /// A frame that is too long.
    TooLong,
    /// A close frame of the gateway's that is not handed on.
    Hidden,
}

/// Hands bytes between a client and the gateway.
pub async fn relay(near: Box<dyn Leg>, far: Box<dyn Leg>, timers: Timers) {
    let last = Last(Mutex::new((clock::now(), clock::now())));
    let (mut near_in, mut near_out) = split(near);
    let (mut far_in, mut far_out) = split(far);
    let end = {
        let mut meter = Meter::default();
        let up = pump(&mut near_in, &mut far_out, Pace { delay: timers.delay, bursts: None }, |bytes| {
            last.client();
            let long = timers.message_limit > 0 && meter.longest(bytes) > timers.message_limit;
            if long { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) }
        });
        let down = pump(&mut far_in, &mut near_out, Pace { delay: Duration::ZERO, bursts: timers.bursts }, |bytes| {
            last.server();
            // The gateway sends it by itself, so that nothing comes before it in what was read.
            let close = timers.no_close && bytes.first() == Some(&CLOSE);
            if close { Err(io::ErrorKind::Unsupported.into()) } else { Ok(()) }
        });
        tokio::select! {
            ended = async { tokio::try_join!(up, down) } => match ended {
                Ok(_) => End::Both,
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => End::TooLong,
                Err(error) if error.kind() == io::ErrorKind::Unsupported => End::Hidden,
                Err(_) => End::Broken,
            },
            () = timers.expire(&last) => End::Timer,
        }
    };
    let (near, far) = (near_in.unsplit(near_out), far_in.unsplit(far_out));
    match end {
        End::Both => {}
        End::Broken => reset(near, far),
        End::Timer => kill(near, far, timers.death, timers.close_code).await,
        End::TooLong => kill(near, far, timers.message_death, TOO_LONG).await,
        End::Hidden => drop(tokio::join!(finish(near), finish(far))),
    }
}

/// Hands on what a client and the gateway say without understanding any of it.
pub async fn bytes(edge: &Edge, guest: Guest) {
    match upstream::dial(edge, guest.client).await {
        Ok(far) => relay(Box::new(guest.wire), far, Timers::of(edge)).await,
        // What ssh -L does: the client was let in, and nobody is there.
        Err(_) => finish(Box::new(guest.wire)).await,
    }
}

fn reset(near: Box<dyn Leg>, far: Box<dyn Leg>) {
    near.reset();
    far.reset();
}

async fn kill(mut near: Box<dyn Leg>, far: Box<dyn Leg>, death: Death, close_code: u16) {
    match death {
        Death::Reset => return reset(near, far),
        Death::Silence => return hold(near, far).await,
        Death::Forget => {
            // Whatever comes, bytes or an end, the way no longer knows whose it is.
            let _ = near.read(&mut [0]).await;
            return reset(near, far);
        }
        Death::CloseFrame => drop(near.write_all(&close_frame(close_code)).await),
        Death::Fin => {}
    }
    tokio::join!(finish(near), finish(far));
}

/// Swallows what either side says until the client ends.
pub async fn hold(mut near: Box<dyn Leg>, mut far: Box<dyn Leg>) {
    let swallow = async {
        drain(&mut far).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = drain(&mut near) => {}
        () = swallow => {}
    }
}

/// Swallows what a client says, and never answers.
pub async fn swallow(mut near: impl AsyncRead + AsyncWrite + Unpin) {
    drain(&mut near).await;
}

/// Lets a delay pass; none takes no time, where a timer would wait for its next tick.
pub async fn late(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// How late bytes are handed on.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Each of them this much later.
    delay: Duration,
    /// No sooner than this after the last.
    bursts: Option<Duration>,
}

/// What was read and is to be handed on at a moment, or why nothing more is.
type Underway = io::Result<(Instant, Vec<u8>)>;

/// Hands bytes one way until that side ends, and hands its end on. What is late waits on the way, and keeps nobody from speaking.
async fn pump(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    pace: Pace,
    moved: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let (put, take) = mpsc::channel(MOST_UNDERWAY);
    let collect = async {
        collect(from, pace, moved, put).await;
        Ok(())
    };
    tokio::try_join!(collect, deliver(to, pace, take)).map(drop)
}

/// Reads until the end, or until something may not pass.
async fn collect(
    from: &mut (impl AsyncRead + Unpin),
    pace: Pace,
    mut moved: impl FnMut(&[u8]) -> io::Result<()>,
    put: mpsc::Sender<Underway>,
) {
    let mut bytes = vec![0; CHUNK];
    let mut next = None;
    loop {
        if let Some(at) = next {
            // What comes meanwhile waits in the socket, and is then read in one.
            tokio::time::sleep_until(at).await;
        }
        let read = match from.read(&mut bytes).await {
            Ok(0) => return,
            Ok(count) => moved(&bytes[..count]).map(|()| (clock::now() + pace.delay, bytes[..count].to_vec())),
            Err(error) if unsaid(&error) => return,
            Err(error) => Err(error),
        };
        let over = read.is_err();
        if put.send(read).await.is_err() || over {
            return;
        }
        next = pace.bursts.map(|pause| clock::now() + pause);
    }
}

/// Writes each part when its time has come, and the end after the last.
async fn deliver(to: &mut (impl AsyncWrite + Unpin), pace: Pace, mut take: mpsc::Receiver<Underway>) -> io::Result<()> {
    while let Some(part) = take.recv().await {
        let (at, bytes) = part?;
        if !pace.delay.is_zero() {
            tokio::time::sleep_until(at).await;
        }
        to.write_all(&bytes).await?;
        to.flush().await?;
    }
    // A side that is gone already has its own end; that is no fault of this one.
    let _ = to.shutdown().await;
    Ok(())
}

#[cfg(test)]
mod tests;
