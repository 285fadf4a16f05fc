//! The engine over a simulated cloud: whole restores, and what happens when something goes wrong in them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod cut;
mod guards;
mod late;
mod mended;
mod outside;
mod people;
mod places;
mod stuck;
mod universal;
mod whole;
