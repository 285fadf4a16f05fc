//! Configuration to wired services: the only room that knows all adapters.
//!
//! [`config::Config`] is parsed once, here; the domain receives values, [`Services`] gives it the ports, and [`drive`] is
//! the loop around the engine that waits and tells a [`Sink`] what happens. No other room is configured by the
//! environment.

pub mod config;
mod driver;
mod follow;
mod history;
mod hooks;
mod identity;
mod lookup;
#[cfg(feature = "stack")]
mod restore_tests;
#[cfg(feature = "stack")]
mod review;
mod rotation;
mod services;
#[cfg(feature = "stack")]
mod stack;
mod suggest;
mod ways;

#[cfg(feature = "local")]
pub use aurora_restore_local::ExportFile;
#[cfg(feature = "local")]
pub use aurora_restore_sandbox as sandbox;
pub use driver::{DriveEnd, Sink, Stop, drive, watch_over};
pub use follow::Follower;
pub use history::History;
pub use hooks::{clock, panic_if_asked};
pub use identity::{ExecutorKind, caller, executor, executor_of_batch, new_operation_id};
pub use lookup::{LATEST, LookupError, find_operation};
#[cfg(feature = "stack")]
pub use restore_tests::open_restore_tests;
#[cfg(feature = "stack")]
pub use review::{LogFiles, StackConfiguration};
pub use rotation::{RotationServices, new_secret_version};
#[cfg(feature = "executions")]
pub use services::function::MachineError;
#[cfg(feature = "aws-services")]
pub use services::function::{FunctionAccount, FunctionParameterError, SourceIs};
#[cfg(feature = "local")]
pub use services::{JournalUse, OpenState, empty_journal, open_changes, open_journal, open_secrets, open_state};
pub use services::{Services, ServicesError, open_cloud, open_database};
#[cfg(feature = "stack")]
pub use stack::{StackError, StackServices, needed_indexes};
pub use suggest::did_you_mean;
pub use ways::ways_of_copies;
