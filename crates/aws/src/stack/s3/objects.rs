//! `HeadObject`, `GetObject` and `PutObject`.

use aurora_restore_ops::ports::{ObjectVersion, ServiceResult};
use aws_sdk_s3::{
    operation::head_object::HeadObjectError,
    primitives::ByteStream,
    types::{ChecksumAlgorithm, ChecksumMode, ChecksumType},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::{Digest as _, Sha256};

use super::S3Artifacts;
use crate::stack::service::Asked;

/// The newest version of an object, if it has just this content. S3 knows the digest of what was put with one, as
/// [`put`] does; what was put otherwise is read.
pub(super) async fn holding(
    s3: &S3Artifacts,
    bucket: &str,
    key: &str,
    content: &[u8],
) -> ServiceResult<Option<ObjectVersion>> {
    let object = format!("{bucket}/{key}");
    let asked = Asked::about("s3:GetObject", &object);
    let call = s3.client.head_object().bucket(bucket).key(key).expected_bucket_owner(s3.owner.as_str());
    let found = match call.checksum_mode(ChecksumMode::Enabled).send().await {
        Ok(found) => found,
        Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => return Ok(None),
        Err(error) => return Err(asked.failed(&error)),
    };
    let id = found.version_id().ok_or_else(|| asked.malformed("names no version"))?.to_owned();
    let of_parts = found.checksum_type() == Some(&ChecksumType::Composite);
    let is_as_long = found.content_length().is_some_and(|length| usize::try_from(length) == Ok(content.len()));
    let is_same = match found.checksum_sha256().filter(|_| !of_parts) {
        _ if !is_as_long => false,
        Some(digest) => digest == BASE64_STANDARD.encode(Sha256::digest(content)),
        None => self::content(s3, bucket, key, Some(&id)).await?.is_some_and(|found| found == content),
    };
    Ok(is_same.then(|| ObjectVersion { id, url: s3.url(bucket, key) }))
}

/// The content of a version, or of the newest one.
pub(super) async fn content(
    s3: &S3Artifacts,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> ServiceResult<Option<Vec<u8>>> {
    let object = format!("{bucket}/{key}");
    let action = if version.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    let asked = Asked::about(action, &object);
    let call = s3.client.get_object().bucket(bucket).key(key).set_version_id(version.map(str::to_owned));
    let answer = match call.expected_bucket_owner(s3.owner.as_str()).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let code = error.as_service_error().and_then(|refusal| refusal.meta().code().map(str::to_owned));
            return match code.as_deref() {
                Some("NoSuchKey" | "NoSuchVersion" | "NoSuchBucket") => Ok(None),
                _ => Err(asked.failed(&error)),
            };
        }
    };
    let content = answer.body.collect().await.map_err(|_| asked.malformed("broke off"))?;
    Ok(Some(content.to_vec()))
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
