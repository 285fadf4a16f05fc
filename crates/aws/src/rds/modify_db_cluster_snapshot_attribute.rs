//! `ModifyDBClusterSnapshotAttribute`: who may restore a snapshot of ours.

use aurora_restore_core::{
    ids::{AccountId, SnapshotId},
    ports::RdsResult,
};
use aws_sdk_rds::operation::modify_db_cluster_snapshot_attribute::builders::ModifyDBClusterSnapshotAttributeFluentBuilder as Request;

use super::{AwsRds, describe_db_cluster_snapshot_attributes::RESTORE};
use crate::failure::Call;

/// Lets an account restore a snapshot.
pub(super) async fn share(rds: &AwsRds, snapshot: &SnapshotId, with: &AccountId) -> RdsResult<()> {
    send(request(rds, snapshot).values_to_add(with.as_str()), snapshot).await
}

/// Takes that back.
pub(super) async fn unshare(rds: &AwsRds, snapshot: &SnapshotId, with: &AccountId) -> RdsResult<()> {
    send(request(rds, snapshot).values_to_remove(with.as_str()), snapshot).await
}

fn request(rds: &AwsRds, snapshot: &SnapshotId) -> Request {
    rds.client
        .modify_db_cluster_snapshot_attribute()
        .db_cluster_snapshot_identifier(snapshot.as_str())
        .attribute_name(RESTORE)
}

async fn send(request: Request, snapshot: &SnapshotId) -> RdsResult<()> {
    let call = Call::about("ModifyDBClusterSnapshotAttribute", snapshot.as_str());
    request.send().await.map_err(|error| call.failed(&error))?;
    Ok(())
}
