//! KMS keys as they are: state, rotation, and who may use them.

use async_trait::async_trait;
use aurora_restore_core::ids::KmsKey;
use jiff::Timestamp;

use super::ServiceResult;

/// Whether a key can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It can.
    Enabled,
    /// It cannot, until somebody enables it.
    Disabled,
    /// It will be gone, and everything under it with it.
    PendingDeletion {
        /// When, if the service says so.
        at: Option<Timestamp>,
    },
    /// Something else, by the service's word.
    Other(String),
}

/// Whose key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyManager {
    /// The account's own.
    Customer,
    /// Of AWS, in the account: it is rotated each year and its policy cannot be changed.
    Aws,
}

/// Whether its material is exchanged by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyRotation {
    /// Each so many days.
    On,
    /// It could be.
    Off,
    /// Not possible for a key of its kind, or not to be seen by this caller.
    Unknown,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its ARN.
    pub arn: String,
    /// Whose it is.
    pub manager: KeyManager,
    /// Its state.
    pub state: KeyState,
    /// Its rotation.
    pub rotation: KeyRotation,
    /// Its policy, as JSON; `None` where this caller may not read it.
    pub policy: Option<String>,
}

/// The keys of the account.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Looks at a key, by id, alias or ARN; `None` where there is none.
    ///
    /// # Errors
    /// [`super::ServiceError`].
    async fn key(&self, key: &KmsKey) -> ServiceResult<Option<KeyFacts>>;
}
