//! `rounds`: the same request by two paths in turn, one socket at a time, so that what the one adds to the other shows.
//!
//! A round asks A, B, B, A. Whatever drifts evenly while it lasts (a gateway that warms up, a machine that gets busy) weighs on
//! both paths alike, so the mean of its two differences is free of it. Time counts from the written request to the first byte, on
//! a connection that stands: connecting and TLS are timed for themselves.

use std::time::Duration;

use super::answer::Answer;
use super::exchange::exchange;
use super::line::{self, Side};
use super::{Ask, Beside, Done, http};
use crate::clock::{self, Instant};
use crate::facts::series::{Series, Summary, Taken};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::http::{Author, Exchange};
use crate::facts::tables::rounds::ROUNDS;
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};

/// Pairs of answers when the probe file names no number: enough for a median that one slow answer does not move.
const PAIRS: usize = 20;

/// Requests in a row that may fail before a path is left alone.
const MOST_FAILURES: usize = 4;

/// Asks in turn until every path has had its pairs, or the time is over.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let Some(way) = ask.way else { return defect(ask) };
    let pairs = ask.with("pairs").and_then(|text| text.parse().ok()).unwrap_or(PAIRS);
    let own = Side { way, peer: ask.lane.peer, source: ask.lane.source };
    let mut matches: Vec<Match> = std::mem::take(&mut ask.lane.beside).into_iter().map(Match::new).collect();
    let begun = clock::now();
    for _ in 0..pairs / 2 {
        // One round each in turn, so that a short time is shared.
        for one in &mut matches {
            one.round(ask, own, begun).await;
        }
    }
    let mut sheet = Sheet::new(&ROUNDS, ask.vantage);
    for one in &matches {
        sheet.push(one.row(ask));
        ask.lane.taken.extend(one.taken(ask));
    }
    Done { sheets: vec![sheet], succeeded: true }
}

fn defect(ask: &Ask<'_>) -> Done {
    let because = Because::new(Reason::Defect, "rounds need a path");
    Done { sheets: super::blank(&[&ROUNDS], ask.step, ask.vantage, &because), succeeded: false }
}

/// What one request took.
struct Turn {
    connect: Duration,
    tls: Option<Duration>,
    after: Duration,
}

/// The times of one side.
#[derive(Default)]
struct Times {
    connect: Series,
    tls: Series,
    after: Series,
}

impl Times {
    fn push(&mut self, at_ms: f64, turn: &Turn) {
        self.connect.push(at_ms, ms(turn.connect));
        turn.tls.into_iter().for_each(|tls| self.tls.push(at_ms, ms(tls)));
        self.after.push(at_ms, ms(turn.after));
    }
}

/// This path and another one, compared.
struct Match {
    beside: Beside,
    own: Times,
    other: Times,
    added: Series,
    failed: usize,
    /// Failures since the last answer.
    lately: usize,
}

impl Match {
    fn new(beside: Beside) -> Self {
        Self { beside, own: Times::default(), other: Times::default(), added: Series::default(), failed: 0, lately: 0 }
    }

    /// A, B, B, A. A round that is not whole does not count.
    async fn round(&mut self, ask: &Ask<'_>, own: Side<'_>, begun: Instant) {
        let Beside { way, peer, source, .. } = self.beside.clone();
        let other = Side { way: &way, peer, source };
        let mut turns = Vec::with_capacity(4);
        for side in [own, other, other, own] {
            if self.lately >= MOST_FAILURES || clock::now() >= ask.deadline.at() {
                return;
            }
            match turn(ask, side).await {
                Some(turn) => turns.push((ms(clock::now() - begun), turn)),
                None if clock::now() >= ask.deadline.at() => return,
                None => {
                    self.failed += 1;
                    self.lately += 1;
                    return;
                }
            }
        }
        let [a, b, c, d] = turns.as_slice() else { return };
        self.lately = 0;
        [a, d].into_iter().for_each(|(at, turn)| self.own.push(*at, turn));
        [b, c].into_iter().for_each(|(at, turn)| self.other.push(*at, turn));
        let difference = ms(a.1.after) + ms(d.1.after) - ms(b.1.after) - ms(c.1.after);
        self.added.push(d.0, difference / 2.0);
    }

    fn row(&self, ask: &Ask<'_>) -> Row {
        let row = RowBuilder::new(&ROUNDS, [self.beside.vantage.to_string().into()])
            .set("n", count(self.added.samples().len() * 2))
            .set("failed", count(self.failed));
        let (Some(own), Some(other)) = (self.own.after.summary(), self.other.after.summary()) else {
            // The run ended before one round was whole; or nothing answered, which other facts tell about.
            let cell = ask.silence().filter(|_| self.failed == 0).map_or(Cell::Absent, Cell::NotMeasured);
            return row.rest(cell);
        };
        let median = |series: &Series| series.summary().map(|s| Value::ms(s.p50));
        spread(spread(row, "", &own), "beside-", &other)
            .maybe("connect-p50", median(&self.own.connect))
            .maybe("tls-p50", median(&self.own.tls))
            .maybe("beside-connect-p50", median(&self.other.connect))
            .maybe("beside-tls-p50", median(&self.other.tls))
            .maybe("added", median(&self.added))
            .maybe("spread", self.added.spread().map(Value::ms))
            .rest(Cell::Absent)
    }

    /// Every sample, under the name of what it comes to.
    fn taken(&self, ask: &Ask<'_>) -> Vec<Taken> {
        let all = [
            ("after", &self.own.after),
            ("connect", &self.own.connect),
            ("tls", &self.own.tls),
            ("beside-after", &self.other.after),
            ("beside-connect", &self.other.connect),
            ("beside-tls", &self.other.tls),
            ("added", &self.added),
        ];
        let taken = |(quantity, series): (&str, &Series)| Taken {
            table: ROUNDS.name.to_owned(),
            vantage: ask.vantage.clone(),
            key: [("beside".to_owned(), self.beside.vantage.to_string())].into(),
            quantity: quantity.to_owned(),
            samples: series.samples().iter().map(|s| (s.at_ms, s.value)).collect(),
        };
        all.into_iter().filter(|(_, series)| !series.samples().is_empty()).map(taken).collect()
    }
}

fn spread(row: RowBuilder, side: &str, summary: &Summary) -> RowBuilder {
    let told = [("min", summary.min), ("p50", summary.p50), ("p95", summary.p95), ("max", summary.max)];
    told.into_iter().fold(row, |row, (name, time)| row.set(&format!("{side}{name}"), Value::ms(time)))
}

/// Asks one side once; nothing if the gateway did not answer: what an edge says by itself is another thing, and quicker.
async fn turn(ask: &Ask<'_>, side: Side<'_>) -> Option<Turn> {
    let line = line::open_to(ask, side, &["http/1.1"]).await.ok()?;
    let untrusted = line.seen.as_ref().is_some_and(|seen| !seen.convinces());
    let request = http::health(ask, side, untrusted, None).ok()?;
    let exchanged = exchange(line.stream, request, &ask.deadline).await;
    let reply = exchanged.reply.as_ref().filter(|_| exchanged.outcome == Exchange::Answered);
    let answered = reply.is_some_and(|reply| Answer::read(reply, ask.redactor).author == Author::Gateway);
    let (connect, tls) = (line.round_trip, line.seen.map(|seen| seen.after));
    exchanged.after.filter(|_| answered).map(|after| Turn { connect, tls, after })
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
