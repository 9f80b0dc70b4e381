//! What arrives at a stand-in behind the user's own edge, told as it comes: once for each kind.

use tokio::sync::mpsc::Receiver;

use super::args::PlaceFormat;
use super::sink::{self, Unwritten};
use crate::reference::gateway::contract::Arrival;

/// What stands in the commands for the URL of the user's edge.
pub const YOUR_EDGE: &str = "https://YOUR-EDGE";

/// Tells arrivals until the end, or until nobody reads any more.
///
/// # Errors
/// Standard output does not take it.
pub async fn until(end: impl Future<Output = ()>, mut arrivals: Receiver<Arrival>, format: PlaceFormat) -> Result<(), Unwritten> {
    let mut end = std::pin::pin!(end);
    loop {
        let arrival = tokio::select! {
            () = &mut end => return Ok(()),
            arrival = arrivals.recv() => arrival,
        };
        let Some(arrival) = arrival else {
            end.await;
            return Ok(());
        };
        sink::print(&text(&arrival, format))?;
    }
}

fn text(arrival: &Arrival, format: PlaceFormat) -> String {
    match format {
        PlaceFormat::Human => format!("\n{arrival}"),
        PlaceFormat::Json => format!("{}\n", serde_json::to_string(arrival).unwrap_or_default()),
    }
}
