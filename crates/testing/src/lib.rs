//! A simulated cloud and what is needed to try the engine in it: a clock that is turned by hand, a journal, secrets and a
//! database that live in memory, faults on request, and the conformance suites that every implementation of a port must
//! pass.
//!
//! For tests and measurements only: nothing here is linked into the product. The fakes have behaviour instead of
//! expectations; the simulated RDS is [`aurora_restore_sandbox::model`], the same state machine that answers behind the
//! sandbox's HTTP interface.

pub mod asl;
mod backup_service;
pub mod bench;
mod bills;
mod changes;
pub mod checks;
mod clock;
mod cloud;
mod data;
mod database;
mod dice;
mod drive;
mod executions;
mod faults;
pub mod function_stage;
mod functions;
mod grants;
mod journal;
pub mod matrix;
pub mod monitors;
mod notifier;
pub mod parallel;
mod restore_tests;
pub mod review;
mod run;
pub mod runtime_api;
pub mod scenario;
mod secret_versions;
mod secrets;
pub mod secrets_manager;
pub mod sequences;
pub mod sim;
mod small_disk;
pub mod stacks;
pub mod stand_in;
pub mod stories;
pub mod suites;
pub mod table_settings;
mod view;
pub mod watched;
pub mod way;

pub use backup_service::BackupService;
pub use bills::{BillService, MemoryBills};
pub use changes::MemoryChanges;
pub use clock::ManualClock;
pub use cloud::{Sim, SimCloud};
pub use data::{Content, Role};
pub use database::{SimDatabase, Trouble};
pub use dice::Dice;
pub use drive::{DriveError, Stop, drive, run_to_end};
pub use executions::MemoryExecutions;
pub use faults::{Fault, FaultyPorts, Hit, Script};
pub use functions::{MemoryAlarms, MemoryFunctions};
pub use grants::MemoryGrants;
pub use journal::MemoryJournal;
pub use notifier::RecordingNotifier;
pub use restore_tests::MemoryRestoreTests;
pub use run::{Outcome, block_on, block_on_until};
pub use secret_versions::MemoryVersions;
pub use secrets::MemorySecrets;
pub use small_disk::SmallDisk;
pub use view::{View, Witness};
