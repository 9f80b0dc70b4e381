//! Whether an address belongs to this machine.

use std::net::{IpAddr, UdpSocket};

/// Whether an address is one of this machine's (or network namespace's) own, loopback included.
///
/// The kernel lets a socket be bound to own addresses only; nothing is sent. An unspecified address is not own.
pub fn is_own(address: IpAddr) -> bool {
    !address.is_unspecified() && (address.is_loopback() || UdpSocket::bind((address, 0)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_own_and_a_documentation_address_is_not() {
        assert!(is_own("127.0.0.1".parse().unwrap()) && is_own("127.9.9.9".parse().unwrap()));
        // 192.0.2.0/24 and 2001:db8::/32: RFC 5737 and RFC 3849, on no machine.
        assert!(!is_own("192.0.2.7".parse().unwrap()) && !is_own("2001:db8::7".parse().unwrap()));
        assert!(!is_own("0.0.0.0".parse().unwrap()));
    }
}
