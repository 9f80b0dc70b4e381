//! To come.

pub mod explain;
pub mod facts;
mod listing;
pub mod probes;
