//! Passwords in Secrets Manager (`GetSecretValue`). Nothing of a secret's content ever reaches an error.

mod versions;

use async_trait::async_trait;
use aurora_restore_core::{
    ids::SecretId,
    ports::{RdsErrorKind, SecretDocument, Secrets, SecretsError},
};
use aws_sdk_secretsmanager::{
    Client,
    config::http::HttpResponse,
    error::SdkError,
    operation::get_secret_value::{GetSecretValueError, GetSecretValueOutput},
};

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
    failure::{Call, Failure},
};

/// The [`Secrets`] port on AWS.
#[derive(Debug, Clone)]
pub struct SecretsManagerSecrets {
    client: Client,
    /// What errors call it.
    store: String,
    version_stage: Option<String>,
}

impl SecretsManagerSecrets {
    /// Secrets of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        let config = connection.to_service("Secrets Manager", endpoint)?;
        let store = format!("Secrets Manager in {}", connection.region());
        Ok(Self { client: Client::new(&config), store, version_stage: None })
    }

    /// The same, but with the versions that bear another label than `AWSCURRENT`.
    #[must_use]
    pub fn at_stage(mut self, stage: impl Into<String>) -> Self {
        self.version_stage = Some(stage.into());
        self
    }

    fn refused(&self, id: &SecretId, error: &SdkError<GetSecretValueError, HttpResponse>) -> SecretsError {
        let failure = Failure::of(error, Call::about("GetSecretValue", id.as_str()));
        let reason = format!("{} answers {}: {}", self.store, failure.code, failure.message);
        let id = id.clone();
        match error.as_service_error() {
            Some(GetSecretValueError::ResourceNotFoundException(_)) => {
                let stage = self.version_stage.as_ref().map(|stage| format!(" with a version labelled {stage}"));
                SecretsError::Missing { id, store: format!("{}{}", self.store, stage.unwrap_or_default()) }
            }
            // The key's policy, or a secret that is marked for deletion: it is there, and it is not handed out.
            Some(
                GetSecretValueError::DecryptionFailure(_)
                | GetSecretValueError::InvalidRequestException(_)
                | GetSecretValueError::InvalidParameterException(_),
            ) => SecretsError::Denied { id, reason },
            _ => match failure.kind {
                RdsErrorKind::AccessDenied | RdsErrorKind::KmsDenied => SecretsError::Denied {
                    id,
                    reason: format!("{reason}; the caller needs secretsmanager:GetSecretValue on it, and kms:Decrypt"),
                },
                RdsErrorKind::InvalidRequest => SecretsError::Denied { id, reason },
                _ => SecretsError::Unavailable { id, reason },
            },
        }
    }
}

#[async_trait]
impl Secrets for SecretsManagerSecrets {
    async fn get(&self, id: &SecretId) -> Result<SecretDocument, SecretsError> {
        let answer = self
            .client
            .get_secret_value()
            .secret_id(id.as_str())
            .set_version_stage(self.version_stage.clone())
            .send()
            .await
            .map_err(|error| self.refused(id, &error))?;
        SecretDocument::from_json(content(&answer)).map_err(|reason| SecretsError::Malformed { id: id.clone(), reason })
    }
}

/// A text, or the bytes that some tools store instead; nothing where there is neither.
fn content(answer: &GetSecretValueOutput) -> &[u8] {
    match (answer.secret_string(), answer.secret_binary()) {
        (Some(text), _) => text.as_bytes(),
        (None, Some(bytes)) => bytes.as_ref(),
        (None, None) => &[],
    }
}

#[cfg(test)]
mod tests;
