//! The RDS Query protocol over HTTP, in front of the model. Holds no state of its own beyond the sessions of assumed roles.

pub mod credentials;
pub mod query;
