//! `DescribeStacks`, for one stack.

use aurora_restore_ops::ports::{ServiceError, ServiceResult, Stack};
use aws_sdk_cloudformation::{Client, types};

use super::timestamp;
use crate::stack::service::Asked;

/// The stack; `None` where there is none of that name.
pub(super) async fn one(client: &Client, stack: &str) -> ServiceResult<Option<Stack>> {
    let asked = Asked::about("cloudformation:DescribeStacks", stack);
    match client.describe_stacks().stack_name(stack).send().await.map_err(|error| asked.failed(&error)) {
        Ok(answer) => answer.stacks().first().map(|found| read(found, asked)).transpose(),
        Err(ServiceError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(found: &types::Stack, asked: Asked<'_>) -> ServiceResult<Stack> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let parameters = found.parameters().iter().filter_map(|parameter| {
        Some((text(parameter.parameter_key())?, text(parameter.parameter_value()).unwrap_or_default()))
    });
    let outputs =
        found.outputs().iter().filter_map(|output| Some((text(output.output_key())?, text(output.output_value())?)));
    Ok(Stack {
        id: text(found.stack_id()).ok_or_else(|| asked.malformed("holds no id"))?,
        name: text(found.stack_name()).ok_or_else(|| asked.malformed("holds no name"))?,
        status: found.stack_status().ok_or_else(|| asked.malformed("holds no status"))?.as_str().to_owned(),
        reason: text(found.stack_status_reason()).filter(|reason| !reason.is_empty()),
        changed_at: timestamp(found.last_updated_time()).or_else(|| timestamp(found.creation_time())),
        parameters: parameters.collect(),
        outputs: outputs.collect(),
        tags: found.tags().iter().filter_map(|tag| Some((text(tag.key())?, text(tag.value())?))).collect(),
    })
}
