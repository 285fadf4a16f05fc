//! `RestoreDBClusterToPointInTime`: a clone, a full copy, or an earlier time of a running cluster.
//!
//! The call has no engine version: the new cluster runs the one of its source.

use aurora_restore_core::{
    ids::ClusterId,
    ports::{ClusterRestore, PointInTimeMethod, RdsResult},
};
use aws_sdk_rds::{
    operation::restore_db_cluster_to_point_in_time::builders::RestoreDBClusterToPointInTimeFluentBuilder as Request,
    primitives::DateTime,
};
use jiff::Timestamp;

use super::{
    AwsRds,
    sending::{self, restore_settings},
};
use crate::failure::Call;

/// Restores a cluster as it is now.
pub(super) async fn latest(
    rds: &AwsRds,
    restore: &ClusterRestore,
    source: &ClusterId,
    method: PointInTimeMethod,
) -> RdsResult<()> {
    let method = match method {
        PointInTimeMethod::Clone => "copy-on-write",
        PointInTimeMethod::FullCopy => "full-copy",
    };
    let request = request(rds, restore, source).restore_type(method).use_latest_restorable_time(true);
    send(request, restore).await
}

/// Restores a cluster as it was. RDS copies in full then; a clone has no choice of time.
pub(super) async fn at(rds: &AwsRds, restore: &ClusterRestore, source: &ClusterId, at: Timestamp) -> RdsResult<()> {
    let request = request(rds, restore, source)
        .restore_type("full-copy")
        // RDS takes whole seconds.
        .restore_to_time(DateTime::from_secs(at.as_second()));
    send(request, restore).await
}

fn request(rds: &AwsRds, restore: &ClusterRestore, source: &ClusterId) -> Request {
    rds.client
        .restore_db_cluster_to_point_in_time()
        .db_cluster_identifier(restore.cluster.as_str())
        .source_db_cluster_identifier(source.as_str())
        .set_kms_key_id(restore.kms_key.as_ref().map(|key| key.as_str().to_owned()))
        .set_tags(sending::tags(&restore.tags))
}

async fn send(request: Request, restore: &ClusterRestore) -> RdsResult<()> {
    let call = Call::about("RestoreDBClusterToPointInTime", restore.cluster.as_str());
    restore_settings!(request, &restore.settings).send().await.map_err(|error| call.failed(&error))?;
    Ok(())
}
