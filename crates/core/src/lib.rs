//! The domain of the Aurora Restore Pipeline.
//!
//! This crate decides *what* happens: it turns a [`request`] into a [`plan`], records every move of an
//! [`operation`] in a [`journal`] before it is made, and advances the operation step by step with the
//! [`engine`]. It talks to the world only through [`ports`].
//!
//! Never here: an AWS SDK type, a clock, an environment variable, a sleep, a print. Time comes in as a value
//! or through [`ports::Clock`]; waiting is a return value.

pub mod catalogue;
pub mod engine;
pub mod ids;
pub mod journal;
pub mod operation;
pub mod plan;
pub mod ports;
pub mod report;

pub mod request;
pub mod secret;
pub mod settings;
pub mod steps;

pub mod verification;
