//! `CreateDBClusterSnapshot`.

use aurora_restore_core::{
    ids::{ClusterId, SnapshotId},
    ports::{RdsResult, Tags},
};

use super::{AwsRds, sending};
use crate::failure::Call;

/// Takes a snapshot of a cluster.
pub(super) async fn send(rds: &AwsRds, cluster: &ClusterId, snapshot: &SnapshotId, tags: &Tags) -> RdsResult<()> {
    let call = Call::about("CreateDBClusterSnapshot", snapshot.as_str());
    rds.client
        .create_db_cluster_snapshot()
        .db_cluster_identifier(cluster.as_str())
        .db_cluster_snapshot_identifier(snapshot.as_str())
        .set_tags(sending::tags(tags))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
