//! The [`Artifacts`] port on S3.

mod create_bucket;
mod head_bucket;
mod objects;

use std::time::Duration;

use async_trait::async_trait;
use aurora_restore_core::ids::{AccountId, Region};
use aurora_restore_ops::ports::{Artifacts, Bucket, ObjectVersion, ServiceResult};
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;

use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A package of eight megabytes on a slow line.
const SENDING: Duration = Duration::from_secs(300);

/// The [`Artifacts`] port on S3. Every call names the account that must own the bucket, so that a bucket which somebody
/// else made under our name is refused and never written to.
#[derive(Debug, Clone)]
pub struct S3Artifacts {
    client: Client,
    owner: AccountId,
    region: Region,
    /// Elsewhere than at AWS.
    endpoint: Option<String>,
}

impl S3Artifacts {
    /// The buckets of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(
        connection: &Connection,
        owner: AccountId,
        endpoint: Option<&EndpointUrl>,
    ) -> Result<Self, InvalidEndpoint> {
        let config = connection.to_service("S3", endpoint)?;
        let endpoint = config.endpoint_url().map(str::to_owned);
        // Another endpoint than AWS's has no host name for each bucket.
        let limits =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(SENDING).operation_timeout(SENDING);
        let options = aws_sdk_s3::config::Builder::from(&config)
            .timeout_config(limits.build())
            .force_path_style(endpoint.is_some());
        let client = Client::from_conf(options.build());
        Ok(Self { client, owner, region: connection.region().clone(), endpoint })
    }

    fn url(&self, bucket: &str, key: &str) -> String {
        match &self.endpoint {
            Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
            None => {
                let suffix = if self.region.as_str().starts_with("cn-") { ".cn" } else { "" };
                format!("https://{bucket}.s3.{}.amazonaws.com{suffix}/{key}", self.region)
            }
        }
    }
}

#[async_trait]
impl Artifacts for S3Artifacts {
    async fn bucket(&self, bucket: &str) -> ServiceResult<Option<Bucket>> {
        head_bucket::look(self, bucket).await
    }

    async fn make_bucket(&self, bucket: &str) -> ServiceResult<()> {
        create_bucket::make(self, bucket).await
    }

    async fn holding(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<Option<ObjectVersion>> {
        objects::holding(self, bucket, key, content).await
    }

    async fn content(&self, bucket: &str, key: &str, version: Option<&str>) -> ServiceResult<Option<Vec<u8>>> {
        objects::content(self, bucket, key, version).await
    }

    async fn put(&self, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<ObjectVersion> {
        objects::put(self, bucket, key, content).await
    }
}

#[cfg(test)]
mod tests;
