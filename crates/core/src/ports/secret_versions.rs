//! The versions of a secret, for whoever gives it a new password.
//!
//! A version is immutable and bears labels: clients read the one that is current, a rotation prepares the one that is
//! pending, and what was current before stays readable as the previous one. A label is on one version at a time. The words
//! are those of Secrets Manager, and a file on one machine keeps them alike.

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    ids::{SecretId, SecretVersionId},
    ports::{SecretDocument, SecretsError},
    secret::Secret,
};

/// How many characters a new password has: RDS takes 8 to 41 of a master.
pub const PASSWORD_CHARS: usize = 32;

/// What no new password holds: RDS refuses the first four and the space in a master's password, and the others are what
/// shells, connection strings and configuration files most often take for something else.
pub const PASSWORD_EXCLUDED: &str = "/\"@' \\`$%&{}[]()<>|;:?#,=!*~^";

/// What a version is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionStage {
    /// What clients read.
    Current,
    /// What a rotation prepares.
    Pending,
    /// What was current before.
    Previous,
}

impl VersionStage {
    /// Every stage.
    pub const ALL: [Self; 3] = [Self::Current, Self::Pending, Self::Previous];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "AWSCURRENT",
            Self::Pending => "AWSPENDING",
            Self::Previous => "AWSPREVIOUS",
        }
    }
}

/// One version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its id; for a pending one the token under which it was asked for.
    pub id: SecretVersionId,
    /// Its labels, as far as they are known here.
    pub stages: BTreeSet<VersionStage>,
}

/// Whether the store itself has the secret rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnRotation {
    /// It does, by a function.
    On,
    /// It does not.
    Off,
}

/// The versions of a secret that bear a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHistory {
    /// Whether the store has it rotated by itself.
    pub own_rotation: OwnRotation,
    /// When anything of it was changed, if the store knows.
    pub changed: Option<Timestamp>,
    /// The versions.
    pub versions: Vec<SecretVersion>,
}

impl SecretHistory {
    /// The version that bears a label.
    pub fn at(&self, stage: VersionStage) -> Option<&SecretVersionId> {
        self.versions.iter().find(|version| version.stages.contains(&stage)).map(|version| &version.id)
    }

    /// Whether a version bears a label.
    pub fn bears(&self, version: &SecretVersionId, stage: VersionStage) -> bool {
        self.at(stage) == Some(version)
    }
}

/// The versions of secrets.
#[async_trait]
pub trait SecretVersions: Send + Sync {
    /// The versions that bear a label.
    ///
    /// # Errors
    /// [`SecretsError::Missing`] where there is no such secret.
    async fn history(&self, id: &SecretId) -> Result<SecretHistory, SecretVersionsError>;

    /// The content of a version; `None` where it is announced and has none yet, or is not there.
    ///
    /// # Errors
    /// [`SecretVersionsError`].
    async fn value(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
    ) -> Result<Option<SecretDocument>, SecretVersionsError>;

    /// Gives a version its content and makes it the pending one. After it returns it has just this content; repeating it with
    /// the same content is safe.
    ///
    /// # Errors
    /// [`SecretVersionsError::Conflict`] where the version has another content already.
    async fn put_pending(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
        document: &SecretDocument,
    ) -> Result<(), SecretVersionsError>;

    /// Makes `to` the current version, if `from` is it. After it returns whoever reads the secret gets `to`, and `from` is the
    /// previous one. No reader ever finds none.
    ///
    /// # Errors
    /// [`SecretVersionsError::Conflict`] where `from` is not the current one.
    async fn move_current(
        &self,
        id: &SecretId,
        from: &SecretVersionId,
        to: &SecretVersionId,
    ) -> Result<(), SecretVersionsError>;

    /// Takes the pending label off a version.
    ///
    /// # Errors
    /// [`SecretVersionsError::Conflict`] where it does not bear it.
    async fn clear_pending(&self, id: &SecretId, version: &SecretVersionId) -> Result<(), SecretVersionsError>;

    /// A new random password of [`PASSWORD_CHARS`] characters without any of [`PASSWORD_EXCLUDED`].
    ///
    /// # Errors
    /// [`SecretVersionsError`]; `id` is named in it.
    async fn random_password(&self, id: &SecretId) -> Result<Secret, SecretVersionsError>;
}

/// Why nothing came of a call about versions. No variant holds any part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretVersionsError {
    /// The store gives no answer, or none that can be used.
    #[error(transparent)]
    Store(#[from] SecretsError),
    /// The secret is not as the caller thought: somebody else changed it.
    #[error("secret `{id}` was changed by somebody else: {reason}")]
    Conflict {
        /// The secret.
        id: SecretId,
        /// What is otherwise.
        reason: String,
    },
}
