//! `challenge`: waits for the gateway's first frame. It needs no credential and leaves no trace but a log line.
//!
//! On loopback it comes in the same packet as the 101; every release from 2026.1.29 on sends it.

use std::time::Duration;

use super::frames::{self, Came, Closing};
use super::socket::Open;
use super::{Ask, Done, blank};
use crate::clock::{self, Instant};
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::upgrade::{CHALLENGE, First, FrameFlaw};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::openclaw::challenge::Challenge;
use crate::openclaw::frame::Frame;

/// Waits for the first frame of the lane's WebSocket; a challenge stays in the lane for the connect.
///
/// Whatever else comes ends the lane's WebSocket: nothing may be sent to a peer that is no gateway.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let Some(mut open) = ask.lane.websocket.take() else {
        let because = Because::new(Reason::Blocked, format!("upgrade@{}.outcome", ask.vantage));
        return Done { sheets: blank(&[&CHALLENGE], ask.step, ask.vantage, &because), succeeded: false };
    };
    let came = tokio::time::timeout_at(ask.deadline.at(), frames::next(&mut open.frames)).await.ok();
    let (at, wall) = (clock::now(), clock::wall_ms());
    let said = match came {
        Some(Came::Text(text)) => match Frame::read(&text) {
            Ok(frame) => Challenge::of(&frame).map_or(Said::Strange(FrameFlaw::Foreign), Said::Challenge),
            Err(flaw) => Said::Strange(flaw),
        },
        Some(Came::Bad(flaw)) => Said::Strange(flaw),
        Some(Came::End(closing)) => Said::End(closing),
        None => Said::Nothing,
    };
    let row = row(ask, &open, &said, at, wall);
    let challenge = if let Said::Challenge(challenge) = said { Some(challenge) } else { None };
    let succeeded = challenge.is_some();
    open.challenge = challenge;
    if succeeded {
        ask.lane.websocket = Some(open);
    } else {
        frames::leave(open.frames, &ask.deadline).await;
    }
    let mut sheet = Sheet::new(&CHALLENGE, ask.vantage);
    sheet.push(row);
    Done { sheets: vec![sheet], succeeded }
}

/// What the peer said first.
enum Said {
    Challenge(Challenge),
    Strange(FrameFlaw),
    End(Closing),
    Nothing,
}

fn row(ask: &Ask<'_>, open: &Open, said: &Said, at: Instant, wall: i64) -> Row {
    let row = RowBuilder::new(&CHALLENGE, []);
    let first = |outcome: First| RowBuilder::new(&CHALLENGE, []).set("outcome", outcome.as_str());
    let after = at.saturating_duration_since(open.switched);
    let row = match said {
        Said::Challenge(challenge) => {
            let offset = challenge.ts.map(|ts| offset(ts, wall, open.round_trip));
            first(First::Received).set("after", after).maybe("clock-offset", offset)
        }
        Said::Strange(flaw) => first(First::OtherFrame).set("flaw", flaw.as_str()).set("after", after),
        Said::End(closing) => closed(first(First::Closed), closing, ask),
        Said::Nothing => match ask.silence() {
            Some(because) => return row.rest(Cell::NotMeasured(because)),
            None => first(First::Silent).maybe("flaw", open.frames.flaw().map(FrameFlaw::as_str)),
        },
    };
    row.rest(Cell::Absent)
}

fn closed(row: RowBuilder, closing: &Closing, ask: &Ask<'_>) -> RowBuilder {
    row.maybe("close-code", closing.code).maybe("close-reason", closing.told(ask.redactor))
}

/// The gateway's clock minus ours at the moment the challenge was sent: half a round trip before it arrived.
fn offset(ts: i64, wall: i64, round_trip: Duration) -> Value {
    let sent = wall as f64 - round_trip.as_secs_f64() * 500.0;
    // Adding zero turns a negative zero into a plain one.
    Value::Ms((ts as f64 - sent).round() + 0.0)
}

#[cfg(test)]
mod tests;
