//! `DeleteDBClusterSnapshot`.

use aurora_restore_core::{ids::SnapshotId, ports::RdsResult};

use super::AwsRds;
use crate::failure::Call;

/// Deletes a manual snapshot. A copy that is still being made is cancelled by it.
pub(super) async fn send(rds: &AwsRds, snapshot: &SnapshotId) -> RdsResult<()> {
    let call = Call::about("DeleteDBClusterSnapshot", snapshot.as_str());
    rds.client
        .delete_db_cluster_snapshot()
        .db_cluster_snapshot_identifier(snapshot.as_str())
        .send()
        .await
        .map_err(|error| call.failed(&error))?;
    Ok(())
}
