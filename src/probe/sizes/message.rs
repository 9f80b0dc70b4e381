//! WebSocket messages of growing size, after login.

use super::{Climbed, LARGEST_MESSAGE, Rung, Tried};
use crate::facts::tables::connect::Death;
use crate::facts::{Because, Reason};
use crate::openclaw::frame::{Frame, sized};
use crate::probe::connect::{self, Login};
use crate::probe::frames::{self, Came, Frames};
use crate::probe::{Ask, challenge, upgrade};

/// Climbs on one socket; a size that fails is tried again as the first message of another.
pub async fn climb(ask: &mut Ask<'_>) -> Result<Climbed, Because> {
    let (mut socket, most) = login(ask).await?;
    let mut number = 1;
    let climbed = super::climb(LARGEST_MESSAGE.min(most / 2), async |rung: Rung| {
        if rung.again {
            let (fresh, _) = login(ask).await?;
            frames::leave(std::mem::replace(&mut socket, fresh), &ask.deadline).await;
        }
        number += 1;
        let sent = send(&mut socket, number, rung.size);
        let (limit, patient) = rung.limit(&ask.deadline);
        Ok(tokio::time::timeout_at(limit.at(), sent).await.unwrap_or(Tried::ran_out(patient)))
    })
    .await;
    frames::leave(socket, &ask.deadline).await;
    climbed
}

/// A socket that the gateway has let in, and the largest message it takes. What these steps find out, probes of their own tell.
async fn login(ask: &mut Ask<'_>) -> Result<(Frames, u64), Because> {
    let blocked = |table: &str| Because::new(Reason::Blocked, format!("{table}@{}.outcome", ask.vantage));
    let lost = (blocked("upgrade"), blocked("challenge"), blocked("connect"));
    if !upgrade::run(ask).await.succeeded {
        return Err(lost.0);
    }
    if !challenge::run(ask).await.succeeded {
        return Err(lost.1);
    }
    match connect::login(ask).await? {
        Login { frames, max_payload: Some(most) } => Ok((frames, most)),
        Login { frames, max_payload: None } => {
            frames::leave(frames, &ask.deadline).await;
            Err(lost.2)
        }
    }
}

/// Sends one request of a size and waits for its response, whatever that says: it has arrived.
async fn send(socket: &mut Frames, number: u64, size: u64) -> Tried {
    let (id, text) = sized(number, size);
    socket.send(text).await;
    loop {
        match frames::next(socket).await {
            Came::Text(text) => match Frame::read(&text) {
                Ok(Frame::Answer { id: mine, .. } | Frame::Refusal { id: mine, .. }) if mine == id => return Tried::through(),
                _ => {}
            },
            Came::Bad(_) => return Tried { death: Some(Death::Ours), ..Tried::nothing() },
            Came::End(closing) => return Tried { death: Some(closing.death), code: closing.code, ..Tried::nothing() },
        }
    }
}
