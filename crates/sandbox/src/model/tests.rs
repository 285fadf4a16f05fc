//! Behaviour of the whole model, told as sentences.

mod clusters;
#[expect(dead_code, reason = "what it offers is used by the tests that follow")]
mod stage;
