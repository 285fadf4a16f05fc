//! `CreateBucket` and what makes it fit: `PutPublicAccessBlock`, `PutBucketPolicy`, `PutBucketEncryption`, `PutBucketVersioning`.
//!
//! Versioning comes last: a bucket that keeps versions is one that was finished.

use aurora_restore_ops::ports::{ServiceError, ServiceResult};
use aws_sdk_s3::{
    operation::create_bucket::CreateBucketError,
    types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, PublicAccessBlockConfiguration,
        ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
        ServerSideEncryptionRule, VersioningConfiguration,
    },
};

use super::S3Artifacts;
use crate::stack::service::Asked;

pub(super) async fn make(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    create(s3, bucket).await?;
    close(s3, bucket).await?;
    require_tls(s3, bucket).await?;
    encrypt(s3, bucket).await?;
    keep_versions(s3, bucket).await
}

async fn create(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    let asked = Asked::about("s3:CreateBucket", bucket);
    // The oldest Region has no name for this call.
    let place = (s3.region.as_str() != "us-east-1").then(|| {
        let region = BucketLocationConstraint::from(s3.region.as_str());
        CreateBucketConfiguration::builder().location_constraint(region).build()
    });
    let call = s3.client.create_bucket().bucket(bucket).set_create_bucket_configuration(place);
    match call.send().await {
        Ok(_) => Ok(()),
        // Left half made by somebody who was killed.
        Err(error) if error.as_service_error().is_some_and(CreateBucketError::is_bucket_already_owned_by_you) => Ok(()),
        Err(error) => Err(asked.failed(&error)),
    }
}

async fn close(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    let asked = Asked::about("s3:PutBucketPublicAccessBlock", bucket);
    let closed = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let call = s3.client.put_public_access_block().bucket(bucket).expected_bucket_owner(s3.owner.as_str());
    let sent = call.public_access_block_configuration(closed).send().await;
    sent.map(|_| ()).map_err(|error| asked.failed(&error))
}

/// Whatever comes in the clear is denied. An emulator that is itself spoken to in the clear would deny everything.
async fn require_tls(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    if s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http:")) {
        return Ok(());
    }
    let asked = Asked::about("s3:PutBucketPolicy", bucket);
    let arn = format!("arn:{}:s3:::{bucket}", partition(s3.region.as_str()));
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "OverTlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, format!("{arn}/*")],
            "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        }],
    });
    let call = s3.client.put_bucket_policy().bucket(bucket).expected_bucket_owner(s3.owner.as_str());
    let sent = call.policy(policy.to_string()).send().await;
    sent.map(|_| ()).map_err(|error| asked.failed(&error))
}

/// The part of AWS that a Region is in, as ARNs name it.
fn partition(region: &str) -> &'static str {
    let others = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    others.into_iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

async fn encrypt(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    let asked = Asked::about("s3:PutEncryptionConfiguration", bucket);
    let unbuilt = |error: aws_sdk_s3::error::BuildError| ServiceError::Refused {
        action: asked.action,
        object: bucket.to_owned(),
        reason: error.to_string(),
    };
    let algorithm = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256).build();
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(algorithm.map_err(unbuilt)?);
    let encrypted = ServerSideEncryptionConfiguration::builder().rules(rule.build()).build().map_err(unbuilt)?;
    let call = s3.client.put_bucket_encryption().bucket(bucket).expected_bucket_owner(s3.owner.as_str());
    let sent = call.server_side_encryption_configuration(encrypted).send().await;
    sent.map(|_| ()).map_err(|error| asked.failed(&error))
}

async fn keep_versions(s3: &S3Artifacts, bucket: &str) -> ServiceResult<()> {
    let asked = Asked::about("s3:PutBucketVersioning", bucket);
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let call = s3.client.put_bucket_versioning().bucket(bucket).expected_bucket_owner(s3.owner.as_str());
    let sent = call.versioning_configuration(versions).send().await;
    sent.map(|_| ()).map_err(|error| asked.failed(&error))
}
