//! Whether packets can be captured here: by this build, and by this user.

use crate::facts::value::{Because, Cell, Reason};

/// The interface every machine has; opening it shows whether this user may capture at all. Source: pcap(3PCAP), "any" is
/// Linux only and needs the same right.
#[cfg(feature = "capture")]
const INTERFACE: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

/// Opens the loopback interface for capture and closes it again; not a packet is read.
#[cfg(feature = "capture")]
pub fn possible() -> Cell {
    let opened = pcap::Capture::from_device(INTERFACE).and_then(|capture| capture.promisc(false).snaplen(64).open());
    match opened {
        Ok(_) => Cell::value(true),
        Err(pcap::Error::PcapError(why)) => Cell::not_measured(Because::new(Reason::NotPermitted, why)),
        Err(why) => Cell::not_measured(Because::new(Reason::Unsupported, why.to_string())),
    }
}

/// A build without libpcap cannot tell.
#[cfg(not(feature = "capture"))]
pub fn possible() -> Cell {
    Cell::not_measured(Because::new(Reason::Unsupported, "this build is without the feature capture"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_says_what_it_can() {
        let built = cfg!(feature = "capture");
        let right = match possible() {
            Cell::Value { value } => built && value == true.into(),
            Cell::NotMeasured(why) if built => why.reason == Reason::NotPermitted,
            Cell::NotMeasured(why) => why.reason == Reason::Unsupported,
            Cell::Absent => false,
        };
        assert!(right, "{}", possible());
    }
}
