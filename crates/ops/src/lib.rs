//! Maintenance of a deployed pipeline: what is done around restores rather than in one.
//!
//! It declares the ports that it needs beside those of `core`; the adapters implement them. It is not the place for
//! decisions about a restore itself, and like `core` it reads no environment and prints nothing.

pub mod backup;
pub mod capacity;
pub mod change;
pub mod condition;
pub mod delete;
pub mod deploy;
pub mod drill;
mod error;
pub mod executing;
mod follow;
pub mod functions;
pub mod indexes;
pub mod insights;
pub mod keys;
mod level;
mod log_line;
pub mod monitoring;
mod package;
pub mod policy;
pub mod ports;
pub mod prices;
mod reach;
pub mod review;
pub mod rotation;
pub mod state;
pub mod status;
pub mod sweep;
mod template;

pub use error::OpsError;
pub use follow::{Narrator, patiently};
pub use level::Level;
pub use package::{NoPackage, Package};
pub use reach::{Reach, Unlooked};
pub use template::TemplateParameters;
