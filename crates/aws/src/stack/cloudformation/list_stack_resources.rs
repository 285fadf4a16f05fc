//! `ListStackResources`, all pages.

use aurora_restore_ops::ports::{ServiceResult, StackResource};
use aws_sdk_cloudformation::{
    Client,
    types::{ResourceStatus, StackResourceSummary},
};

use crate::stack::service::{Asked, PAGES_MAX};

/// Every resource that is there.
pub(super) async fn all(client: &Client, stack: &str) -> ServiceResult<Vec<StackResource>> {
    let asked = Asked::about("cloudformation:ListStackResources", stack);
    let mut resources = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let call = client.list_stack_resources().stack_name(stack).set_next_token(token.clone());
        let page = call.send().await.map_err(|error| asked.failed(&error))?;
        resources.extend(page.stack_resource_summaries().iter().filter_map(read));
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() {
            return Ok(resources);
        }
        if next == token {
            return Err(asked.malformed("does not go on: a page's marker is its own"));
        }
        token = next;
    }
    Err(asked.malformed("has no end"))
}

/// A resource that was deleted stays in the list for a while.
fn read(found: &StackResourceSummary) -> Option<StackResource> {
    if found.resource_status() == Some(&ResourceStatus::DeleteComplete) {
        return None;
    }
    Some(StackResource {
        logical: found.logical_resource_id()?.to_owned(),
        kind: found.resource_type()?.to_owned(),
        physical: found.physical_resource_id().filter(|name| !name.is_empty())?.to_owned(),
    })
}
