//! The gateway's wire, as its own documentation and its behaviour give it: no socket is touched here.
//!
//! Sources: the npm package `openclaw` 2026.9.6 (`docs/gateway/protocol/*.md`, `dist/`), its behaviour on loopback, and that of
//! 17 older releases back to 2026.1.29. Where a document and the wire disagree, the wire is followed and the comment says so.

pub mod challenge;
pub mod close;
pub mod connect;
pub mod detail;
pub mod frame;
pub mod hello;
pub mod json;
pub mod limits;
pub mod refusal;
pub mod upgrade;
