//! `AddTagsToResource`.

use aurora_restore_core::{
    ids::Arn,
    ports::{RdsResult, Tags},
};

use super::{AwsRds, sending};
use crate::failure::Call;

/// Sets tags; a tag that is there gets the new value.
pub(super) async fn send(rds: &AwsRds, resource: &Arn, tags: &Tags) -> RdsResult<()> {
    let call = Call::about("AddTagsToResource", resource.as_str());
    rds.client
        .add_tags_to_resource()
        .resource_name(resource.as_str())
        .set_tags(sending::tags(tags))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
