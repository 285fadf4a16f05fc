//! Why maintenance could not be done.

use thiserror::Error;

use crate::{monitoring::Unresolved, ports::ServiceError};

/// Why maintenance could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpsError {
    /// A service said no.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// There is no such table.
    #[error("table {table} does not exist")]
    NoTable {
        /// Its name.
        table: String,
    },
    /// A declaration names something that the stack does not have.
    #[error("the declaration does not fit the stack: {0}")]
    Unresolved(#[from] Unresolved),
    /// There is no such stack.
    #[error("stack {stack} does not exist")]
    NoStack {
        /// Its name.
        stack: String,
    },
    /// The stack cannot be worked on as it stands.
    #[error("stack {stack} is {status}: {reason}")]
    NotNow {
        /// Its name.
        stack: String,
        /// The service's word.
        status: String,
        /// What that means here.
        reason: String,
        /// What to do.
        hint: String,
    },
    /// The change set could not be made.
    #[error("the change set of stack {stack} failed: {reason}")]
    ChangeSet {
        /// The stack.
        stack: String,
        /// What was said.
        reason: String,
    },
    /// The changes were not made, or not all of them.
    #[error("stack {stack} ended as {status}: {}", .first.as_ref().map_or("no resource says why", |told| told.as_str()))]
    Failed {
        /// The stack.
        stack: String,
        /// Where it stands now.
        status: String,
        /// The first resource that failed, and why.
        first: Option<String>,
    },
    /// It did not come to an end within the bound.
    #[error("{what} did not end within {minutes} minutes")]
    TooLong {
        /// What.
        what: String,
        /// The bound.
        minutes: u64,
    },
    /// The bucket cannot hold what a stack is made from.
    #[error("bucket {bucket} {reason}")]
    Bucket {
        /// The bucket.
        bucket: String,
        /// Why.
        reason: String,
    },
    /// A query on logs was not answered.
    #[error("the query was not answered: {reason}")]
    Unanswered {
        /// Why.
        reason: String,
    },
    /// The package is not the one that is needed.
    #[error("{reason}")]
    Package {
        /// Why.
        reason: String,
    },
    /// What is to be made is there already.
    #[error("{} {} there already", .found.join(", "), if .found.len() == 1 { "is" } else { "are" })]
    InTheWay {
        /// What was found.
        found: Vec<String>,
    },
    /// Parameters without a default have no value yet.
    #[error("the stack needs a value for {}", .names.join(" and "))]
    ParametersMissing {
        /// Their names.
        names: Vec<String>,
    },
    /// A parameter is none of the template, or has no value that it takes.
    #[error("parameter {name}: {reason}")]
    Parameter {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
}
