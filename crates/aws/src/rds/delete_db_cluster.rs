//! `DeleteDBCluster`.

use aurora_restore_core::{
    ids::{ClusterId, SnapshotId},
    ports::RdsResult,
};

use super::AwsRds;
use crate::failure::Call;

/// Deletes a cluster whose instances are gone or going, with or without a final snapshot.
pub(super) async fn send(rds: &AwsRds, cluster: &ClusterId, final_snapshot: Option<&SnapshotId>) -> RdsResult<()> {
    let call = Call::about("DeleteDBCluster", cluster.as_str());
    rds.client
        .delete_db_cluster()
        .db_cluster_identifier(cluster.as_str())
        .skip_final_snapshot(final_snapshot.is_none())
        .set_final_db_snapshot_identifier(final_snapshot.map(|id| id.as_str().to_owned()))
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
