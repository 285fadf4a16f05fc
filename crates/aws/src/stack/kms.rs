//! The [`Keys`] port on KMS.

use async_trait::async_trait;
use aurora_restore_core::ids::{Arn, KmsKey};
use aurora_restore_ops::ports::{KeyFacts, KeyManager, KeyRotation, KeyState, Keys, ServiceError, ServiceResult};
use aws_sdk_kms::{
    Client,
    config::{Builder, Region},
    types::{KeyManagerType, KeyMetadata, KeySpec, KeyState as SdkKeyState, OriginType},
};
use jiff::Timestamp;

use super::service::Asked;
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`Keys`] port on KMS.
#[derive(Debug, Clone)]
pub struct KmsKeys {
    client: Client,
}

impl KmsKeys {
    /// The keys of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        Ok(Self { client: Client::new(&connection.to_service("KMS", endpoint)?) })
    }

    /// What the caller may not see is unknown, and no reason to see nothing at all.
    async fn rotation(&self, arn: &str) -> ServiceResult<KeyRotation> {
        let asked =
            self.client.get_key_rotation_status().key_id(arn).customize().config_override(place(arn)).send().await;
        match asked.map_err(|error| Asked::about("kms:GetKeyRotationStatus", arn).failed(&error)) {
            Ok(status) if status.key_rotation_enabled() => Ok(KeyRotation::On),
            Ok(_) => Ok(KeyRotation::Off),
            Err(ServiceError::Denied { .. } | ServiceError::Refused { .. }) => Ok(KeyRotation::Unknown),
            Err(error) => Err(error),
        }
    }

    async fn policy(&self, arn: &str) -> ServiceResult<Option<String>> {
        let asked = self.client.get_key_policy().key_id(arn).policy_name("default");
        match asked
            .customize()
            .config_override(place(arn))
            .send()
            .await
            .map_err(|error| Asked::about("kms:GetKeyPolicy", arn).failed(&error))
        {
            Ok(answer) => Ok(answer.policy().map(str::to_owned)),
            Err(ServiceError::Denied { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Keys for KmsKeys {
    async fn key(&self, key: &KmsKey) -> ServiceResult<Option<KeyFacts>> {
        let asked = Asked::about("kms:DescribeKey", key.as_str());
        let sent = self.client.describe_key().key_id(key.as_str()).customize().config_override(place(key.as_str()));
        let described = match sent.send().await {
            Ok(described) => described,
            Err(error) => match asked.failed(&error) {
                ServiceError::Missing { .. } => return Ok(None),
                error => return Err(error),
            },
        };
        let metadata = described.key_metadata().ok_or_else(|| asked.malformed("has no metadata"))?;
        let arn = metadata.arn().ok_or_else(|| asked.malformed("has no ARN"))?.to_owned();
        let state = state(metadata);
        let rotation = match state {
            KeyState::Enabled if can_rotate(metadata) => self.rotation(&arn).await?,
            _ => KeyRotation::Unknown,
        };
        let manager = match metadata.key_manager() {
            Some(KeyManagerType::Aws) => KeyManager::Aws,
            _ => KeyManager::Customer,
        };
        let policy = self.policy(&arn).await?;
        Ok(Some(KeyFacts { arn, manager, state, rotation, policy }))
    }
}

/// A key that is named by its ARN is asked for where it is: any other Region says that there is none.
fn place(key: &str) -> Builder {
    let region = Arn::new(key).ok().and_then(|arn| arn.region());
    let mut place = Builder::new();
    place.set_region(region.map(|region| Region::new(region.to_string())));
    place
}

fn state(metadata: &KeyMetadata) -> KeyState {
    match metadata.key_state() {
        Some(SdkKeyState::Enabled) => KeyState::Enabled,
        Some(SdkKeyState::Disabled) => KeyState::Disabled,
        Some(SdkKeyState::PendingDeletion | SdkKeyState::PendingReplicaDeletion) => KeyState::PendingDeletion {
            at: metadata.deletion_date().and_then(|time| Timestamp::from_second(time.secs()).ok()),
        },
        Some(other) => KeyState::Other(other.as_str().to_owned()),
        None => KeyState::Other("not said".to_owned()),
    }
}

/// KMS exchanges the material of symmetric keys whose material is its own.
fn can_rotate(metadata: &KeyMetadata) -> bool {
    let own = metadata.origin().is_none_or(|origin| *origin == OriginType::AwsKms);
    own && metadata.key_spec().is_none_or(|spec| *spec == KeySpec::SymmetricDefault)
}
