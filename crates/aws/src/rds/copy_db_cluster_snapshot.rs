//! `CopyDBClusterSnapshot`, sent to the Region that shall hold the copy.
//!
//! No pre-signed URL is sent: RDS makes the cross-Region request by itself everywhere but in GovCloud, where copies
//! between the two Regions are refused for want of one.

use aurora_restore_core::ports::{RdsResult, SnapshotCopy};

use super::{AwsRds, sending};
use crate::failure::Call;

/// Copies a snapshot. Tags are given, never copied: a tag of AWS's own would make RDS refuse the copy.
pub(super) async fn send(rds: &AwsRds, copy: &SnapshotCopy) -> RdsResult<()> {
    let call = Call::about("CopyDBClusterSnapshot", copy.to.as_str());
    rds.client
        .copy_db_cluster_snapshot()
        .source_db_cluster_snapshot_identifier(copy.from.as_str())
        .target_db_cluster_snapshot_identifier(copy.to.as_str())
        .set_kms_key_id(copy.kms_key.as_ref().map(|key| key.as_str().to_owned()))
        .set_tags(sending::tags(&copy.tags))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
