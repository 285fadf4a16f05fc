//! The versions of a secret in Secrets Manager: what a rotation asks and changes.

use std::{collections::BTreeSet, error::Error};

use async_trait::async_trait;
use aurora_restore_core::{
    ids::{SecretId, SecretVersionId},
    ports::{
        OwnRotation, PASSWORD_CHARS, PASSWORD_EXCLUDED, RdsErrorKind, SecretDocument, SecretHistory, SecretVersion,
        SecretVersions, SecretVersionsError, SecretsError, VersionStage,
    },
    secret::Secret,
};
use aws_sdk_secretsmanager::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_secret_value::GetSecretValueOutput,
};
use jiff::Timestamp;

use super::{SecretsManagerSecrets, content};
use crate::failure::{Call, Failure};

/// What a refusal of a call means for the port.
enum Meaning {
    /// There is no such secret, version or label.
    Missing,
    /// It is not as the caller thought.
    Conflict,
    /// Something else.
    Other(SecretsError),
}

impl SecretsManagerSecrets {
    fn meaning<E>(&self, id: &SecretId, action: &'static str, error: &SdkError<E, HttpResponse>) -> (Meaning, String)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let failure = Failure::of(error, Call::about(action, id.as_str()));
        let reason = format!("{} answers {}: {}", self.store, failure.code, failure.message);
        let meaning = match failure.code.as_str() {
            "ResourceNotFoundException" => Meaning::Missing,
            // Of a label that is somewhere else, and of a token that was used for another content.
            "InvalidParameterException" | "ResourceExistsException" => Meaning::Conflict,
            "DecryptionFailure" | "EncryptionFailure" | "InvalidRequestException" => {
                Meaning::Other(SecretsError::Denied { id: id.clone(), reason: reason.clone() })
            }
            _ => Meaning::Other(match failure.kind {
                RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => SecretsError::Denied {
                    id: id.clone(),
                    reason: format!("{reason}; the caller needs secretsmanager:{action} on it"),
                },
                RdsErrorKind::InvalidRequest => SecretsError::Denied { id: id.clone(), reason: reason.clone() },
                _ => SecretsError::Unavailable { id: id.clone(), reason: reason.clone() },
            }),
        };
        (meaning, reason)
    }

    fn failed<E>(&self, id: &SecretId, action: &'static str, error: &SdkError<E, HttpResponse>) -> SecretVersionsError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match self.meaning(id, action, error) {
            (Meaning::Missing, _) => SecretsError::Missing { id: id.clone(), store: self.store.clone() }.into(),
            (Meaning::Conflict, reason) => SecretVersionsError::Conflict { id: id.clone(), reason },
            (Meaning::Other(error), _) => error.into(),
        }
    }

    fn read(&self, id: &SecretId, answer: &GetSecretValueOutput) -> Result<SecretDocument, SecretVersionsError> {
        let read = SecretDocument::from_json(content(answer));
        Ok(read.map_err(|reason| SecretsError::Malformed { id: id.clone(), reason })?)
    }
}

#[async_trait]
impl SecretVersions for SecretsManagerSecrets {
    async fn history(&self, id: &SecretId) -> Result<SecretHistory, SecretVersionsError> {
        let described = self.client.describe_secret().secret_id(id.as_str()).send().await;
        let described = described.map_err(|error| self.failed(id, "DescribeSecret", &error))?;
        let mut versions = Vec::new();
        for (version, labels) in described.version_ids_to_stages().into_iter().flatten() {
            let stages: BTreeSet<VersionStage> = VersionStage::ALL
                .into_iter()
                .filter(|stage| labels.iter().any(|label| label == stage.as_str()))
                .collect();
            let Ok(version) = SecretVersionId::new(version) else { continue };
            if !stages.is_empty() {
                versions.push(SecretVersion { id: version, stages });
            }
        }
        let own_rotation = if described.rotation_enabled() == Some(true) { OwnRotation::On } else { OwnRotation::Off };
        let changed = described.last_changed_date().and_then(|time| Timestamp::from_second(time.secs()).ok());
        Ok(SecretHistory { own_rotation, changed, versions })
    }

    async fn value(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
    ) -> Result<Option<SecretDocument>, SecretVersionsError> {
        let call = self.client.get_secret_value().secret_id(id.as_str()).version_id(version.as_str());
        match call.send().await {
            // Announced, and without content yet.
            Ok(answer) if answer.secret_string().is_none() && answer.secret_binary().is_none() => Ok(None),
            Ok(answer) => self.read(id, &answer).map(Some),
            Err(error) => match self.meaning(id, "GetSecretValue", &error) {
                (Meaning::Missing, _) => Ok(None),
                _ => Err(self.failed(id, "GetSecretValue", &error)),
            },
        }
    }

    async fn put_pending(
        &self,
        id: &SecretId,
        version: &SecretVersionId,
        document: &SecretDocument,
    ) -> Result<(), SecretVersionsError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(id.as_str())
            .client_request_token(version.as_str())
            .secret_string(document.to_json())
            .version_stages(VersionStage::Pending.as_str())
            .send()
            .await;
        put.map(drop).map_err(|error| self.failed(id, "PutSecretValue", &error))
    }

    async fn move_current(
        &self,
        id: &SecretId,
        from: &SecretVersionId,
        to: &SecretVersionId,
    ) -> Result<(), SecretVersionsError> {
        let moved = self
            .client
            .update_secret_version_stage()
            .secret_id(id.as_str())
            .version_stage(VersionStage::Current.as_str())
            .remove_from_version_id(from.as_str())
            .move_to_version_id(to.as_str())
            .send()
            .await;
        moved.map(drop).map_err(|error| self.failed(id, "UpdateSecretVersionStage", &error))
    }

    async fn clear_pending(&self, id: &SecretId, version: &SecretVersionId) -> Result<(), SecretVersionsError> {
        let cleared = self
            .client
            .update_secret_version_stage()
            .secret_id(id.as_str())
            .version_stage(VersionStage::Pending.as_str())
            .remove_from_version_id(version.as_str())
            .send()
            .await;
        cleared.map(drop).map_err(|error| self.failed(id, "UpdateSecretVersionStage", &error))
    }

    async fn random_password(&self, id: &SecretId) -> Result<Secret, SecretVersionsError> {
        let length = i64::try_from(PASSWORD_CHARS).expect("32 is a length");
        let drawn = self
            .client
            .get_random_password()
            .password_length(length)
            .exclude_characters(PASSWORD_EXCLUDED)
            .require_each_included_type(true)
            .send()
            .await
            .map_err(|error| self.failed(id, "GetRandomPassword", &error))?;
        // Shorter than asked for would be a password that somebody guesses.
        match drawn.random_password() {
            Some(text) if text.chars().count() == PASSWORD_CHARS => Ok(Secret::new(text)),
            _ => {
                let reason = format!("{} gave no password of {PASSWORD_CHARS} characters", self.store);
                Err(SecretsError::Unavailable { id: id.clone(), reason }.into())
            }
        }
    }
}
