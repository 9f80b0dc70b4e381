//! What can be tested without a real peer: one binary, one module per subject.

mod claims;
mod conditions;
mod listener;
mod mutation;
mod overlay;
mod secrets;
mod settings;
mod shelf;
mod walls;
