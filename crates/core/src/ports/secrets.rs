//! Where passwords are kept: Secrets Manager on AWS, a file that only its owner can read on one machine.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{ids::SecretId, secret::Secret};

/// A secret as stored: a JSON object whose values are texts. Which keys must be there is the reader's business.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecretDocument {
    /// The fields; every value is treated as secret, user names included.
    pub fields: BTreeMap<String, Secret>,
}

/// Reads secrets.
#[async_trait]
pub trait Secrets: Send + Sync {
    /// Gives the current version of a secret.
    ///
    /// # Errors
    /// [`SecretsError::Missing`] only where the store itself says that there is no such secret.
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError>;
}

/// Why a secret could not be read. No variant holds any part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// The store has no such secret.
    #[error("secret `{id}` does not exist in {store}")]
    Missing {
        /// The secret that was asked for.
        id: SecretId,
        /// The store that was asked, for example a file's path or a Region.
        store: String,
    },
    /// The secret is there, and is not a JSON object of texts.
    #[error("secret `{id}` is malformed: {reason}")]
    Malformed {
        /// The secret that was asked for.
        id: SecretId,
        /// What is wrong with its shape; never its content.
        reason: String,
    },
    /// The store refuses this caller.
    #[error("access to secret `{id}` is denied: {reason}")]
    Denied {
        /// The secret that was asked for.
        id: SecretId,
        /// What the store said.
        reason: String,
    },
    /// The store could not be asked; trying again may help.
    #[error("the store of secret `{id}` did not answer: {reason}")]
    Unavailable {
        /// The secret that was asked for.
        id: SecretId,
        /// What went wrong.
        reason: String,
    },
}
