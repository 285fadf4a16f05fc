//! Why a rotation did not come to its end.

use aurora_restore_core::{
    catalogue::ErrorCode,
    ids::{SecretId, SecretVersionId},
    ports::{DatabaseError, DatabaseErrorKind, NotifierError, SecretVersionsError, SecretsError},
};
use thiserror::Error;

/// Why a rotation did not come to its end. After each of them it can be repeated, and goes on from where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RotationError {
    /// The store of secrets.
    #[error(transparent)]
    Versions(#[from] SecretVersionsError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The secret, or what is asked for, is not acceptable. Nothing was changed by this stage.
    #[error("secret `{secret}` is not rotated: {reason}")]
    Refused {
        /// The secret.
        secret: SecretId,
        /// Why; never any part of it.
        reason: String,
    },
    /// The version that a rotation has begun with does not fit the current one. Nothing was changed by this stage.
    #[error("the rotation of secret `{secret}` that was begun cannot be gone on with: version {version}: {reason}")]
    Unusable {
        /// The secret.
        secret: SecretId,
        /// The version that bears the pending label.
        version: SecretVersionId,
        /// Why; never any part of it.
        reason: String,
    },
    /// The secret is rotated, and whoever depends on it has not been told.
    #[error("secret `{secret}` is rotated, and nobody was told: {source}")]
    NotTold {
        /// The secret.
        secret: SecretId,
        /// What the channel said.
        source: NotifierError,
    },
}

impl RotationError {
    /// A refusal.
    pub(super) fn refused(secret: &SecretId, reason: impl Into<String>) -> Self {
        Self::Refused { secret: secret.clone(), reason: reason.into() }
    }

    /// Whether trying again may help without anybody doing something.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Versions(SecretVersionsError::Store(SecretsError::Unavailable { .. }))
            | Self::Versions(SecretVersionsError::Conflict { .. })
            | Self::NotTold { .. } => true,
            Self::Versions(SecretVersionsError::Store(_)) | Self::Refused { .. } | Self::Unusable { .. } => false,
            Self::Database(error) => error.kind == DatabaseErrorKind::Unreachable,
        }
    }

    /// Its code in the catalogue, where it has one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Versions(SecretVersionsError::Store(error)) => Some(match error {
                SecretsError::Missing { .. } => ErrorCode::SecretMissing,
                SecretsError::Malformed { .. } => ErrorCode::SecretMalformed,
                SecretsError::Denied { .. } => ErrorCode::AccessDenied,
                SecretsError::Unavailable { .. } => ErrorCode::Unavailable,
            }),
            Self::Versions(SecretVersionsError::Conflict { .. }) | Self::Refused { .. } | Self::Unusable { .. } => None,
            Self::Database(error) => Some(match error.kind {
                DatabaseErrorKind::Unreachable | DatabaseErrorKind::CertificateRefused => {
                    ErrorCode::DatabaseUnreachable
                }
                DatabaseErrorKind::LoginRefused => ErrorCode::DatabaseLogin,
                DatabaseErrorKind::PermissionDenied | DatabaseErrorKind::InvalidRequest | DatabaseErrorKind::Other => {
                    ErrorCode::DatabaseRefused
                }
            }),
            Self::NotTold { .. } => Some(ErrorCode::NotifyFailed),
        }
    }
}
