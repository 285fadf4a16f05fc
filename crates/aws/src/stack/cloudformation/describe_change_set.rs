//! `DescribeChangeSet`, all pages.

use aurora_restore_ops::ports::{Action, Change, ChangeSet, ChangeSetStatus, ServiceResult};
use aws_sdk_cloudformation::{
    Client,
    types::{self, ChangeAction, Replacement},
};

use crate::stack::service::{Asked, PAGES_MAX};

pub(super) async fn whole(client: &Client, stack: &str, name: &str) -> ServiceResult<ChangeSet> {
    let asked = Asked::about("cloudformation:DescribeChangeSet", stack);
    let mut changes = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let call = client.describe_change_set().stack_name(stack).change_set_name(name).set_next_token(token.clone());
        let page = call.send().await.map_err(|error| asked.failed(&error))?;
        let read = page.changes().iter().filter_map(types::Change::resource_change).map(change);
        changes.extend(read);
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() {
            let reason = page.status_reason().unwrap_or("no reason is given");
            let status = page.status().ok_or_else(|| asked.malformed("holds no status"))?;
            return Ok(ChangeSet { status: meaning(status.as_str(), reason), changes });
        }
        if next == token {
            return Err(asked.malformed("does not go on: a page's marker is its own"));
        }
        token = next;
    }
    Err(asked.malformed("has no end"))
}

/// A word that is not known is not ready.
fn meaning(status: &str, reason: &str) -> ChangeSetStatus {
    match status {
        "CREATE_COMPLETE" => ChangeSetStatus::Ready,
        "FAILED" | "DELETE_FAILED" | "DELETE_COMPLETE" | "DELETE_PENDING" | "DELETE_IN_PROGRESS" => {
            ChangeSetStatus::Failed { reason: reason.to_owned() }
        }
        _ => ChangeSetStatus::Pending,
    }
}

fn change(change: &types::ResourceChange) -> Change {
    let action = match (change.action(), change.replacement()) {
        (Some(ChangeAction::Add), _) => Action::Add,
        (Some(ChangeAction::Remove), _) => Action::Remove,
        (Some(ChangeAction::Modify), Some(Replacement::True)) => Action::Replace,
        (Some(ChangeAction::Modify), Some(Replacement::Conditional)) => Action::MayReplace,
        (Some(ChangeAction::Modify), _) => Action::Modify,
        _ => Action::Other,
    };
    let named = change.details().iter().filter_map(|detail| detail.target()?.name().map(str::to_owned));
    let mut properties: Vec<String> = named.collect();
    properties.sort_unstable();
    properties.dedup();
    Change {
        action,
        resource: change.logical_resource_id().unwrap_or_default().to_owned(),
        kind: change.resource_type().unwrap_or_default().to_owned(),
        physical: change.physical_resource_id().map(str::to_owned),
        properties,
    }
}
