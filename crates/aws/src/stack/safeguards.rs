//! The [`Safeguards`] port: one describing call of each service, and nothing that reads what is kept.

use async_trait::async_trait;
use aurora_restore_ops::ports::{
    BucketGuard, LogGuard, Safeguards, SecretGuard, ServiceError, ServiceResult, TableGuard, TopicGuard,
};
use aws_sdk_dynamodb::types::{
    ContinuousBackupsDescription, PointInTimeRecoveryDescription, PointInTimeRecoveryStatus, SseDescription,
    TableDescription,
};
use jiff::Timestamp;

use super::service::{Asked, PAGES_MAX};
use crate::{
    connection::Connection,
    endpoint::{EndpointUrl, InvalidEndpoint},
};

/// The [`Safeguards`] port on AWS.
#[derive(Debug, Clone)]
pub struct AwsSafeguards {
    tables: aws_sdk_dynamodb::Client,
    topics: aws_sdk_sns::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    buckets: aws_sdk_s3::Client,
    secrets: aws_sdk_secretsmanager::Client,
}

impl AwsSafeguards {
    /// Those of that account and Region. Sends nothing.
    ///
    /// # Errors
    /// [`InvalidEndpoint`] if the environment or a profile sets one that breaks the rules.
    pub fn new(connection: &Connection, endpoint: Option<&EndpointUrl>) -> Result<Self, InvalidEndpoint> {
        let to = |service| connection.to_service(service, endpoint);
        let s3 = to("S3")?;
        // Another endpoint than AWS's has no host name for each bucket.
        let path_style = s3.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(&s3).force_path_style(path_style).build();
        Ok(Self {
            tables: aws_sdk_dynamodb::Client::new(&to("DynamoDB")?),
            topics: aws_sdk_sns::Client::new(&to("SNS")?),
            logs: aws_sdk_cloudwatchlogs::Client::new(&to("CloudWatch Logs")?),
            buckets: aws_sdk_s3::Client::from_conf(s3),
            secrets: aws_sdk_secretsmanager::Client::new(&to("Secrets Manager")?),
        })
    }

    async fn is_point_in_time(&self, table: &str) -> ServiceResult<bool> {
        let asked = Asked::about("dynamodb:DescribeContinuousBackups", table);
        let sent = self.tables.describe_continuous_backups().table_name(table).send().await;
        let answer = sent.map_err(|error| asked.failed(&error))?;
        let recovery = answer
            .continuous_backups_description()
            .and_then(ContinuousBackupsDescription::point_in_time_recovery_description);
        let status = recovery.and_then(PointInTimeRecoveryDescription::point_in_time_recovery_status);
        Ok(status == Some(&PointInTimeRecoveryStatus::Enabled))
    }
}

/// What is not there is an answer.
fn if_there<T>(result: ServiceResult<T>) -> ServiceResult<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(ServiceError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(str::to_owned)
}

#[async_trait]
impl Safeguards for AwsSafeguards {
    async fn table(&self, name: &str) -> ServiceResult<Option<TableGuard>> {
        let asked = Asked::about("dynamodb:DescribeTable", name);
        let sent = self.tables.describe_table().table_name(name).send().await;
        let Some(answer) = if_there(sent.map_err(|error| asked.failed(&error)))? else { return Ok(None) };
        let encryption = answer.table().and_then(TableDescription::sse_description);
        let key = text(encryption.and_then(SseDescription::kms_master_key_arn));
        Ok(Some(TableGuard { key, point_in_time: self.is_point_in_time(name).await? }))
    }

    async fn topic(&self, arn: &str) -> ServiceResult<Option<TopicGuard>> {
        let asked = Asked::about("sns:GetTopicAttributes", arn);
        let sent = self.topics.get_topic_attributes().topic_arn(arn).send().await;
        let Some(answer) = if_there(sent.map_err(|error| asked.failed(&error)))? else { return Ok(None) };
        let attribute = |name: &str| {
            let found = answer.attributes().and_then(|attributes| attributes.get(name));
            text(found.map(String::as_str))
        };
        Ok(Some(TopicGuard { key: attribute("KmsMasterKeyId"), policy: attribute("Policy") }))
    }

    async fn log(&self, group: &str) -> ServiceResult<Option<LogGuard>> {
        let asked = Asked::about("logs:DescribeLogGroups", group);
        let mut token: Option<String> = None;
        // Names of others may begin with this one.
        for _ in 0..PAGES_MAX {
            let call = self.logs.describe_log_groups().log_group_name_prefix(group).set_next_token(token.clone());
            let page = call.send().await.map_err(|error| asked.failed(&error))?;
            let found = page.log_groups().iter().find(|found| found.log_group_name() == Some(group));
            if let Some(found) = found {
                let guard = LogGuard { key: text(found.kms_key_id()), retention_days: found.retention_in_days() };
                return Ok(Some(guard));
            }
            let next = text(page.next_token());
            if next.is_none() || next == token {
                return Ok(None);
            }
            token = next;
        }
        Err(asked.malformed("has no end"))
    }

    async fn bucket(&self, name: &str) -> ServiceResult<Option<BucketGuard>> {
        let asked = Asked::about("s3:GetBucketPublicAccessBlock", name);
        let answer = match self.buckets.get_public_access_block().bucket(name).send().await {
            Ok(answer) => answer,
            Err(error) => {
                let code = error.as_service_error().and_then(|refusal| refusal.meta().code().map(str::to_owned));
                return match code.as_deref() {
                    // The bucket is there, and refuses nothing.
                    Some("NoSuchPublicAccessBlockConfiguration") => Ok(Some(BucketGuard { public_is_refused: false })),
                    Some("NoSuchBucket") => Ok(None),
                    _ => if_there(Err(asked.failed(&error))),
                };
            }
        };
        let refused = answer.public_access_block_configuration().is_some_and(|block| {
            [
                block.block_public_acls(),
                block.ignore_public_acls(),
                block.block_public_policy(),
                block.restrict_public_buckets(),
            ]
            .iter()
            .all(|set| *set == Some(true))
        });
        Ok(Some(BucketGuard { public_is_refused: refused }))
    }

    async fn secret(&self, id: &str) -> ServiceResult<Option<SecretGuard>> {
        let asked = Asked::about("secretsmanager:DescribeSecret", id);
        let sent = self.secrets.describe_secret().secret_id(id).send().await;
        let Some(answer) = if_there(sent.map_err(|error| asked.failed(&error)))? else { return Ok(None) };
        let changed = answer.last_changed_date().or_else(|| answer.created_date());
        Ok(Some(SecretGuard {
            changed_at: changed.and_then(|at| Timestamp::from_second(at.secs()).ok()),
            rotates: answer.rotation_enabled() == Some(true),
        }))
    }
}
