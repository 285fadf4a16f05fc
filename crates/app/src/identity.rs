//! Who we are and what an operation is called.

use std::os::unix::fs::MetadataExt as _;

use aurora_restore_core::ids::{ExecutorId, InvalidId, OperationId};
use jiff::{Timestamp, tz::TimeZone};
use rand::RngExt as _;

use crate::hooks;

/// A new operation id: `op-YYYYMMDD-HHMMSS-xxxx`. The time makes ids sort and read well, four random hexadecimal digits
/// tell apart what is asked for in the same second; the journal refuses an id that is taken.
///
/// # Errors
/// [`InvalidId`] never in practice; kept as an error so that a fault is reported and not acted upon.
pub fn new_operation_id(now: Timestamp) -> Result<OperationId, InvalidId> {
    let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
    let digits = hooks::seed().unwrap_or_else(|| rand::rng().random());
    OperationId::new(format!("op-{time}-{digits:04x}"))
}

/// What the name of an executor begins with that is a process of this program.
const OF_COMMAND: &str = "command:";

/// Who executes: this process, told apart from another one with the same number on another machine or another day.
///
/// # Errors
/// [`InvalidId`] if the machine has an impossible name.
pub fn executor() -> Result<ExecutorId, InvalidId> {
    let host: String = host().chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(64).collect();
    let digits: u16 = rand::rng().random();
    ExecutorId::new(format!("{OF_COMMAND}{host}:{}:{digits:04x}", std::process::id()))
}

/// What the name of an executor ends with that begins the items of a batch.
const OF_BATCH: &str = ":batch";

/// The same for a process that does the items of a batch: a batch is recorded nowhere else, and its items have to be told from
/// operations of the same ids.
///
/// # Errors
/// [`InvalidId`] if the machine has an impossible name.
pub fn executor_of_batch() -> Result<ExecutorId, InvalidId> {
    ExecutorId::new(format!("{}{OF_BATCH}", executor()?))
}

/// Which kind of executor a name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutorKind {
    /// A command that works on one operation.
    Command,
    /// A command that does the items of a batch.
    Batch,
    /// Somebody else, such as an execution of a stack.
    Other,
}

impl ExecutorKind {
    /// Reads it out of the name.
    pub fn of(executor: &ExecutorId) -> Self {
        let name = executor.as_str();
        match (name.starts_with(OF_COMMAND), name.ends_with(OF_BATCH)) {
            (true, true) => Self::Batch,
            (true, false) => Self::Command,
            (false, _) => Self::Other,
        }
    }
}

/// Who asks, as the journal tells it: `user@host`.
pub fn caller() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let user = named("SUDO_USER").or_else(|| named("USER")).or_else(|| named("LOGNAME"));
    // A service often has no name in its environment; on Linux the owner of the process's own directory tells its number.
    let number =
        || std::fs::metadata("/proc/self").map_or_else(|_| "unknown".to_owned(), |own| format!("uid-{}", own.uid()));
    format!("{}@{}", user.unwrap_or_else(number), host())
}

fn host() -> String {
    let of_kernel = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = std::env::var("HOSTNAME").ok().filter(|text| !text.is_empty()).or_else(of_kernel);
    named.map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_id_tells_when_it_was_asked_for() {
        let id = new_operation_id("2026-11-22T10:15:00Z".parse().unwrap()).unwrap();
        assert!(id.as_str().starts_with("op-20261122-101500-"), "{id}");
        assert_eq!(id.as_str().len(), "op-20261122-101500-7f3a".len());
    }

    #[test]
    fn two_executors_of_one_process_are_told_apart() {
        let ids: std::collections::BTreeSet<_> = (0..8).map(|_| executor().unwrap()).collect();
        assert!(ids.len() > 1);
    }

    #[test]
    fn the_name_of_an_executor_tells_whether_a_batch_began_an_operation() {
        assert_eq!(ExecutorKind::of(&executor().unwrap()), ExecutorKind::Command);
        assert_eq!(ExecutorKind::of(&executor_of_batch().unwrap()), ExecutorKind::Batch);
        assert_eq!(ExecutorKind::of(&ExecutorId::new("night-orders").unwrap()), ExecutorKind::Other);
    }
}
