//! The embedded reference gateway, the fault edge and other stand-ins: a world of our own to run a matrix against.
//!
//! [`world`] is that world as data, [`written`] a text with such data and where in it each thing stands, [`fault`] a named change, [`ground`] where it stands: sockets, files and processes,
//! for as long as a value lives. [`gateway`] behaves as an OpenClaw Gateway does, [`edge`] as a reverse proxy with switches for
//! its mistakes, [`script`] answers by script, [`hostile`] means harm, [`resolver`] answers names.
//!
//! Nothing here writes a fact: what a stand-in does is seen by the primitives or not at all.

pub mod certificate;
pub mod document;
pub mod edge;
pub mod fault;
pub mod folder;
pub mod front;
pub mod gateway;
pub mod ground;
pub mod head;
pub mod hostile;
pub mod resolver;
pub mod script;
mod seat;
pub mod wire;
pub mod within;
pub mod world;
pub mod written;
