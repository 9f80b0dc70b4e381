//! Which ways are fit for a secret: the credential, and the headers of an edge's own login.

use std::net::IpAddr;

use crate::facts::tables::path::{AddressClass, Scheme};
use crate::facts::{Because, Reason};
use crate::path::Vantage;

/// Whether a way is fit for a secret: no failed TLS verification, and no plain text outside loopback, tailnet and private
/// addresses. The error says which fact forbids it.
pub fn fit(at: &Vantage, scheme: Scheme, peer: Option<IpAddr>, untrusted: bool) -> Result<(), Because> {
    if untrusted {
        return Err(Because::new(Reason::Withheld, format!("tls@{at}[purpose=use].trust")));
    }
    let guarded = match scheme {
        Scheme::Wss | Scheme::Unix => true,
        Scheme::Ws => peer.is_some_and(|ip| {
            matches!(AddressClass::of(ip), AddressClass::Loopback | AddressClass::Tailnet | AddressClass::Private)
        }),
    };
    if guarded { Ok(()) } else { Err(Because::new(Reason::Withheld, format!("path@{at}.scheme"))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_goes_where_others_can_read_it() {
        let at = Vantage::path("here", "edge");
        let ip = |text: &str| Some(text.parse().unwrap());
        for (scheme, peer, untrusted, sends) in [
            (Scheme::Ws, ip("127.0.0.1"), false, true),
            (Scheme::Ws, ip("::1"), false, true),
            (Scheme::Ws, ip("100.64.0.9"), false, true),
            (Scheme::Ws, ip("10.0.0.9"), false, true),
            (Scheme::Ws, ip("203.0.113.9"), false, false),
            (Scheme::Ws, ip("169.254.0.9"), false, false),
            (Scheme::Ws, ip("198.18.0.9"), false, false),
            (Scheme::Ws, None, false, false),
            (Scheme::Wss, ip("203.0.113.9"), false, true),
            (Scheme::Wss, ip("127.0.0.1"), true, false),
            (Scheme::Unix, None, false, true),
        ] {
            assert_eq!(fit(&at, scheme, peer, untrusted).is_ok(), sends, "{scheme} {peer:?} untrusted={untrusted}");
        }
        assert_eq!(fit(&at, Scheme::Wss, None, true).unwrap_err().to_string(), "withheld: tls@here/edge[purpose=use].trust");
    }
}
