//! `GetTemplate` and `DeleteStack`.

use aurora_restore_ops::ports::ServiceResult;
use aws_sdk_cloudformation::{Client, types::TemplateStage};

use crate::stack::service::{Asked, gone_is_fine};

/// The template as it was sent.
pub(super) async fn get_template(client: &Client, stack: &str) -> ServiceResult<String> {
    let asked = Asked::about("cloudformation:GetTemplate", stack);
    let call = client.get_template().stack_name(stack).template_stage(TemplateStage::Original);
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    Ok(answer.template_body().unwrap_or_default().to_owned())
}

/// Begins to delete.
pub(super) async fn delete_stack(client: &Client, stack: &str) -> ServiceResult<()> {
    let asked = Asked::about("cloudformation:DeleteStack", stack);
    let call = client.delete_stack().stack_name(stack);
    gone_is_fine(call.send().await.map(|_| ()).map_err(|error| asked.failed(&error)))
}
