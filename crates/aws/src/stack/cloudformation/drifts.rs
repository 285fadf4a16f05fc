//! `DetectStackDrift`, `DescribeStackDriftDetectionStatus` and `DescribeStackResourceDrifts`.

use aurora_restore_ops::ports::{PropertyDrift, ResourceDrift, ServiceError, ServiceResult};
use aws_sdk_cloudformation::{
    Client,
    types::{PropertyDifference, StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus},
};

use crate::stack::service::{Asked, PAGES_MAX};

/// Begins to compare.
pub(super) async fn begin(client: &Client, stack: &str) -> ServiceResult<String> {
    let asked = Asked::about("cloudformation:DetectStackDrift", stack);
    let answer = client.detect_stack_drift().stack_name(stack).send().await.map_err(|error| asked.failed(&error))?;
    answer.stack_drift_detection_id().map(str::to_owned).ok_or_else(|| asked.malformed("holds no id"))
}

/// What differs, once the comparison is over.
pub(super) async fn found(client: &Client, stack: &str, comparison: &str) -> ServiceResult<Option<Vec<ResourceDrift>>> {
    let asked = Asked::about("cloudformation:DescribeStackDriftDetectionStatus", stack);
    let call = client.describe_stack_drift_detection_status().stack_drift_detection_id(comparison);
    let answer = call.send().await.map_err(|error| asked.failed(&error))?;
    match answer.detection_status() {
        Some(StackDriftDetectionStatus::DetectionInProgress) => Ok(None),
        Some(StackDriftDetectionStatus::DetectionComplete) => all(client, stack).await.map(Some),
        // It fails as a whole where one resource cannot be read: what was found of the others is not the whole truth.
        _ => {
            let reason = answer.detection_status_reason().unwrap_or("the comparison failed without a reason");
            let (action, object) = (asked.action, stack.to_owned());
            Err(ServiceError::Refused { action, object, reason: reason.to_owned() })
        }
    }
}

async fn all(client: &Client, stack: &str) -> ServiceResult<Vec<ResourceDrift>> {
    let asked = Asked::about("cloudformation:DescribeStackResourceDrifts", stack);
    let mut drifts = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let call = client
            .describe_stack_resource_drifts()
            .stack_name(stack)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(StackResourceDriftStatus::Deleted)
            .set_next_token(token.clone());
        let page = call.send().await.map_err(|error| asked.failed(&error))?;
        drifts.extend(page.stack_resource_drifts().iter().filter_map(read));
        let next = page.next_token().filter(|next| !next.is_empty()).map(str::to_owned);
        if next.is_none() {
            return Ok(drifts);
        }
        if next == token {
            return Err(asked.malformed("does not go on: a page's marker is its own"));
        }
        token = next;
    }
    Err(asked.malformed("has no end"))
}

/// A stand-in may not know the filter.
fn read(found: &StackResourceDrift) -> Option<ResourceDrift> {
    let differences = match found.stack_resource_drift_status()? {
        StackResourceDriftStatus::Modified => Some(found.property_differences().iter().map(property).collect()),
        StackResourceDriftStatus::Deleted => None,
        _ => return None,
    };
    let physical = found.physical_resource_id().or_else(|| found.logical_resource_id())?;
    Some(ResourceDrift { kind: found.resource_type()?.to_owned(), physical: physical.to_owned(), differences })
}

fn property(found: &PropertyDifference) -> PropertyDrift {
    let value = |value: Option<&str>| value.filter(|value| !value.is_empty() && *value != "null").map(str::to_owned);
    PropertyDrift {
        path: found.property_path().unwrap_or_default().to_owned(),
        expected: value(found.expected_value()),
        actual: value(found.actual_value()),
    }
}
