//! The `tls` primitive: a handshake, and the certificate shown.

use super::line;
use super::secure::{self, Certificate, Failure, Seen};
use super::socket::Stream;
use super::{Ask, Done, blank};
use crate::clock;
use crate::facts::sheet::RowBuilder;
use crate::facts::tables::http::Exchange;
use crate::facts::tables::path::Scheme;
use crate::facts::tables::tls::{Handshake, Identified, Purpose, Refusal, TLS};
use crate::facts::{Because, Cell, Reason, Row, Sheet, Value};
use crate::secret::Redactor;

/// What is offered: both, so that the choice shows whether the peer would speak HTTP/2.
const OFFERED: &[&str] = &["h2", "http/1.1"];

/// Makes one handshake: of a TLS way for its own sake, of a plain way when its health answer was that of a TLS port.
///
/// Otherwise there is nothing to ask, and the table stays complete and empty.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    let cross = ask.with("purpose") == Some(Purpose::CrossCheck.as_str());
    let purpose = if cross { Purpose::CrossCheck } else { Purpose::Use };
    let mut sheet = Sheet::new(&TLS, ask.vantage);
    let scheme = ask.way.map(|w| w.endpoint.scheme);
    let wanted = if cross { scheme == Some(Scheme::Ws) && ask.lane.suspects_tls } else { scheme == Some(Scheme::Wss) };
    if !wanted {
        return Done { sheets: vec![sheet], succeeded: true };
    }
    match shake(ask).await {
        Ok(seen) => {
            let succeeded = seen.outcome == Handshake::Established;
            if purpose == Purpose::Use {
                ask.lane.untrusted |= succeeded && !seen.convinces();
                if !succeeded {
                    ask.lane.blocked = Some(format!("tls@{}.outcome", ask.vantage));
                }
            }
            sheet.push(row(purpose, &seen, ask.way.and_then(|way| ask.target.tls.towards(way).pin.clone()), ask.redactor));
            Done { sheets: vec![sheet], succeeded }
        }
        Err(because) => Done { sheets: blank(&[&TLS], ask.step, ask.vantage, &because), succeeded: false },
    }
}

async fn shake(ask: &Ask<'_>) -> Result<Seen, Because> {
    let Some(way) = ask.way else { return Err(Because::new(Reason::Defect, "a handshake needs a path")) };
    let begun = clock::now();
    let early = |outcome| Seen {
        outcome,
        certificate: None,
        version: None,
        alpn: None,
        identified: Identified::NotAsked,
        after: clock::now() - begun,
        alert: None,
    };
    let opened = match line::permit(ask).await {
        Ok(permit) => line::plain(ask.lane.source, way, ask.lane.peer, &ask.deadline).await.map(|stream| (stream, permit)),
        Err(fault) => Err(fault),
    };
    let (stream, _permit) = match opened.map_err(|fault| fault.outcome(ask)) {
        Ok(open) => open,
        Err(Ok(Exchange::Reset)) => return Ok(early(Handshake::Reset)),
        Err(Ok(_)) => return Ok(early(Handshake::Silent)),
        Err(Err(because)) => return Err(because),
    };
    match secure::secure(stream, &way.endpoint, &ask.target.tls.towards(way), OFFERED, &ask.deadline).await {
        Ok((stream, seen)) if seen.identified == Identified::Withheld => Ok(heard(stream, seen, ask).await),
        Ok((_, seen)) => Ok(seen),
        Err(Failure::Handshake(seen)) => Ok(*seen),
        Err(Failure::NotMeasured(because)) => Err(because),
    }
}

/// A handshake that came to its end without the certificate that was asked for, and what the peer says to that.
async fn heard(stream: Box<dyn Stream>, seen: Seen, ask: &Ask<'_>) -> Seen {
    match secure::objection(stream, &ask.deadline).await {
        Some(alert) => Seen { outcome: Handshake::Alert, alert: Some(alert), ..seen },
        None => seen,
    }
}

fn row(purpose: Purpose, seen: &Seen, pin: Option<String>, redactor: &Redactor) -> Row {
    let tame = |text: &String| redactor.text(text).chars().take(LONGEST).collect::<String>();
    let certificate = seen.certificate.as_ref();
    let of = |get: fn(&Certificate) -> Option<&String>| certificate.and_then(get).map(tame);
    RowBuilder::new(&TLS, [Value::from(purpose.as_str())])
        .set("outcome", seen.outcome.as_str())
        .maybe("trust", certificate.map(|c| c.trust.as_str()))
        .maybe("pin", pin)
        .maybe("fingerprint", certificate.map(|c| c.fingerprint.clone()))
        .maybe("version", seen.version)
        .maybe("alpn", seen.alpn.as_ref().map(tame))
        .maybe("subject", of(|c| c.subject.as_ref()))
        .maybe("issuer", of(|c| c.issuer.as_ref()))
        .maybe("names", of(|c| c.names.as_ref()))
        .maybe("expires-in", certificate.and_then(|c| c.expires_in_ms).map(Value::Ms))
        .maybe("chain", certificate.and_then(|c| i64::try_from(c.chain).ok()))
        .set("client-certificate", seen.identified.as_str())
        .set("after", seen.after)
        .maybe("refusal", seen.refusal().map(Refusal::as_str))
        .maybe("alert", seen.alert.as_ref().map(tame))
        .rest(Cell::Absent)
}

/// The longest text of a peer that goes into a fact, in characters; a certificate may carry any number of names.
const LONGEST: usize = 400;

#[cfg(test)]
mod tests;
