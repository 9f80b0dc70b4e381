//! `connect`: one handshake with the credential, or deliberately without any.
//!
//! What 2026.9.6 does, tried on loopback with this probe: the right secret is taken from either slot; a wrong one is refused with
//! `AUTH_TOKEN_MISMATCH` or `AUTH_PASSWORD_MISMATCH`, whichever its own mode is, and close code 1008, after a delay of 250 ms that
//! grows to 5 s with each failure; no secret and no device is refused with `DEVICE_IDENTITY_REQUIRED`, which counts as no attempt;
//! between listening and ready it answers `UNAVAILABLE` with `retryAfterMs` 500 and close code 1013 `gateway starting`. The close
//! frame follows its refusal at once.

use std::time::Duration;

use super::frames::{self, Came, Closing, Frames, told};
use super::socket::Open;
use super::{Ask, Done, blank};
use crate::clock;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::connect::{CONNECT, Death, Entry};
use crate::facts::tables::site::Slot;
use crate::facts::tables::upgrade::FrameFlaw;
use crate::facts::{Because, Cell, Reason, Row, Sheet};
use crate::openclaw::frame::Frame;
use crate::openclaw::hello::Hello;
use crate::openclaw::refusal::Refusal;
use crate::openclaw::{connect, detail};
use crate::secret::Secret;

/// How long we wait for the close frame that follows a refusal; the gateway sends it right behind.
const CLOSE_FOLLOWS: Duration = Duration::from_millis(250);

/// The longest message of a refusal that is kept, bytes.
const LONGEST_MESSAGE: usize = 200;

/// The longest code, version or identifier that is kept, bytes; the product's own are below 64.
const LONGEST_WORD: usize = 96;

/// Sends one `connect` over the lane's WebSocket, reads the response and ends the connection.
///
/// The step's `credential = "none"` sends no secret; otherwise the target's credential is sent. Whether this way is fit for it is
/// settled before: nobody runs this probe on another.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let secret = match secret(ask) {
        Ok(secret) => secret,
        Err(because) => return not_run(ask, &because),
    };
    let Some(open) = ask.lane.websocket.take_if(|open| open.challenge.is_some()) else {
        return not_run(ask, &Because::new(Reason::Blocked, format!("challenge@{}.outcome", ask.vantage)));
    };
    let with_credential = secret.is_some();
    let (row, succeeded) = handshake(ask, open, secret).await;
    ask.lane.admitted = succeeded && with_credential;
    let mut sheet = Sheet::new(&CONNECT, ask.vantage);
    sheet.push(row);
    Done { sheets: vec![sheet], succeeded }
}

fn not_run(ask: &Ask<'_>, because: &Because) -> Done {
    Done { sheets: blank(&[&CONNECT], ask.step, ask.vantage, because), succeeded: false }
}

/// The secret to send; `Ok(None)` for a handshake that is meant to have none.
fn secret(ask: &Ask<'_>) -> Result<Option<(Slot, Secret)>, Because> {
    if ask.with("credential") == Some("none") {
        return Ok(None);
    }
    let credential = &ask.target.credential;
    let (Some(slot), Some(secret)) = (credential.slot, credential.secret.clone()) else {
        return Err(Reason::NoCredential.into());
    };
    if ask.step.credential {
        Ok(Some((slot, secret)))
    } else {
        Err(Because::new(Reason::Withheld, "This probe may not send it."))
    }
}

/// A socket that stays open after its hello.
pub struct Login {
    /// The socket.
    pub frames: Frames,
    /// The largest message the gateway says it takes; `None` if it did not let us in.
    pub max_payload: Option<u64>,
}

/// Logs in over the lane's WebSocket for a probe that goes on with it.
///
/// # Errors
/// There is nothing to log in with, or on.
pub async fn login(ask: &mut Ask<'_>) -> Result<Login, Because> {
    let secret = secret(ask)?;
    let Some(mut open) = ask.lane.websocket.take_if(|open| open.challenge.is_some()) else {
        return Err(Because::new(Reason::Blocked, format!("challenge@{}.outcome", ask.vantage)));
    };
    let request = connect::request(secret.as_ref().map(|(slot, secret)| (*slot, secret.reveal())));
    let response = tokio::time::timeout_at(ask.deadline.at(), converse(&mut open.frames, &request)).await;
    let max_payload = match response {
        Ok(Response::Accepted(hello)) => hello.max_payload.and_then(|most| u64::try_from(most).ok()),
        _ => None,
    };
    Ok(Login { frames: open.frames, max_payload })
}

/// What came of the request.
enum Response {
    Accepted(Hello),
    Refused(Refusal),
    Closed(Closing),
    Bad(FrameFlaw),
    Silent,
}

async fn handshake(ask: &Ask<'_>, mut open: Open, secret: Option<(Slot, Secret)>) -> (Row, bool) {
    let row = RowBuilder::new(&CONNECT, []).maybe("slot", secret.as_ref().map(|(slot, _)| slot.as_str()));
    let request = connect::request(secret.as_ref().map(|(slot, secret)| (*slot, secret.reveal())));
    let begun = clock::now();
    let response = tokio::time::timeout_at(ask.deadline.at(), converse(&mut open.frames, &request)).await;
    let after = clock::now() - begun;
    let response = response.unwrap_or(Response::Silent);
    if let (Response::Silent, Some(because)) = (&response, ask.silence()) {
        frames::leave(open.frames, &ask.deadline).await;
        return (row.rest(Cell::NotMeasured(because)), false);
    }
    let closing = closing(ask, &response, &mut open.frames).await;
    let elapsed = clock::now().saturating_duration_since(open.switched);
    let flaw = open.frames.flaw().map(FrameFlaw::as_str);
    let succeeded = matches!(response, Response::Accepted(_));
    frames::leave(open.frames, &ask.deadline).await;
    let row = row
        .set("death", closing.death.as_str())
        .maybe("close-code", closing.code)
        .maybe("close-reason", closing.told(ask.redactor))
        .set("elapsed", elapsed);
    let told = |text: Option<&str>, most| text.map(|text| told(ask.redactor, text, most));
    let row = match response {
        Response::Accepted(hello) => accepted(row, &hello, &told).set("after", after),
        Response::Refused(refusal) => refused(row, &refusal, &told).set("after", after),
        Response::Closed(_) => row.set("outcome", Entry::Closed.as_str()),
        Response::Bad(flaw) => row.set("outcome", Entry::Closed.as_str()).set("flaw", flaw.as_str()),
        Response::Silent => row.set("outcome", Entry::Silent.as_str()).maybe("flaw", flaw),
    };
    (row.rest(Cell::Absent), succeeded)
}

/// Sends the request and waits for its response; events and the responses to others are passed over.
async fn converse(frames: &mut Frames, request: &connect::Request<'_>) -> Response {
    let Ok(text) = serde_json::to_string(request) else { return Response::Silent };
    frames.send(text).await;
    loop {
        match frames::next(frames).await {
            Came::Text(text) => match Frame::read(&text) {
                Ok(Frame::Answer { id, payload }) if id == connect::ID => return Response::Accepted(Hello::read(&payload)),
                Ok(Frame::Refusal { id, refusal }) if id == connect::ID => return Response::Refused(refusal),
                Ok(_) | Err(FrameFlaw::Foreign) => {}
                Err(flaw) => return Response::Bad(flaw),
            },
            Came::Bad(flaw) => return Response::Bad(flaw),
            Came::End(closing) => return Response::Closed(closing),
        }
    }
}

/// Sends the request with a secret that the gateway has accepted before; the hello, if it comes.
pub(super) async fn enter(frames: &mut Frames, slot: Slot, secret: &Secret) -> Option<Hello> {
    match converse(frames, &connect::request(Some((slot, secret.reveal())))).await {
        Response::Accepted(hello) => Some(hello),
        _ => None,
    }
}

/// How the connection ended: after a refusal the peer's close is waited for, after a hello it is we who end it.
async fn closing(ask: &Ask<'_>, response: &Response, frames: &mut Frames) -> Closing {
    match response {
        Response::Closed(closing) => closing.clone(),
        Response::Accepted(_) | Response::Bad(_) | Response::Silent => Closing::bare(Death::Ours),
        Response::Refused(_) => {
            let end = async {
                loop {
                    match frames::next(frames).await {
                        Came::End(closing) => return closing,
                        Came::Bad(_) => return Closing::bare(Death::Ours),
                        Came::Text(_) => {}
                    }
                }
            };
            let limit = ask.deadline.within(CLOSE_FOLLOWS).at();
            tokio::time::timeout_at(limit, end).await.unwrap_or(Closing::bare(Death::Ours))
        }
    }
}

type Told<'a> = &'a dyn Fn(Option<&str>, usize) -> Option<String>;

fn refused(row: RowBuilder, refusal: &Refusal, told: Told<'_>) -> RowBuilder {
    row.set("outcome", Entry::Refused.as_str())
        .cell("server-mode", mode(refusal.detail.as_deref()))
        .maybe("error-code", told(refusal.code.as_deref(), LONGEST_WORD))
        .maybe("detail-code", told(refusal.detail.as_deref(), LONGEST_WORD))
        .maybe("reason", told(refusal.reason.as_deref(), LONGEST_WORD))
        .maybe("message", told(refusal.message.as_deref(), LONGEST_MESSAGE))
        .maybe("next-step", told(refusal.next_step.as_deref(), LONGEST_WORD))
        .maybe("retryable", refusal.retryable)
        .maybe("retry-after", refusal.retry_after)
        .maybe("expected-protocol", refusal.expected_protocol)
}

/// What a refusal reveals of the gateway's auth mode. Where a device identity is asked for first, the secret was not looked at,
/// so nobody knows whether it is right.
fn mode(detail: Option<&str>) -> Cell {
    if detail == Some(detail::DEVICE_IDENTITY_REQUIRED) {
        return Cell::not_measured(Because::new(Reason::Unsupported, "The gateway asks for a device identity first."));
    }
    Cell::maybe(detail.and_then(detail::server_mode).map(Slot::as_str))
}

fn accepted(row: RowBuilder, hello: &Hello, told: Told<'_>) -> RowBuilder {
    let scopes = hello.scopes.as_ref().map(|scopes| scopes.join(" "));
    row.set("outcome", Entry::Accepted.as_str())
        .maybe("server-mode", hello.server_mode().map(Slot::as_str))
        .maybe("protocol", hello.protocol)
        .maybe("version", told(hello.version.as_deref(), LONGEST_WORD))
        .maybe("scopes", told(scopes.as_deref(), LONGEST_MESSAGE))
        .maybe("auth-method", told(hello.method.as_deref(), LONGEST_WORD))
        .maybe("tick-interval", hello.tick)
        .maybe("max-payload", hello.max_payload)
        .maybe("boot-id", told(hello.boot_id.as_deref(), LONGEST_WORD))
        .maybe("uptime", hello.uptime)
}

#[cfg(test)]
mod tests;
