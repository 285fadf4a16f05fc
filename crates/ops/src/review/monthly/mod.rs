//! What is looked at every month: whether what is deployed is still what is wanted, and what it costs.

mod billed;
pub(super) mod capacity;
pub(super) mod cost;
pub(super) mod drift;
pub(super) mod functions;
pub(super) mod iam;
pub(super) mod parameters;
mod plain_secrets;

pub use parameters::{NamedSecret, ParameterVerdict, Verdicts};
