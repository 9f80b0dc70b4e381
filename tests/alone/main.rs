//! What needs the machine to itself: a binary of its own, because cargo runs one binary after the other.

#![expect(clippy::disallowed_methods, reason = "tests read the environment; the walls are for the product")]

#[path = "../house/desk.rs"]
#[allow(dead_code, reason = "the house needs more of it")]
mod desk;
#[path = "../house/machine.rs"]
#[allow(dead_code, reason = "the house needs more of it")]
mod machine;
mod self_test;
