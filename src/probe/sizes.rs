//! `sizes`: the same harmless request larger and larger, until it fails or is as large as it needs to be.
//!
//! 2026.9.6 answers a GET of its health route whatever body it has (3 MiB were tried), and a `health` request whatever its
//! parameters hold (16 MiB were tried), so neither writes anything. A head beyond 16 KiB is the gateway's own 431, a message beyond
//! 25 MiB its own 1009, before login beyond 64 KiB: every ladder ends well below.

mod message;
mod request;

use std::time::Duration;

use super::{Ask, Done, blank};
use crate::clock::{self, Deadline};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::connect::Death;
use crate::facts::tables::http::Author;
use crate::facts::tables::sizes::{Ladder, Of, SIZES};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};

/// The smallest size that is tried.
const SMALLEST: u64 = 1 << 10;

/// The largest head: below it nothing that is stock refuses. nginx and Apache take 8 KiB in one line.
const LARGEST_HEAD: u64 = 4 << 10;

/// The largest body: nginx takes 1 MiB as installed (`client_max_body_size`), other products more.
const LARGEST_BODY: u64 = 512 << 10;

/// The largest message: beyond what gateways for WebSocket allow that have a limit (128 KiB and 1 MiB are usual).
const LARGEST_MESSAGE: u64 = 4 << 20;

/// The least that a size may take to be answered, where smaller ones were answered at once. A busy gateway is silent for
/// moments; for so long, twice in a row and on a connection that was opened in between, it is not.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);

/// How much longer than the slowest before it a size may take beside that; it is twice as large, so twice would do.
const SLOWER: u32 = 4;

/// Climbs one ladder.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let of = ask.with("of").and_then(|word| word.parse().ok()).unwrap_or(Of::Head);
    let climbed = match of {
        Of::Head => climb(LARGEST_HEAD, async |step| request::head(ask, step).await).await,
        Of::Body => climb(LARGEST_BODY, async |step| request::body(ask, step).await).await,
        Of::Message => message::climb(ask).await,
    };
    let row = match climbed {
        Ok(climbed) => climbed.row(of),
        Err(because) => return Done { sheets: blank(&[&SIZES], ask.step, ask.vantage, &because), succeeded: false },
    };
    let mut sheet = Sheet::new(&SIZES, ask.vantage);
    sheet.push(row);
    Done { sheets: vec![sheet], succeeded: true }
}

/// One size that is tried.
#[derive(Debug, Clone, Copy)]
pub struct Rung {
    size: u64,
    /// Whether it failed before.
    again: bool,
    /// After how long its silence is a finding; before anything got through only the probe's end limits it.
    patience: Option<Duration>,
}

impl Rung {
    /// When to wait no longer, and whether the size, and not the probe's time, is silent then.
    fn limit(&self, deadline: &Deadline) -> (Deadline, bool) {
        let own = self.patience.filter(|patience| *patience < deadline.left());
        (own.map_or(*deadline, |own| deadline.within(own)), own.is_some())
    }
}

/// What became of one size.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tried {
    /// Whether it got through.
    through: bool,
    /// Whether the run's time ended it, so that nothing follows.
    late: bool,
    status: Option<u16>,
    author: Option<Author>,
    death: Option<Death>,
    code: Option<u16>,
}

impl Tried {
    const fn through() -> Self {
        Self { through: true, late: false, status: None, author: None, death: None, code: None }
    }

    const fn late() -> Self {
        Self { late: true, ..Self::nothing() }
    }

    /// It failed, and nothing was said.
    const fn nothing() -> Self {
        Self { through: false, ..Self::through() }
    }

    /// What time ended: nothing came for as long as it may take, or for as long as there was.
    const fn ran_out(patient: bool) -> Self {
        if patient { Self::nothing() } else { Self::late() }
    }

    /// Whether the answer speaks of a size. A 400 may (nginx and Apache say it of a long head), and may speak of anything else.
    fn of_size(&self) -> bool {
        matches!(self.status, Some(413 | 414 | 431)) || self.code == Some(1009)
    }

    /// Whether the answer speaks of what is behind the edge. The gateway answers a GET before it has read its body, and closes where it
    /// was told to (`Connection: close`): nginx 1.22 that asks it over TLS, and still writes, then says 502.
    fn of_upstream(&self) -> bool {
        matches!(self.status, Some(502 | 504))
    }

    /// Whether the answer speaks of how many requests there were: 429, and nginx's 503 (`limit_req_status`).
    fn of_rate(&self) -> bool {
        matches!(self.status, Some(429 | 503))
    }
}

/// A ladder climbed.
#[derive(Debug, PartialEq)]
struct Climbed {
    /// How far, unless something else than a size ended it.
    outcome: Result<Ladder, Because>,
    passed: u64,
    failed: Option<(u64, Tried)>,
}

/// Tries each size, twice the one before. One that fails is tried once more by itself (`again`), on a connection of its own, so
/// that neither a timer nor chance is taken for a limit.
async fn climb(largest: u64, mut attempt: impl AsyncFnMut(Rung) -> Result<Tried, Because>) -> Result<Climbed, Because> {
    let (mut passed, mut slowest) = (0, Duration::ZERO);
    for size in std::iter::successors(Some(SMALLEST), |size| Some(size * 2)).take_while(|size| *size <= largest) {
        let patience = (passed > 0).then(|| LEAST_PATIENCE + slowest * SLOWER);
        let (begun, rung) = (clock::now(), Rung { size, again: false, patience });
        let tried = attempt(rung).await?;
        if tried.late {
            let outcome = Err(Reason::Deadline.into());
            return if passed == 0 { Err(Reason::Deadline.into()) } else { Ok(Climbed { outcome, passed, failed: None }) };
        }
        if !tried.through {
            let again = attempt(Rung { again: true, ..rung }).await?;
            return Ok(Climbed { outcome: failure(&again, passed), passed, failed: Some((size, tried)) });
        }
        slowest = slowest.max(clock::now() - begun);
        passed = size;
    }
    Ok(Climbed { outcome: Ok(Ladder::Passed), passed, failed: None })
}

/// What a size means that failed, by its second try.
fn failure(again: &Tried, passed: u64) -> Result<Ladder, Because> {
    match again {
        _ if again.through => Ok(Ladder::Unsteady),
        _ if again.late => Err(Reason::Deadline.into()),
        // What takes no such request at all has no limit of size.
        _ if passed == 0 && !again.of_size() => Ok(Ladder::Unwelcome),
        _ if again.of_rate() => Err(Because::new(Reason::Blocked, "the answer speaks of too many requests")),
        _ if again.of_upstream() => Ok(Ladder::Upstream),
        _ => Ok(Ladder::Limited),
    }
}

impl Climbed {
    fn row(&self, of: Of) -> Row {
        let bytes = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
        let tried = self.failed.as_ref().map(|(_, tried)| tried);
        let row = RowBuilder::new(&SIZES, [Value::from(of.as_str())]);
        let row = match &self.outcome {
            Ok(outcome) => row.set("outcome", outcome.as_str()),
            Err(because) => row.without("outcome", because.clone()),
        };
        row.set("passed", bytes(self.passed))
            .maybe("failed", self.failed.as_ref().map(|(size, _)| bytes(*size)))
            .maybe("status", tried.and_then(|tried| tried.status).map(i64::from))
            .maybe("author", tried.and_then(|tried| tried.author).map(Author::as_str))
            .maybe("death", tried.and_then(|tried| tried.death).map(Death::as_str))
            .maybe("close-code", tried.and_then(|tried| tried.code).map(i64::from))
            .rest(Cell::Absent)
    }
}

#[cfg(test)]
mod tests;
