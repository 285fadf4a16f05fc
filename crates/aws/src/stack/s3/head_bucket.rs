//! `HeadBucket` and `GetBucketVersioning`.

use aurora_restore_ops::ports::{Bucket, ServiceResult};
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::SdkError,
    operation::{get_bucket_versioning::GetBucketVersioningError, head_bucket::HeadBucketError},
    types::BucketVersioningStatus,
};

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
    let versioned = match call.send().await {
        Ok(answer) => answer.status() == Some(&BucketVersioningStatus::Enabled),
        Err(error) => says_enabled(&error).ok_or_else(|| asked.failed(&error))?,
    };
    Ok(Some(Bucket { versioned }))
}

/// What an answer says whose root element is called after the action. The SDK reads only one that is called
/// `VersioningConfiguration`, and not every S3 of others calls it so.
fn says_enabled(error: &SdkError<GetBucketVersioningError, HttpResponse>) -> Option<bool> {
    let answer = error.raw_response().filter(|answer| answer.status().is_success())?;
    let body = answer.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())?;
    body.contains("<GetBucketVersioningResponse").then(|| body.contains("<Status>Enabled</Status>"))
}
