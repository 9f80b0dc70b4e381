//! `sizes`: the same harmless request larger and larger, until it fails or is as large as it needs to be.
//!
//! 2026.9.6 answers a GET of its health route whatever body it has (3 MiB were tried), and a `health` request whatever its
//! parameters hold (16 MiB were tried), so neither writes anything. A head beyond 16 KiB is the gateway's own 431, a message beyond
//! 25 MiB its own 1009, before login beyond 64 KiB: every ladder ends well below.

mod message;
mod request;

use super::{Ask, Done, blank};
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

/// Climbs one ladder.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let of = ask.with("of").and_then(|word| word.parse().ok()).unwrap_or(Of::Head);
    let climbed = match of {
        Of::Head => climb(LARGEST_HEAD, async |size, _| request::head(ask, size).await).await,
        Of::Body => climb(LARGEST_BODY, async |size, _| request::body(ask, size).await).await,
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

    /// Whether the answer speaks of a size: 413, 414 and 431 do, nginx and Apache say 400 of a long head.
    fn of_size(&self) -> bool {
        matches!(self.status, Some(400 | 413 | 414 | 431)) || self.code == Some(1009)
    }
}

/// A ladder climbed.
#[derive(Debug, PartialEq)]
struct Climbed {
    outcome: Ladder,
    passed: u64,
    failed: Option<(u64, Tried)>,
}

/// Tries each size, twice the one before. One that fails is tried once more by itself (`again`), on a connection of its own, so
/// that neither a timer nor chance is taken for a limit.
async fn climb(largest: u64, mut attempt: impl AsyncFnMut(u64, bool) -> Result<Tried, Because>) -> Result<Climbed, Because> {
    let (mut size, mut passed) = (SMALLEST, 0);
    while size <= largest {
        let tried = attempt(size, false).await?;
        if tried.late {
            return if passed == 0 {
                Err(Reason::Deadline.into())
            } else {
                Ok(Climbed { outcome: Ladder::Short, passed, failed: None })
            };
        }
        if !tried.through {
            let again = attempt(size, true).await?;
            let outcome = match again {
                _ if again.through => Ladder::Unsteady,
                _ if again.late => Ladder::Short,
                // What takes no such request at all has no limit of size.
                _ if passed == 0 && !again.of_size() => Ladder::Unwelcome,
                _ => Ladder::Limited,
            };
            return Ok(Climbed { outcome, passed, failed: Some((size, tried)) });
        }
        passed = size;
        size *= 2;
    }
    Ok(Climbed { outcome: Ladder::Passed, passed, failed: None })
}

impl Climbed {
    fn row(&self, of: Of) -> Row {
        let bytes = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
        let tried = self.failed.as_ref().map(|(_, tried)| tried);
        RowBuilder::new(&SIZES, [Value::from(of.as_str())])
            .set("outcome", self.outcome.as_str())
            .set("passed", bytes(self.passed))
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
