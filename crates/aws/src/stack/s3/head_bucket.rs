//! `HeadBucket` and `GetBucketVersioning`.

use aurora_restore_ops::ports::{Bucket, ServiceResult};
use aws_sdk_s3::{operation::head_bucket::HeadBucketError, types::BucketVersioningStatus};

use super::S3Artifacts;
use crate::stack::service::Asked;

/// The bucket; `None` where nobody has one of that name.
pub(super) async fn look(s3: &S3Artifacts, bucket: &str) -> ServiceResult<Option<Bucket>> {
    let asked = Asked::about("s3:ListBucket", bucket);
    let owner = s3.owner.as_str();
    match s3.client.head_bucket().bucket(bucket).expected_bucket_owner(owner).send().await {
        Err(error) if error.as_service_error().is_some_and(HeadBucketError::is_not_found) => return Ok(None),
        Err(error) => return Err(asked.failed(&error)),
        Ok(_) => {}
    }
    let asked = Asked::about("s3:GetBucketVersioning", bucket);
    let call = s3.client.get_bucket_versioning().bucket(bucket).expected_bucket_owner(owner);
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    Ok(Some(Bucket { versioned: answer.status() == Some(&BucketVersioningStatus::Enabled) }))
}
