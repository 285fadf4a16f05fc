//! What RDS says no with, sorted by what it means for us.

use thiserror::Error;

/// A result of the RDS port.
pub type RdsResult<T> = Result<T, RdsError>;

/// What an answer of RDS means. The adapter decides from the wire code; the engine decides what follows.
///
/// Only kinds that any implementation can have are named. When in doubt it is [`RdsErrorKind::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RdsErrorKind {
    /// The typed not-found code of the thing that was named.
    NotFound,
    /// Something else that was referred to does not exist (a key, a subnet group, a parameter group).
    ReferenceNotFound,
    /// The name is taken.
    AlreadyExists,
    /// The thing is in a condition in which this is refused; may pass.
    InvalidState,
    /// Slow down.
    Throttled,
    /// A limit that ends by itself, such as five copies in progress.
    TransientQuota,
    /// A limit that a person has to lift.
    Quota,
    /// The KMS key does not exist, is not enabled or does not let us.
    KmsDenied,
    /// No capacity of this class at the moment.
    CapacityShort,
    /// The caller may not.
    AccessDenied,
    /// The call can never succeed as it is.
    InvalidRequest,
    /// No answer, or a fault of the service: whether the change happened is not known.
    Unavailable,
    /// Any other code.
    Other,
}

/// An answer of RDS that is not the wished one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{action} of `{object}` was refused with {code}: {message}")]
pub struct RdsError {
    /// What it means.
    pub kind: RdsErrorKind,
    /// The API action.
    pub action: String,
    /// What the call was about.
    pub object: String,
    /// RDS's code as on the wire, or a word for a failure below it.
    pub code: String,
    /// RDS's text.
    pub message: String,
    /// The id of the request, for AWS support.
    pub request_id: Option<String>,
}

impl RdsError {
    /// Whether this is the typed not-found of the thing that was named: the only proof that something is gone.
    pub fn is_not_found(&self) -> bool {
        self.kind == RdsErrorKind::NotFound
    }
}

/// Why a side of the cloud cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {side} account cannot be used: {reason}")]
pub struct CloudError {
    /// `source` or `target`.
    pub side: &'static str,
    /// What was said.
    pub reason: String,
    /// Whether trying again may help.
    pub retryable: bool,
}
