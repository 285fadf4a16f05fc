//! `UpdateFunctionCode`, `UpdateFunctionConfiguration` and `PublishVersion`.

use aurora_restore_ops::ports::{CodeAt, ServiceResult};
use aws_sdk_lambda::Client;

use crate::stack::Asked;

pub(super) async fn code(client: &Client, function: &str, code: &CodeAt, revision: &str) -> ServiceResult<()> {
    let asked = Asked::about("lambda:UpdateFunctionCode", function);
    let call = client
        .update_function_code()
        .function_name(function)
        .s3_bucket(&code.bucket)
        .s3_key(&code.key)
        .s3_object_version(&code.version)
        .revision_id(revision);
    call.send().await.map(|_| ()).map_err(|error| asked.failed(&error))
}

pub(super) async fn memory(client: &Client, function: &str, memory_mb: u32, revision: &str) -> ServiceResult<()> {
    let asked = Asked::about("lambda:UpdateFunctionConfiguration", function);
    let size = i32::try_from(memory_mb).unwrap_or(i32::MAX);
    let call = client.update_function_configuration().function_name(function).memory_size(size).revision_id(revision);
    call.send().await.map(|_| ()).map_err(|error| asked.failed(&error))
}

pub(super) async fn publish(client: &Client, function: &str, code_sha256: &str, about: &str) -> ServiceResult<u64> {
    let asked = Asked::about("lambda:PublishVersion", function);
    let call = client.publish_version().function_name(function).code_sha256(code_sha256).description(about);
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    let version = answer.version().and_then(|version| version.parse().ok());
    version.ok_or_else(|| asked.malformed("has no number of a version"))
}
