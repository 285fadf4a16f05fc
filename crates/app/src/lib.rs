//! Configuration to wired services: the only room that knows all adapters.
//!
//! [`config::Config`] is parsed once, here; the domain receives values. No other room reads the environment.

pub mod config;
mod suggest;

pub use aurora_restore_sandbox as sandbox;
pub use suggest::did_you_mean;
