//! Runs of clawprobe in worlds of our own: what `preflight --reference`, `reproduce` and `self-test` do.
//!
//! [`stage`] raises a world and loads the settings that lead into it, [`expect`] holds what came out against what must.

pub mod by_hand;
pub mod confusion;
pub mod expect;
pub mod gate;
pub mod hall;
pub mod maturity;
pub mod pairs;
pub mod room;
pub mod self_test;
pub mod stage;
pub mod told;
pub mod trial;
