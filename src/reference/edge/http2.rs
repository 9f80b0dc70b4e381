//! HTTP/2 in front: streams to the gateway's HTTP/1.1, and extended CONNECT (RFC 8441) to its upgrade.

use super::Edge;
use super::door::Guest;

pub async fn requests(_edge: &Edge, _guest: Guest) {}
