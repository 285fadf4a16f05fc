//! The running sandbox: joins the pure model, the PostgreSQL data plane and the API under a real clock.
//!
//! ```text
//! request ─> api ─> runtime ─> model (one lock, pure work only)
//!                      │ ▲
//!                      ▼ │ outcomes
//!            state file  effects ─> data plane
//! ```
//!
//! A change is saved before it is answered and before its effects begin, so a sandbox that is killed anywhere goes on where
//! it was: the state file says what was decided, and effects that were not finished are done again.

mod config;
mod directory;
mod effects;
mod error;
mod runtime;
mod sandbox;
mod state_file;
mod status;

pub use config::{PostgresMode, PostgresOptions, SandboxConfig};
pub use error::{CorruptAt, SandboxError};
pub(crate) use runtime::Runtime;
pub use runtime::Unsaved;
pub use sandbox::{Sandbox, reset, serve};
pub use status::Status;
