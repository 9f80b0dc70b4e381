//! What can be tested without a real peer: one binary, one module per subject.

#![expect(clippy::disallowed_methods, reason = "tests read the environment; the walls are for the product")]

mod advise;
mod alike;
mod bad_input;
mod claims;
mod cli;
mod conditions;
mod counted;
mod delivered;
mod desk;
mod ends;
mod engine;
mod etiquette;
#[path = "../frames/mod.rs"]
mod exchanges;
mod faults;
mod frames;
mod fresh;
mod fuzz;
mod guides;
mod hold;
mod hostile;
mod judge;
mod listener;
mod machine;
mod maturity;
mod mutation;
mod overlay;
mod own_faults;
mod plan;
mod planting;
mod products;
mod public;
mod readme;
mod recording;
mod reference;
mod report;
mod rounds;
mod secrets;
mod settings;
mod shelf;
mod stand;
mod unix;
mod walls;
