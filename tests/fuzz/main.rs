//! The fuzzer's side of a target: every binary is this file under another name.

#![no_main]

mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::run(env!("CARGO_BIN_NAME"), data));
