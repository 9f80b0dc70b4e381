//! From a primitive's name to the code that does it.

use super::{Ask, Done, blank, challenge, connect, dns, hold, http, listener, rounds, site, sizes, tcp, tls, unix, upgrade};
use crate::facts::dictionary::filled_by;
use crate::facts::{Because, Reason};

/// Runs the primitive a step names.
pub async fn run(ask: &mut Ask<'_>) -> Done {
    match ask.step.primitive.as_str() {
        "socket" => unix::run(ask).await,
        "dns" => dns::run(ask).await,
        "tcp" => tcp::run(ask).await,
        "tls" => tls::run(ask).await,
        "http" => http::run(ask).await,
        "site" => site::run(ask).await,
        "listener" => listener::run(ask).await,
        "challenge" => challenge::run(ask).await,
        "connect" => connect::run(ask).await,
        "hold" => hold::run(ask).await,
        "rounds" => rounds::run(ask).await,
        "sizes" => sizes::run(ask).await,
        "upgrade" => upgrade::run(ask).await,
        _ => unsupported(ask),
    }
}

/// Whether a primitive that is interrupted hands over what it saw, so that the run waits for it a moment longer. All others are
/// ended where they are: what they see takes a second, and can be seen again.
pub fn hears_the_stop(primitive: &str) -> bool {
    primitive == "hold"
}

/// What is said of a name that no code stands behind: the shelf's loader refuses such names, a plan of another build may hold one.
fn unsupported(ask: &Ask<'_>) -> Done {
    let because = Because::new(Reason::Unsupported, format!("this build has no primitive {}", ask.step.primitive));
    Done { sheets: blank(filled_by(&ask.step.primitive), ask.step, ask.vantage, &because), succeeded: false }
}
