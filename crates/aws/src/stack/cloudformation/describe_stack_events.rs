//! `DescribeStackEvents`: newest first there, in order here.

use aurora_restore_ops::ports::{ServiceResult, StackEvent};
use aws_sdk_cloudformation::{Client, types};

use super::timestamp;
use crate::stack::service::{Asked, PAGES_MAX};

const ACTION: &str = "cloudformation:DescribeStackEvents";

/// The id of the newest event.
pub(super) async fn newest(client: &Client, stack: &str) -> ServiceResult<Option<String>> {
    let asked = Asked::about(ACTION, stack);
    let page = client.describe_stack_events().stack_name(stack).send().await.map_err(|error| asked.failed(&error))?;
    Ok(page.stack_events().first().and_then(types::StackEvent::event_id).map(str::to_owned))
}

/// What happened after an event, in order.
pub(super) async fn after(client: &Client, stack: &str, event: Option<&str>) -> ServiceResult<Vec<StackEvent>> {
    let asked = Asked::about(ACTION, stack);
    let mut events = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let call = client.describe_stack_events().stack_name(stack).set_next_token(token.clone());
        let page = call.send().await.map_err(|error| asked.failed(&error))?;
        let known = |found: &&types::StackEvent| event.is_some() && found.event_id() == event;
        let reached = page.stack_events().iter().any(|found| known(&found));
        events.extend(page.stack_events().iter().take_while(|found| !known(found)).filter_map(read));
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if reached || next.is_none() {
            events.reverse();
            return Ok(events);
        }
        if next == token {
            return Err(asked.malformed("does not go on: a page's marker is its own"));
        }
        token = next;
    }
    Err(asked.malformed("has no end"))
}

fn read(event: &types::StackEvent) -> Option<StackEvent> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(StackEvent {
        id: text(event.event_id())?,
        at: timestamp(event.timestamp())?,
        resource: text(event.logical_resource_id())?,
        kind: text(event.resource_type()).unwrap_or_default(),
        physical: text(event.physical_resource_id()),
        status: event.resource_status()?.as_str().to_owned(),
        reason: text(event.resource_status_reason()),
    })
}
