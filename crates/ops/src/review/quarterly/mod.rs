//! What is looked at every quarter: what grows old, whether recovery still works, and whether it grows slower.

pub(super) mod drill;
mod policy;
pub(super) mod runtimes;
pub(super) mod security;
mod support;
pub(super) mod trend;

pub use drill::{Drill, DrillResult, Drills};
