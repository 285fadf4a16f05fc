//! `HeadObject` and `PutObject`.

use aurora_restore_ops::ports::{ObjectVersion, ServiceResult};
use aws_sdk_s3::{operation::head_object::HeadObjectError, primitives::ByteStream, types::ChecksumAlgorithm};

use super::S3Artifacts;
use crate::stack::service::Asked;

/// The newest version of an object; `None` where there is none.
pub(super) async fn newest(s3: &S3Artifacts, bucket: &str, key: &str) -> ServiceResult<Option<ObjectVersion>> {
    let object = format!("{bucket}/{key}");
    let asked = Asked::about("s3:GetObject", &object);
    let call = s3.client.head_object().bucket(bucket).key(key).expected_bucket_owner(s3.owner.as_str());
    match call.send().await {
        Ok(answer) => {
            let id = answer.version_id().ok_or_else(|| asked.malformed("names no version"))?.to_owned();
            Ok(Some(ObjectVersion { id, url: s3.url(bucket, key) }))
        }
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
        Err(error) => Err(asked.failed(&error)),
    }
}

/// Puts an object. S3 compares the checksum and keeps the whole or nothing.
pub(super) async fn put(s3: &S3Artifacts, bucket: &str, key: &str, content: &[u8]) -> ServiceResult<ObjectVersion> {
    let object = format!("{bucket}/{key}");
    let asked = Asked::about("s3:PutObject", &object);
    let call = s3
        .client
        .put_object()
        .bucket(bucket)
        .key(key)
        .expected_bucket_owner(s3.owner.as_str())
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .body(ByteStream::from(content.to_vec()));
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    let id = answer.version_id().ok_or_else(|| asked.malformed("names no version"))?.to_owned();
    Ok(ObjectVersion { id, url: s3.url(bucket, key) })
}
