//! Why nothing came of a call to a service that a stack is made with.

use thiserror::Error;

/// Why nothing came of a call. `action` is the permission that the call needs, such as `cloudformation:CreateChangeSet`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ServiceError {
    /// The caller may not.
    #[error("{action} is denied on {object}: {reason}")]
    Denied {
        /// The permission that is lacking.
        action: &'static str,
        /// What it was about.
        object: String,
        /// What was said.
        reason: String,
    },
    /// What the call was about is not there.
    #[error("{object} does not exist, says {action}: {reason}")]
    Missing {
        /// What was asked for.
        action: &'static str,
        /// What it was about.
        object: String,
        /// What was said.
        reason: String,
    },
    /// What was asked for is not acceptable; repeating it is of no use.
    #[error("{action} is refused for {object}: {reason}")]
    Refused {
        /// What was asked for.
        action: &'static str,
        /// What it was about.
        object: String,
        /// What was said.
        reason: String,
    },
    /// No answer, or not now; trying again may help.
    #[error("{action} is not answered for {object}: {reason}")]
    Unavailable {
        /// What was asked for.
        action: &'static str,
        /// What it was about.
        object: String,
        /// What was said.
        reason: String,
    },
}

impl ServiceError {
    /// Whether trying again may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Denied { .. } | Self::Missing { .. } | Self::Refused { .. } => false,
        }
    }
}

/// The answer of a service.
pub type ServiceResult<T> = Result<T, ServiceError>;
