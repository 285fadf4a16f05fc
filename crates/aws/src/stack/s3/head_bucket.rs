//! `HeadBucket` and `GetBucketVersioning`.

use aurora_restore_ops::ports::{Bucket, ServiceError, ServiceResult};
use aws_sdk_s3::{
    config::http::HttpResponse,
    error::SdkError,
    operation::{get_bucket_versioning::GetBucketVersioningError, head_bucket::HeadBucketError},
    types::BucketVersioningStatus,
};

use super::S3Artifacts;
use crate::stack::service::Asked;

/// Where a bucket is, in every answer about one.
const REGION_HEADER: &str = "x-amz-bucket-region";

/// The bucket; `None` where nobody has one of that name.
pub(super) async fn look(s3: &S3Artifacts, bucket: &str) -> ServiceResult<Option<Bucket>> {
    let asked = Asked::about("s3:ListBucket", bucket);
    let owner = s3.owner.as_str();
    match s3.client.head_bucket().bucket(bucket).expected_bucket_owner(owner).send().await {
        Err(error) if error.as_service_error().is_some_and(HeadBucketError::is_not_found) => return Ok(None),
        Err(error) => return Err(not_shown(s3, asked, &error)),
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

/// Why a bucket is not shown. The answer to a HEAD has no body and so no code: its status and one header are all there is.
fn not_shown(s3: &S3Artifacts, asked: Asked<'_>, error: &SdkError<HeadBucketError, HttpResponse>) -> ServiceError {
    let (action, object) = (asked.action, asked.object.to_owned());
    let Some(answer) = error.raw_response() else { return asked.failed(error) };
    let region = answer.headers().get(REGION_HEADER).filter(|region| *region != s3.region.as_str());
    let another = format!("name one in {} with `--bucket`", s3.region);
    match (answer.status().as_u16(), region) {
        (_, Some(region)) => {
            ServiceError::Refused { action, object, reason: format!("the bucket is in {region}; {another}") }
        }
        (301, None) => {
            ServiceError::Refused { action, object, reason: format!("the bucket is in another Region; {another}") }
        }
        (403, None) => {
            let reason = format!(
                "the bucket belongs to another account than {}, or this caller may not look at it (HTTP status 403); mend \
                 that, or name another one with `--bucket`",
                s3.owner
            );
            ServiceError::Denied { action, object, reason }
        }
        _ => asked.failed(error),
    }
}

/// What an answer says whose root element is called after the action. The SDK reads only one that is called
/// `VersioningConfiguration`, as S3 calls it, and not every S3 of others does (moto, for one). Nothing rests on this: an answer of
/// S3 never comes here, and one that does counts as enabled only where it says so in S3's own words.
fn says_enabled(error: &SdkError<GetBucketVersioningError, HttpResponse>) -> Option<bool> {
    let answer = error.raw_response().filter(|answer| answer.status().is_success())?;
    let body = answer.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok())?;
    body.contains("<GetBucketVersioningResponse").then(|| body.contains("<Status>Enabled</Status>"))
}
