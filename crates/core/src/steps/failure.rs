//! From what a port says to a recorded failure: which code, which class, which hint.

use crate::{
    catalogue::ErrorCode,
    operation::{Failure, FailureClass},
    ports::{CloudError, DatabaseError, DatabaseErrorKind, RdsError, RdsErrorKind, SecretsError},
};

/// What follows from RDS's answer. What is not known is tried again within bounds.
pub fn failure_of_rds(error: &RdsError) -> Failure {
    let (code, class) = match error.kind {
        RdsErrorKind::NotFound => (ErrorCode::AwsRefused, FailureClass::Retryable),
        RdsErrorKind::ReferenceNotFound | RdsErrorKind::InvalidRequest => {
            (ErrorCode::AwsRefused, FailureClass::Terminal)
        }
        RdsErrorKind::AlreadyExists => (ErrorCode::NameTaken, FailureClass::Retryable),
        RdsErrorKind::InvalidState => (ErrorCode::InvalidState, FailureClass::Retryable),
        RdsErrorKind::Throttled => (ErrorCode::Throttled, FailureClass::Retryable),
        RdsErrorKind::TransientQuota => (ErrorCode::Quota, FailureClass::Retryable),
        RdsErrorKind::Quota => (ErrorCode::Quota, FailureClass::Terminal),
        RdsErrorKind::KmsDenied => (ErrorCode::KmsDenied, FailureClass::Terminal),
        RdsErrorKind::CapacityShort => (ErrorCode::Capacity, FailureClass::Retryable),
        RdsErrorKind::AccessDenied => (ErrorCode::AccessDenied, FailureClass::Terminal),
        RdsErrorKind::Unavailable => (ErrorCode::Unavailable, FailureClass::Retryable),
        RdsErrorKind::Other => (ErrorCode::AwsRefused, FailureClass::Retryable),
    };
    let mut message = error.to_string();
    if let Some(request_id) = &error.request_id {
        message.push_str(&format!(" (request {request_id})"));
    }
    Failure { code, class, message, hints: vec![code.action().to_owned()] }
}

pub(super) fn failure_of_database(error: &DatabaseError) -> Failure {
    let (code, class) = match error.kind {
        DatabaseErrorKind::Unreachable => (ErrorCode::DatabaseUnreachable, FailureClass::Retryable),
        DatabaseErrorKind::CertificateRefused => (ErrorCode::DatabaseUnreachable, FailureClass::Terminal),
        DatabaseErrorKind::LoginRefused => (ErrorCode::DatabaseLogin, FailureClass::Terminal),
        DatabaseErrorKind::PermissionDenied | DatabaseErrorKind::InvalidRequest => {
            (ErrorCode::DatabaseRefused, FailureClass::Terminal)
        }
        DatabaseErrorKind::Other => (ErrorCode::DatabaseRefused, FailureClass::Retryable),
    };
    Failure { code, class, message: error.to_string(), hints: vec![code.action().to_owned()] }
}

/// What follows from a secret that cannot be read.
pub(crate) fn failure_of_secrets(error: &SecretsError) -> Failure {
    let (code, class) = match error {
        SecretsError::Missing { .. } => (ErrorCode::SecretMissing, FailureClass::Terminal),
        SecretsError::Denied { .. } => (ErrorCode::AccessDenied, FailureClass::Terminal),
        SecretsError::Malformed { .. } => (ErrorCode::SecretMalformed, FailureClass::Terminal),
        SecretsError::Unavailable { .. } => (ErrorCode::Unavailable, FailureClass::Retryable),
    };
    let hint = match error {
        // The code's own hint speaks of roles; a secret may as well be a file.
        SecretsError::Denied { .. } => {
            "Let the caller read the secret: on one machine it is a file of mode 600 that belongs to the caller; in AWS the \
             role needs `secretsmanager:GetSecretValue` and `kms:Decrypt`."
        }
        SecretsError::Missing { .. } | SecretsError::Malformed { .. } | SecretsError::Unavailable { .. } => {
            code.action()
        }
    };
    Failure { code, class, message: error.to_string(), hints: vec![hint.to_owned()] }
}

/// What follows from an account that cannot be used.
pub(crate) fn failure_of_cloud(error: &CloudError) -> Failure {
    let (code, class) = if error.retryable {
        (ErrorCode::Unavailable, FailureClass::Retryable)
    } else {
        (ErrorCode::AccessDenied, FailureClass::Terminal)
    };
    Failure { code, class, message: error.to_string(), hints: vec![code.action().to_owned()] }
}
