//! What can be tested without a real peer: one binary, one module per subject.

mod claims;
mod conditions;
mod mutation;
mod secrets;
mod walls;
