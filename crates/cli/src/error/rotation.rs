//! What is told about a rotation that did not come to its end.

use aurora_restore_core::ports::{DatabaseErrorKind, SecretVersionsError, SecretsError};
use aurora_restore_ops::rotation::RotationError;

use super::CommandError;

/// Of no use to whoever could go on with it.
const DISCARD: &str = "The logins in use were not changed. Drop what was begun with `aurora-restore secrets rotate SECRET --discard`, \
                       then begin anew.";

/// Nothing that was begun is lost: the pending version says where it stands.
const AGAIN: &str = "Run the same command again: it goes on from where it stands.";

impl From<RotationError> for CommandError {
    fn from(error: RotationError) -> Self {
        let (text, code) = (error.to_string(), error.code());
        let told = match &error {
            RotationError::Versions(SecretVersionsError::Store(error)) => match error {
                SecretsError::Missing { .. } => Self::configuration(text).hint("Correct the id of the secret."),
                SecretsError::Malformed { .. } => Self::configuration(text).hint("Correct the secret."),
                SecretsError::Denied { .. } => {
                    Self::configuration(text).hint("Let the caller read and change the secret.")
                }
                SecretsError::Unavailable { .. } => Self::failed(text).hint(AGAIN),
            },
            RotationError::Versions(SecretVersionsError::Conflict { .. }) => {
                Self::failed(text).hint("Look at it with `--plan`, then run the same command again.")
            }
            RotationError::Database(error) => match error.kind {
                DatabaseErrorKind::Unreachable | DatabaseErrorKind::CertificateRefused => {
                    Self::failed(text).hint(AGAIN)
                }
                DatabaseErrorKind::LoginRefused => {
                    Self::failed(text).hint(
                        "Correct the secret that holds this login; if its password was changed by hand meanwhile, run the same \
                         command again: it sets it anew.",
                    )
                }
                DatabaseErrorKind::PermissionDenied | DatabaseErrorKind::InvalidRequest | DatabaseErrorKind::Other => {
                    Self::failed(text).hint("The logins in use are as they were.")
                }
            },
            RotationError::Refused { .. } => Self::failed(text).hint("The logins in use are as they were."),
            RotationError::Unusable { .. } => Self::failed(text).hint(DISCARD),
            RotationError::NotTold { .. } => {
                Self::failed(text).hint("Mend the channel and run the same command again: it tells people.")
            }
        };
        match code {
            Some(code) => told.code(code),
            None => told,
        }
    }
}
