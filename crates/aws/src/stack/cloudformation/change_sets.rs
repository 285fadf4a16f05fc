//! `ExecuteChangeSet` and `DeleteChangeSet`.

use aurora_restore_ops::ports::ServiceResult;
use aws_sdk_cloudformation::Client;

use crate::stack::service::{Asked, gone_is_fine};

/// Begins to make the changes.
pub(super) async fn execute(client: &Client, stack: &str, name: &str) -> ServiceResult<()> {
    let asked = Asked::about("cloudformation:ExecuteChangeSet", stack);
    let call = client.execute_change_set().stack_name(stack).change_set_name(name);
    call.send().await.map_err(|error| asked.failed(&error))?;
    Ok(())
}

/// Forgets it.
pub(super) async fn delete(client: &Client, stack: &str, name: &str) -> ServiceResult<()> {
    let asked = Asked::about("cloudformation:DeleteChangeSet", stack);
    let call = client.delete_change_set().stack_name(stack).change_set_name(name);
    gone_is_fine(call.send().await.map(|_| ()).map_err(|error| asked.failed(&error)))
}
