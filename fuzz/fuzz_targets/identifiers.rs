//! Identifiers and ARNs.
#![no_main]

#[path = "../bodies/identifiers.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::run(data));
