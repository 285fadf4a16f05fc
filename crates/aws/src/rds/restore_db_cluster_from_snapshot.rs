//! `RestoreDBClusterFromSnapshot`.

use aurora_restore_core::ports::{ClusterRestore, RdsResult, SnapshotAddress};

use super::{
    AwsRds,
    sending::{self, restore_settings},
};
use crate::failure::Call;

/// Restores a snapshot into a new cluster. What RDS cannot set here follows with `ModifyDBCluster`.
pub(super) async fn send(rds: &AwsRds, restore: &ClusterRestore, from: &SnapshotAddress) -> RdsResult<()> {
    let call = Call::about("RestoreDBClusterFromSnapshot", restore.cluster.as_str());
    let request = rds
        .client
        .restore_db_cluster_from_snapshot()
        .db_cluster_identifier(restore.cluster.as_str())
        .snapshot_identifier(from.as_str())
        .engine(&restore.engine)
        .engine_version(&restore.engine_version)
        .set_kms_key_id(restore.kms_key.as_ref().map(|key| key.as_str().to_owned()))
        .set_tags(sending::tags(&restore.tags));
    restore_settings!(request, &restore.settings).send().await.map_err(|error| call.failed(&error))?;
    Ok(())
}
