//! One HTTP request of a size.

use bytes::Bytes;
use http_body_util::Full;

use super::{Rung, Tried};
use crate::facts::tables::http::Exchange;
use crate::facts::{Because, Reason};
use crate::probe::answer::Answer;
use crate::probe::exchange::exchange;
use crate::probe::line::{self, Side};
use crate::probe::{Ask, http};

/// The header that is made longer; no product knows it.
const PADDING: &str = "x-clawprobe-padding";

/// Asks the health route with this much more head.
pub async fn head(ask: &Ask<'_>, rung: Rung) -> Result<Tried, Because> {
    let text = "x".repeat(whole(rung.size));
    attempt(ask, rung, (PADDING, text), Bytes::new()).await
}

/// Asks the health route with a body of this size.
pub async fn body(ask: &Ask<'_>, rung: Rung) -> Result<Tried, Because> {
    attempt(ask, rung, ("content-length", rung.size.to_string()), Bytes::from(vec![b'x'; whole(rung.size)])).await
}

/// Asks with one header more, and a body. Whoever answers but 2xx has not let it through.
async fn attempt(ask: &Ask<'_>, rung: Rung, (name, value): (&'static str, String), body: Bytes) -> Result<Tried, Because> {
    let unusable = |error: String| Because::new(Reason::Unsupported, error);
    let Some(way) = ask.way else { return Err(Because::new(Reason::Defect, "a request needs a path")) };
    let side = Side { way, peer: ask.lane.peer, source: ask.lane.source };
    let line = match line::open_to(ask, side, &["http/1.1"]).await {
        Ok(line) => line,
        Err(fault) => return fault.outcome(ask).map(|_| Tried::ran_out(!ask.deadline.left().is_zero())),
    };
    let untrusted = line.seen.as_ref().is_some_and(|seen| !seen.convinces());
    let request = http::health(ask, side, untrusted, Some((name, &value))).map_err(unusable)?.map(|_| Full::new(body));
    let (limit, patient) = rung.limit(&ask.deadline);
    let exchanged = exchange(line.stream, request, &limit).await;
    if exchanged.ran_out {
        return Ok(Tried::ran_out(patient));
    }
    let through = exchanged.outcome == Exchange::Answered && exchanged.status.is_some_and(|status| status < 300);
    let author = exchanged.reply.as_ref().map(|reply| Answer::read(reply, ask.redactor).author);
    Ok(Tried { through, status: exchanged.status, author, ..Tried::nothing() })
}

fn whole(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}
