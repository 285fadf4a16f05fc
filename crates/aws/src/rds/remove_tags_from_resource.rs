//! `RemoveTagsFromResource`.

use aurora_restore_core::{ids::Arn, ports::RdsResult};

use super::AwsRds;
use crate::failure::Call;

/// Removes tags; one that is not there is not missed.
pub(super) async fn send(rds: &AwsRds, resource: &Arn, keys: &[String]) -> RdsResult<()> {
    let call = Call::about("RemoveTagsFromResource", resource.as_str());
    rds.client
        .remove_tags_from_resource()
        .resource_name(resource.as_str())
        .set_tag_keys(Some(keys.to_vec()))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
