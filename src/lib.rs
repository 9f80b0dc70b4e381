//! clawprobe tells which layer broke when remote access to an OpenClaw Gateway fails.
//!
//! The code map, in the order of the road every command takes:
//!
//! - [`settings`] and [`target`]: what to ask, and where each value came from
//! - [`shelf`]: the knowledge (symptoms, probes, matrices, overlays), read from files
//! - [`plan`]: matrix, paths and budget to an ordered plan; pure
//! - [`probe`]: the primitives, the only code that touches the world; [`openclaw`]: the gateway's wire
//! - [`run`]: executes a plan and emits events
//! - [`facts`]: what was seen; [`record`]: the recording of it
//! - [`judge`]: from facts and rows to a verdict; pure
//! - [`report`]: one file per format; pure
//! - [`reference`]: the embedded reference gateway, the fault edge and other stand-ins
//! - [`proof`]: runs against them: what self-test, reproduce and `--reference` do
//! - [`advise`]: right configurations for a gateway, filled from templates; pure
//! - [`cli`]: one file per command
//!
//! Small types: [`code`], [`path`], [`labels`], [`secret`], [`clock`], [`complaint`], [`exit`], [`fitness`], [`harmless`], [`own`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod advise;
pub mod cli;
pub mod clock;
pub mod code;
pub mod complaint;
pub mod exit;
pub mod eyeballs;
pub mod facts;
pub mod fitness;
pub mod harmless;
pub mod judge;
pub mod labels;
pub mod openclaw;
pub mod own;
pub mod path;
pub mod plan;
pub mod probe;
pub mod proof;
pub mod record;
pub mod reference;
pub mod regular;
pub mod report;
pub mod run;
pub mod secret;
pub mod settings;
pub mod shelf;
pub mod shell;
pub mod target;
